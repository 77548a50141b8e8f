"""A plugin's source: its files, its build context, and its digest."""

from __future__ import annotations

from flows.images.source.contents import Contents
from flows.images.source.plugin_source import PluginSource
from flows.images.source.setup import Setup

__all__ = ["Contents", "PluginSource", "Setup"]
