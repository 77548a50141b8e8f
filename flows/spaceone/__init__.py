"""The one gRPC client, its endpoints, credentials and errors."""

from __future__ import annotations

from flows.generation import Generation
from flows.spaceone.client import Call, Client
from flows.spaceone.credentials import Credentials, read_spacectl, spacectl_file
from flows.spaceone.endpoints import Endpoint, Trust
from flows.spaceone.errors import (
    READS,
    AlreadyExists,
    AuthenticationFailed,
    CallError,
    CredentialsError,
    DeadlineExceeded,
    EndpointError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    PluginStarting,
    ServerError,
    SpaceoneError,
    UnknownField,
    UnknownMethod,
    Unreachable,
)
from flows.spaceone.generation import probe
from flows.spaceone.services import Service, api_resources, check_services

__all__ = [
    "READS",
    "AlreadyExists",
    "AuthenticationFailed",
    "Call",
    "CallError",
    "Client",
    "Credentials",
    "CredentialsError",
    "DeadlineExceeded",
    "Endpoint",
    "EndpointError",
    "Generation",
    "InvalidArgument",
    "NotFound",
    "PermissionDenied",
    "PluginStarting",
    "ServerError",
    "Service",
    "SpaceoneError",
    "Trust",
    "UnknownField",
    "UnknownMethod",
    "Unreachable",
    "api_resources",
    "check_services",
    "probe",
    "read_spacectl",
    "spacectl_file",
]
