"""The errors that the services return, and what to do about each.

Recognised by code and text, then by code, then by gRPC status. The codes are in spaceone-core's error modules and in
the services' error modules. The advice is for both generations, and says where they differ.
"""

from __future__ import annotations

import re

from flows.spaceone.errors import (
    AlreadyExists,
    AuthenticationFailed,
    CallError,
    DeadlineExceeded,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    PluginStarting,
    ServerError,
    Unreachable,
)

#: The class of an error, and its advice.
Kind = tuple[type[CallError], str]

_PLUGIN_SILENT = (
    "The platform could not reach the plugin's container: does the image start and listen on port 50051?"
)
#: The calls that start a plugin's container, and initialise the plugin. Inventory waits three seconds for the channel
#: (`client` of spaceone-core's pygrpc, 1.12 and 2.x), and rolls back.
_STARTING = frozenset({"inventory.Collector.create", "inventory.Collector.update_plugin"})
_NO_CHANNEL = re.compile(
    "Channel is not ready|failed to connect to all addresses|Connection refused|Connection reset|Socket closed"
)
_GONE = "A resource that it refers to no longer exists. Run the release again: it will be created again."
_NO_PLUGIN = "No repository of the platform has this plugin: register it first."
_NO_SUCH_DATA = (
    "The data of a service account must fit what its provider asks for: the provider's "
    "template.service_account.schema in 1.12, its schema of type SERVICE_ACCOUNT in 2.x."
)
_IMAGE_NAME = (
    "Use lower case letters, digits and hyphens, at most 48 characters in the last part, and no tag."
)
_TAKEN = "A resource of this name already exists."

#: For codes with several causes, and for texts that are not written for users.
_BY_WORDS: tuple[tuple[str, re.Pattern[str], Kind], ...] = (
    (
        "ERROR_UNKNOWN",
        re.compile("'NoneType' object has no attribute 'repository_id'"),
        (
            NotFound,
            "The installation has no local repository, which holds its own plugins and schemas: register one first.",
        ),
    ),
    (
        "ERROR_REQUIRED_PARAMETER",
        re.compile(r"\(key = version\)"),
        (InvalidArgument, "upgrade_mode MANUAL requires a version."),
    ),
    ("ERROR_INVALID_PARAMETER", re.compile(r"\(key = data,"), (InvalidArgument, _NO_SUCH_DATA)),
    (
        "ERROR_INVALID_PARAMETER",
        re.compile(r"\(key = secret_filter\."),
        (
            InvalidArgument,
            (
                "secret_filter refers to something that does not exist. Use names for the manifest's accounts, and "
                "ids for all others."
            ),
        ),
    ),
    (
        "ERROR_DB_QUERY",
        re.compile(r'Cannot resolve field "(schema|exclude_schemas)"'),
        (
            InvalidArgument,
            "Inventory cannot select secrets by their schema: remove them from the collector's secret_filter.",
        ),
    ),
    # Two creates at once: both looked, and the database's index let one through.
    ("ERROR_DB_QUERY", re.compile("duplicate unique keys|E11000"), (AlreadyExists, _TAKEN)),
    (
        "ERROR_DB_QUERY",
        re.compile("ValidationError"),
        (InvalidArgument, "The platform does not accept this value in the field that its message names."),
    ),
)

