"""A plugin's image: its source, building, pushing, and what a registry holds."""

from __future__ import annotations

from flows.images.engine.client import Engine
from flows.images.engine.local import LocalImage
from flows.images.engine.trial import Trial, run_trial
from flows.images.errors import (
    BuildFailed,
    EngineError,
    EngineUnreachable,
    ImageError,
    InvalidReference,
    PushRefused,
    PushUnverified,
    RegistryError,
    RegistryRefused,
    RegistryUnreachable,
    SourceChanged,
    SourceError,
    TrialFailed,
    UnexpectedAnswer,
)
from flows.images.reference import ImageReference
from flows.images.registry.auth import Login
from flows.images.registry.client import Registry
from flows.images.registry.manifests import RemoteImage
from flows.images.source.contents import Contents, Setup
from flows.images.source.plugin_source import PluginSource
from flows.images.state import ImageState, ImageStatus, compare

__all__ = [
    "BuildFailed",
    "Contents",
    "Engine",
    "EngineError",
    "EngineUnreachable",
    "ImageError",
    "ImageReference",
    "ImageState",
    "ImageStatus",
    "InvalidReference",
    "LocalImage",
    "Login",
    "PluginSource",
    "PushRefused",
    "PushUnverified",
    "Registry",
    "RegistryError",
    "RegistryRefused",
    "RegistryUnreachable",
    "RemoteImage",
    "Setup",
    "SourceChanged",
    "SourceError",
    "Trial",
    "TrialFailed",
    "UnexpectedAnswer",
    "compare",
    "run_trial",
]
