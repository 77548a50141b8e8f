"""An image registry: its contents, and whether the user may push to it."""

from __future__ import annotations

from flows.images.registry.auth import Login
from flows.images.registry.client import Registry
from flows.images.registry.manifests import RemoteImage

__all__ = ["Login", "Registry", "RemoteImage"]