_BY_CODE: dict[str, Kind] = {
    "ERROR_AUTHENTICATE_FAILURE": (
        AuthenticationFailed,
        "The token is wrong or has expired: issue a new one and put it where the environment reads it.",
    ),
    "ERROR_PERMISSION_DENIED": (
        PermissionDenied,
        (
            "The token's role or scope does not allow this call. In 2.x, a domain's token registers plugins and "
            "providers, and a workspace's token creates projects and service accounts. In 1.12, the policies of the "
            "role decide what it may call."
        ),
    ),
    "ERROR_NOT_FOUND": (NotFound, _GONE),
    # What 2.x returns for a service account whose provider does not exist.
    "ERROR_SCHEMA_IS_NOT_DEFINED": (NotFound, _GONE),
    "ERROR_SCHEMA_ID_IS_NOT_DEFINED": (NotFound, _GONE),
    "ERROR_NO_SCHEMA": (NotFound, _GONE),
    "ERROR_SAVE_UNIQUE_VALUES": (AlreadyExists, _TAKEN),
    "ERROR_NOT_UNIQUE": (AlreadyExists, _TAKEN),
    "ERROR_LOCAL_REPOSITORY_ALREADY_EXIST": (
        AlreadyExists,
        "An installation can have only one local repository.",
    ),
    "ERROR_INVALID_PLUGIN_VERSION": (
        InvalidArgument,
        (
            "The platform does not find this tag in its registry. Was the image pushed? Is it the registry that the "
            "platform uses?"
        ),
    ),
    "ERROR_NO_IMAGE_IN_REGISTRY": (
        InvalidArgument,
        (
            "The platform finds no tag of this image in its registry: push one first, and check registry.type in "
            "the environment."
        ),
    ),
    "ERROR_REGISTRY_SETTINGS": (
        InvalidArgument,
        "The platform has no registry of this type: check registry.type in the environment.",
    ),
    "ERROR_NO_PLUGIN": (NotFound, _NO_PLUGIN),
    "ERROR_PLUGIN_NOT_FOUND": (NotFound, _NO_PLUGIN),
    "ERROR_INVALID_IMAGE_FORMAT": (InvalidArgument, _IMAGE_NAME),
    "ERROR_INVALID_IMAGE_NAME_FORMAT": (InvalidArgument, _IMAGE_NAME),
    "ERROR_INVALID_IMAGE_LENGTH": (InvalidArgument, _IMAGE_NAME),
    "ERROR_INVALID_SCHEMA": (InvalidArgument, "The schema must be a JSON Schema of draft 7."),
    "ERROR_INVALID_TEMPLATE_SCHEMA": (InvalidArgument, "The schema must be a JSON Schema of draft 7."),
    "ERROR_REQUIRED_PARAMETER": (InvalidArgument, ""),
    "ERROR_INVALID_PARAMETER": (InvalidArgument, ""),
    "ERROR_INVALID_PARAMETER_TYPE": (InvalidArgument, ""),
    "ERROR_GRPC_CONNECTION": (ServerError, _PLUGIN_SILENT),
    "ERROR_GRPC_TIMEOUT": (ServerError, _PLUGIN_SILENT),
    "ERROR_INSTALL_PLUGIN_TIMEOUT": (ServerError, _PLUGIN_SILENT),
    "ERROR_PLUGIN_FAILURE": (ServerError, _PLUGIN_SILENT),
    "ERROR_PLUGIN_ENDPOINT_NOT_FOUND": (ServerError, _PLUGIN_SILENT),
    "ERROR_NO_POSSIBLE_SUPERVISOR": (
        ServerError,
        "No supervisor of the platform starts plugins for this domain. Is one running?",
    ),
}

_BY_STATUS: dict[str, type[CallError]] = {
    "UNAVAILABLE": Unreachable,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "UNAUTHENTICATED": AuthenticationFailed,
    "PERMISSION_DENIED": PermissionDenied,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": AlreadyExists,
    "INVALID_ARGUMENT": InvalidArgument,
    "FAILED_PRECONDITION": InvalidArgument,
}

_STATUS_ADVICE = {
    "UNAVAILABLE": "Is the service running, and is the endpoint in the environment right?",
    "DEADLINE_EXCEEDED": "The service is slow or stuck: look at its log.",
    "UNAUTHENTICATED": _BY_CODE["ERROR_AUTHENTICATE_FAILURE"][1],
    "PERMISSION_DENIED": _BY_CODE["ERROR_PERMISSION_DENIED"][1],
}

_CODED = re.compile(r"\s*(ERROR_[A-Z0-9_]+)\s*:?\s*(.*)", re.DOTALL)


def from_details(method: str, endpoint: str, status: str, details: str) -> CallError:
    """The typed error for a failed call.

    Args:
        method: `service.Resource.verb`.
        endpoint: The address as configured.
        status: The name of the gRPC status.
        details: The details of the status; SpaceONE's services write `ERROR_CODE: text` there.
    """
    match = _CODED.match(details or "")
    code, words = (match[1], match[2]) if match else ("", details or "")
    words = " ".join(words.split())
    if method in _STARTING and code == "ERROR_GRPC_CONNECTION" and _NO_CHANNEL.search(words):
        return PluginStarting(method, endpoint, status, code, words, _PLUGIN_SILENT)
    kind, advice = _by_words(code, words) or _BY_CODE.get(code) or _by_status(method, status, code)
    return kind(method, endpoint, status, code, words, advice)


def _by_words(code: str, words: str) -> Kind | None:
    return next((kind for of, pattern, kind in _BY_WORDS if of == code and pattern.search(words)), None)


def _by_status(method: str, status: str, code: str) -> Kind:
    kind, advice = _BY_STATUS.get(status, ServerError), _STATUS_ADVICE.get(status, "")
    if kind is DeadlineExceeded and method.startswith("inventory.Collector."):
        # The platform holds these calls until the plugin's container answers.
        return kind, f"{_PLUGIN_SILENT} Its error is in the container's log."
    if code and kind is Unreachable:
        # A service that answers UNAVAILABLE with an ERROR_ code was reached; a service that it calls was not.
        return ServerError, ""
    return kind, advice
