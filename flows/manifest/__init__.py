"""What authors write: manifests and environments, as models."""

from __future__ import annotations

from flows.manifest.environment import (
    Access,
    Environment,
    RegistrySettings,
    Settings,
    known_environments,
    load_environment,
)
from flows.manifest.errors import FileMissing, InvalidField, ManifestError, NotYaml
from flows.manifest.manifest import FILES, Manifest
from flows.manifest.models import Collector, Plugin, Provider, Repository, Schema, ServiceAccount

__all__ = [
    "FILES",
    "Access",
    "Collector",
    "Environment",
    "FileMissing",
    "InvalidField",
    "Manifest",
    "ManifestError",
    "NotYaml",
    "Plugin",
    "Provider",
    "RegistrySettings",
    "Repository",
    "Schema",
    "ServiceAccount",
    "Settings",
    "known_environments",
    "load_environment",
]
