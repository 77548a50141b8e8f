"""What can go wrong between this program and a SpaceONE service.

SpaceoneError
├── EndpointError            an endpoint is missing, or is not grpc:// or grpc+ssl://
├── CredentialsError         no token, or a file that holds none
├── UnknownMethod            the servers do not offer the call (another generation?)
├── UnknownField             the call's message lacks a field, or the field wants another type
└── CallError                a server answered, or should have
    ├── Unreachable          nobody listens, or the connection broke
    ├── DeadlineExceeded     no answer in time
    ├── AuthenticationFailed the token is wrong, or has expired
    ├── PermissionDenied     the token's role or scope does not allow the call
    ├── NotFound
    ├── AlreadyExists
    ├── InvalidArgument      the server refuses a value
    └── ServerError          anything else that a server says
"""

from __future__ import annotations

import re
from typing import Any


class SpaceoneError(Exception):
    """Base of all errors of this package.

    Attributes:
        message: What failed and where, in one sentence.
        advice: What to do next; empty where nothing better than the message is known.
        code: SpaceONE's own `ERROR_…` name, where a server gave one.
        status: The gRPC status' name, where there was a call.
    """

    code: str = ""
    status: str = ""
    service: str = ""
    method: str = ""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        if not self.advice:
            return self.message
        end = "" if self.message.endswith((".", "!", "?", ".)")) else "."
        return f"{self.message}{end} {self.advice}"


class EndpointError(SpaceoneError):
    """An endpoint is missing or malformed."""


class CredentialsError(SpaceoneError):
    """There is no token to call with."""


class UnknownMethod(SpaceoneError):
    """The servers do not offer a call."""


class UnknownField(SpaceoneError):
    """A request does not fit the message that the server expects.

    Attributes:
        field: The field at fault, as far as it can be told.
    """

    def __init__(self, message: str, field: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.field = field


class CallError(SpaceoneError):
    """A call was sent and failed.

    Attributes:
        words: The server's own words.
    """

    def __init__(
        self, method: str, endpoint: str, status: str, code: str, words: str, advice: str = ""
    ) -> None:
        said = f"{code}: {words}" if code else words
        super().__init__(f"{method} at {endpoint} failed: {said or status}", advice)
        self.method = method
        self.service = method.split(".", 1)[0]
        self.endpoint = endpoint
        self.status = status
        self.code = code
        self.words = words

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions travel between processes by pickle, which would call __init__ with the message alone.
        return type(self), (self.method, self.endpoint, self.status, self.code, self.words, self.advice)


class Unreachable(CallError):
    """Nobody listens at the endpoint, or the connection broke."""


class DeadlineExceeded(CallError):
    """The server did not answer in time."""


class AuthenticationFailed(CallError):
    """The token is wrong or has expired."""


class PermissionDenied(CallError):
    """The token's role or scope does not allow the call."""


class NotFound(CallError):
    """What was asked for does not exist."""


class AlreadyExists(CallError):
    """A create met something of the same identity."""


class InvalidArgument(CallError):
    """The server refuses a value of the request."""


class ServerError(CallError):
    """Any other answer that is an error."""


# By SpaceONE's code, then by gRPC status: the codes are what the services raise (spaceone-core's error
# modules and the services' own), the same in both generations unless a line says otherwise.
_PLUGIN_SILENT = (
    "The platform could not reach the plugin's container: does the image start and listen on port 50051?"
)

_BY_CODE: dict[str, tuple[type[CallError], str]] = {
    "ERROR_AUTHENTICATE_FAILURE": (
        AuthenticationFailed,
        "The token is wrong or has expired: issue a new one and put it where the environment reads it.",
    ),
    "ERROR_PERMISSION_DENIED": (
        PermissionDenied,
        (
            "The token's role or scope does not allow this call: a domain's token registers plugins and providers, "
            "a workspace's creates projects and service accounts."
        ),
    ),
    "ERROR_NOT_FOUND": (NotFound, ""),
    "ERROR_SAVE_UNIQUE_VALUES": (AlreadyExists, "Something of this name exists already."),
    "ERROR_NOT_UNIQUE": (AlreadyExists, "Something of this name exists already."),
    "ERROR_LOCAL_REPOSITORY_ALREADY_EXIST": (AlreadyExists, "An installation holds one local repository."),
    "ERROR_INVALID_PLUGIN_VERSION": (
        InvalidArgument,
        (
            "The platform finds no such tag in its registry: was the image pushed, and is it the registry that the "
            "platform asks?"
        ),
    ),
    "ERROR_NO_IMAGE_IN_REGISTRY": (
        InvalidArgument,
        (
            "The platform finds no tag of this image in its registry: push one first, and check registry.type in "
            "the environment."
        ),
    ),
    "ERROR_NO_PLUGIN": (NotFound, ""),
    "ERROR_INVALID_IMAGE_NAME_FORMAT": (InvalidArgument, "Use lower case letters, digits and hyphens."),
    "ERROR_REQUIRED_PARAMETER": (InvalidArgument, ""),
    "ERROR_INVALID_PARAMETER": (InvalidArgument, ""),
    "ERROR_INVALID_PARAMETER_TYPE": (InvalidArgument, ""),
    "ERROR_GRPC_CONNECTION": (ServerError, _PLUGIN_SILENT),
    "ERROR_INSTALL_PLUGIN_TIMEOUT": (ServerError, _PLUGIN_SILENT),
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
        status: The gRPC status' name.
        details: The status' details; SpaceONE's services put `ERROR_CODE: words` there.
    """
    match = _CODED.match(details or "")
    code, words = (match[1], match[2]) if match else ("", details or "")
    words = " ".join(words.split())
    kind, advice = _BY_CODE.get(code, (None, ""))
    if kind is None:
        kind = _BY_STATUS.get(status, ServerError)
        advice = _STATUS_ADVICE.get(status, "")
        if kind is DeadlineExceeded and method.startswith("inventory.Collector."):
            # The platform holds these calls until the plugin's container answers.
            advice = f"{_PLUGIN_SILENT} Its words are in the container's log."
        if code and kind is Unreachable:
            # A service that answers UNAVAILABLE with a code of its own was reached: something behind it was not.
            kind, advice = ServerError, ""
    return kind(method, endpoint, status, code, words, advice)
