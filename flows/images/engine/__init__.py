"""The Docker engine: building, inspecting, running and pushing an image."""

from __future__ import annotations

from flows.images.engine.client import Engine
from flows.images.engine.local import LocalImage
from flows.images.engine.trial import Trial, run_trial

__all__ = ["Engine", "LocalImage", "Trial", "run_trial"]
