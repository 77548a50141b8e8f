"""What a release adds to a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """What the environment and the source determine.

    Attributes:
        version: The image's tag, and the collector's version.
        registry_type: The platform's type of the registry; None to use the manifest's.
        plugin_options: The environment's options of the plugin, which override the manifest's.
        docs: The guides of the source by language, for a manifest that declares no docs.
        remarks: What to know about the plugin besides.
    """

    version: str
    registry_type: str | None = None
    plugin_options: Mapping[str, Any] = field(default_factory=dict)
    docs: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
