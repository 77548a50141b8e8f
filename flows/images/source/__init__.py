"""A plugin's source: what its files say, what goes into the build context, and its digest."""

from __future__ import annotations

from flows.images.source.contents import Contents, Setup
from flows.images.source.plugin_source import PluginSource

__all__ = ["Contents", "PluginSource", "Setup"]
