"""What a release adds to a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.images.placement import Placement


@dataclass(frozen=True)
class Target:
    """What the environment and the source determine.

    Attributes:
        version: The image's tag, and the collector's version.
        plugin_options: The environment's options of the plugin, which override the manifest's.
        placement: Where the image is; None if it does not matter, such as for looking up the plugin.
        docs: The guides of the source by language, for a manifest that declares no docs.
        remarks: What to know about the plugin besides.
    """

    version: str
    plugin_options: Mapping[str, Any] = field(default_factory=dict)
    placement: Placement | None = None
    docs: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
