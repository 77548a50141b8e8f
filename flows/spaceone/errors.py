"""The errors of calls to SpaceONE's services.

SpaceoneError
├── EndpointError            an endpoint is missing, or is not grpc:// or grpc+ssl://
├── CredentialsError         no token, or a file without one
├── UnknownMethod            the servers do not offer the call (another generation?)
├── UnknownField             the call's message has no such field, or the field has another type
└── CallError                a call failed
    ├── Unreachable          the server does not respond, or the connection broke
    ├── DeadlineExceeded     no answer in time
    ├── AuthenticationFailed the token is wrong, or has expired
    ├── PermissionDenied     the token's role or scope does not allow the call
    ├── NotFound
    ├── AlreadyExists
    ├── InvalidArgument      the server rejects a value
    └── ServerError          any other error of a server
        └── PluginStarting   the platform does not reach the plugin's container yet
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Self

from flows.errors import Cause, PipelineError

#: Verbs that change nothing: such a call may be sent again after any error.
READS = frozenset(
    {
        *("list", "get", "stat", "analyze", "get_versions", "get_version", "get_auth_info", "check"),
        *("verify", "verify_plugin"),
    }
)
REFLECTION = "(reflection)"
"""In an error of a reflection request, this replaces `Resource.verb`."""


class SpaceoneError(PipelineError):
    """Base of all errors of this package."""

    code = "spaceone"
    cause = Cause.REFUSED


class EndpointError(SpaceoneError):
    """An endpoint is missing or malformed."""

    code = "endpoint"


class CredentialsError(SpaceoneError):
    """There is no usable token."""

    code = "credentials"


class UnknownMethod(SpaceoneError):
    """The servers do not offer a call."""

    code = "unknown-method"


class UnknownField(SpaceoneError):
    """A request does not fit the message that the server expects.

    Attributes:
        field: The wrong field, as far as it is known.
    """

    code = "unknown-field"

    def __init__(self, message: str, field: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.field = field


class CallError(SpaceoneError):
    """A call was sent and failed.

    Attributes:
        method: `service.Resource.verb`.
        service: Its first part.
        endpoint: The address.
        status: The name of the gRPC status.
        error_code: SpaceONE's `ERROR_…` code, if the server sent one.
        server_text: The server's message.
    """

    code = "call"
    passes: ClassVar[bool] = False
    """Whether such an error may pass without help."""

    def __init__(
        self,
        method: str,
        endpoint: str,
        status: str,
        error_code: str,
        server_text: str,
        advice: str = "",
    ) -> None:
        said = f"{error_code}: {server_text}" if error_code else server_text
        super().__init__(f"{method} at {endpoint} failed: {said or status}", advice, temporary=self.passes)
        self.method = method
        self.service = method.split(".", 1)[0]
        self.endpoint = endpoint
        self.status = status
        self.error_code = error_code
        self.server_text = server_text

    @property
    def reads(self) -> bool:
        """Whether the call only reads, and so may be sent again."""
        return self.method.rpartition(".")[2] in READS or self.method.endswith(REFLECTION)

    @property
    def may_have_arrived(self) -> bool:
        """Whether a call that writes may have changed something, because the server did not clearly reject it."""
        return self.cause is Cause.UNAVAILABLE

    def with_advice(self, advice: str) -> Self:
        """A copy with other advice."""
        return type(self)(self.method, self.endpoint, self.status, self.error_code, self.server_text, advice)

    def without_server_text(self, secret: Sequence[str], file: str) -> CallError:
        """A copy without the server's text, which may quote secret fields of the request.

        Args:
            secret: The request's fields that must not be shown.
            file: Where they are declared.
        """
        key = re.search(r"\bkey = ([\w.]+)", self.server_text)
        about = f"(key = {key[1]}) " if key else ""
        text = f"{about}the rest of the message may quote {' or '.join(secret)}, and is not shown."
        advice = self.advice or f"Check {' and '.join(secret)} in {file} against the schema."
        return type(self)(self.method, self.endpoint, self.status, self.error_code, text, advice)


class Unreachable(CallError):
    """The server does not respond, or the connection broke.

    Attributes:
        never_sent: Whether the request certainly did not reach the server, and so may be sent again.
    """

    code = "unreachable"
    cause = Cause.UNAVAILABLE
    passes = True

    def __init__(
        self, method: str, endpoint: str, status: str, error_code: str, server_text: str, advice: str = ""
    ) -> None:
        super().__init__(method, endpoint, status, error_code, server_text, advice)
        self.never_sent = any(words in server_text for words in _NEVER_SENT)
        if self.never_sent:
            self.message = f"{method} at {endpoint} cannot be reached ({server_text.rpartition(': ')[2]})"

    @property
    def may_have_arrived(self) -> bool:
        """Whether the request may have reached the server."""
        return not self.never_sent

    def without_server_text(self, secret: Sequence[str], file: str) -> CallError:  # noqa: ARG002 - the base's shape
        """Returns the error itself, because gRPC's text does not quote the request."""
        return self


class DeadlineExceeded(CallError):
    """The server did not answer in time."""

    code = "deadline-exceeded"
    cause = Cause.UNAVAILABLE
    passes = True


class AuthenticationFailed(CallError):
    """The token is wrong or has expired."""

    code = "authentication-failed"


class PermissionDenied(CallError):
    """The token's role or scope does not allow the call."""

    code = "permission-denied"


class NotFound(CallError):
    """What was asked for does not exist."""

    code = "not-found"


class AlreadyExists(CallError):
    """A create found a resource of the same name or id."""

    code = "already-exists"


class InvalidArgument(CallError):
    """The server rejects a value of the request."""

    code = "invalid-argument"


class ServerError(CallError):
    """Any other answer that is an error."""

    code = "server-error"
    cause = Cause.UNAVAILABLE


class PluginStarting(ServerError):
    """The platform does not reach the plugin's container, which it has started. It took back what it had stored."""

    code = "plugin-starting"

    @property
    def may_have_arrived(self) -> bool:
        """Whether the call may have changed something: it has not."""
        return False


#: gRPC core's messages if no connection was made. With any other message, such as "sendmsg: Broken pipe", the request
#: may have arrived: a connection also carries answers to pings, and one of those may be what could not be sent.
_NEVER_SENT = ("failed to connect to all addresses", "DNS resolution failed")
