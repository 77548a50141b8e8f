"""The cloud service types that this plugin collects. A new one is a module here and an entry in TYPES."""

from __future__ import annotations

from typing import Final

from plugin.types.cryptocurrency import CRYPTOCURRENCY
from plugin.types.model import GROUP, PROVIDER, REGION, CloudServiceType, Record

TYPES: Final[tuple[CloudServiceType, ...]] = (CRYPTOCURRENCY,)

__all__ = ["GROUP", "PROVIDER", "REGION", "TYPES", "CloudServiceType", "Record"]
