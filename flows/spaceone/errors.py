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
from collections.abc import Sequence
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

    def without_words(self, secret: Sequence[str], file: str) -> CallError:
        """The same error with nothing in it that the server may have quoted of a request.

        Args:
            secret: The request's fields that must not be shown.
            file: Where they are declared.
        """
        key = re.search(r"\bkey = ([\w.]+)", self.words)
        about = f"(key = {key[1]}) " if key else ""
        words = f"{about}the rest of its words may quote {' or '.join(secret)}, and is not shown."
        advice = self.advice or f"Hold {' and '.join(secret)} in {file} against the schema."
        return type(self)(self.method, self.endpoint, self.status, self.code, words, advice)

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
