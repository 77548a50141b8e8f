"""The two families of SpaceONE's API."""

from __future__ import annotations

from enum import StrEnum


class Generation(StrEnum):
    """The two families of SpaceONE's API."""

    V1_12 = "1.12"
    V2 = "2.x"
