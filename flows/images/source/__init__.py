"""A plugin's source: its files, its build context, and its digest."""

from __future__ import annotations

from flows.images.source.contents import Contents, Setup
from flows.images.source.plugin_source import PluginSource

__all__ = ["Contents", "PluginSource", "Setup"]
