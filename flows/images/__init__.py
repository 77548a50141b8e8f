"""A plugin's image: its source, building, pushing, and what a registry holds."""

from __future__ import annotations

from flows.images.contents import Contents, Setup
from flows.images.engine import Engine
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
from flows.images.local import LocalImage
from flows.images.manifests import RemoteImage
from flows.images.reference import ImageReference
from flows.images.registry import Registry
from flows.images.registry_auth import Login
from flows.images.source import PluginSource
from flows.images.state import ImageState, ImageStatus, compare
from flows.images.trial import Trial, run_trial

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
