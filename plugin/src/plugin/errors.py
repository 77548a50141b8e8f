"""What the collector can refuse or fail at, in the form that SpaceONE's clients read.

PluginError
├── InvalidParameter     an option, a secret or a task that cannot be used
├── CallerLeft           nobody waits for the answer any more
└── SourceError          the source of the prices did not answer as it should
    ├── SourceUnreachable    nobody answers at the address
    ├── SourceRefused        the API key is wrong, or may not do this
    ├── SourceExhausted      too many requests, and waiting does not help
    ├── SourceRejected       the source does not take the request itself (a currency it lacks, a wrong path)
    └── SourceBroken         an answer that is no answer: a server error, or no JSON
"""

from __future__ import annotations

from typing import ClassVar

import grpc


class PluginError(Exception):
    """Base of all errors; `str()` is one sentence for people, without secrets.

    Attributes:
        code: SpaceONE's error code, which leads the gRPC details as `CODE: message`.
        status: The gRPC status that a failing call ends with.
    """

    code: ClassVar[str] = "ERROR_UNKNOWN"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL

    @property
    def details(self) -> str:
        """`ERROR_CODE: message`, which is what SpaceONE's clients split at the first colon."""
        return f"{self.code}: {self}"


class InvalidParameter(PluginError):
    """An option, a secret or a task has a value that cannot be used."""

    code = "ERROR_INVALID_PARAMETER"
    status = grpc.StatusCode.INVALID_ARGUMENT

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"Parameter is invalid. (key = {key}, reason = {reason})")
        self.key = key
        self.reason = reason


class CallerLeft(PluginError):
    """Nobody waits for the answer any more."""

    code = "ERROR_CANCELED"
    status = grpc.StatusCode.CANCELLED

    def __init__(self) -> None:
        super().__init__("Nobody waits for the answer any more.")


class SourceError(PluginError):
    """The source of the prices did not answer as it should.

    Attributes:
        everywhere: True where every other page must fail in the same way, so that asking on is useless.
        retry_after: Seconds that the source asks to wait, where it says so.
        transient: True where the same request may well succeed a little later.
    """

    code = "ERROR_SOURCE"
    everywhere: ClassVar[bool] = False
    transient: ClassVar[bool] = False

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceUnreachable(SourceError):
    """Nobody answers at the source's address."""

    code = "ERROR_SOURCE_UNREACHABLE"
    everywhere = True
    transient = True


class SourceRefused(SourceError):
    """The source refuses the API key."""

    code = "ERROR_AUTHENTICATE_FAILURE"
    status = grpc.StatusCode.UNAUTHENTICATED
    everywhere = True


class SourceExhausted(SourceError):
    """The source's limit of requests is used up."""

    code = "ERROR_SOURCE_QUOTA_EXCEEDED"
    status = grpc.StatusCode.RESOURCE_EXHAUSTED
    everywhere = True
    transient = True


class SourceRejected(SourceError):
    """The source does not take the request itself."""

    code = "ERROR_SOURCE_REJECTED"
    status = grpc.StatusCode.INVALID_ARGUMENT


class SourceBroken(SourceError):
    """The source answered with a server error, or with something that is no answer."""

    code = "ERROR_SOURCE_BROKEN"
    transient = True
