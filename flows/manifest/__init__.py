"""What authors write: manifests and environments, as models."""

from __future__ import annotations

from flows.manifest.agreement import OF_ACCOUNTS, refused_by_2_x
from flows.manifest.environment import (
    Access,
    Environment,
    RegistrySettings,
    Settings,
    known_environments,
    load_environment,
)
from flows.manifest.errors import (
    DeclaredTwice,
    FileMissing,
    InvalidField,
    InvalidParameter,
    ManifestError,
    NotYaml,
    UnknownKind,
)
from flows.manifest.json_schema import misfits_in_words
from flows.manifest.lookup import EnvironmentFolder, environment_folders, look_up, names_in
from flows.manifest.manifest import Manifest
from flows.manifest.models import Collector, Plugin, Provider, Repository, Schema, ServiceAccount
from flows.manifest.parameters import split_parameters
from flows.manifest.reading import Place
from flows.manifest.secrets import Secrets

__all__ = [
    "OF_ACCOUNTS",
    "Access",
    "Collector",
    "DeclaredTwice",
    "Environment",
    "EnvironmentFolder",
    "FileMissing",
    "InvalidField",
    "InvalidParameter",
    "Manifest",
    "ManifestError",
    "NotYaml",
    "Place",
    "Plugin",
    "Provider",
    "RegistrySettings",
    "Repository",
    "Schema",
    "Secrets",
    "ServiceAccount",
    "Settings",
    "UnknownKind",
    "environment_folders",
    "known_environments",
    "load_environment",
    "look_up",
    "misfits_in_words",
    "names_in",
    "refused_by_2_x",
    "split_parameters",
]
