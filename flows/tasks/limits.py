"""What only one flow run may use at a time."""

from __future__ import annotations

PREFIX = "collector:"
"""Begins the names of the limits that `pluginctl deploy` makes, one for each collector."""


def collector_limit(environment: str, plugin_id: str) -> str:
    """The name of the limit that releases and re-collections of one collector share."""
    return f"{PREFIX}{environment}:{plugin_id}"
