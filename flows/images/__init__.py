"""A plugin's image, in three packages: `source`, `registry` and `engine`. `state` compares a source with a registry."""

from __future__ import annotations

from flows.images.errors import (
    BuildFailed,
    EngineError,
    EngineUnreachable,
    ImageChanged,
    ImageError,
    InvalidReference,
    PushFailed,
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

__all__ = [
    "BuildFailed",
    "EngineError",
    "EngineUnreachable",
    "ImageChanged",
    "ImageError",
    "ImageReference",
    "InvalidReference",
    "PushFailed",
    "PushUnverified",
    "RegistryError",
    "RegistryRefused",
    "RegistryUnreachable",
    "SourceChanged",
    "SourceError",
    "TrialFailed",
    "UnexpectedAnswer",
]
