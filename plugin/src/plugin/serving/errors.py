"""Errors that a call can end with, in the form that SpaceONE's clients read.

PluginError
├── InvalidParameter     an option, a secret or a task has a value that cannot be used
└── CallerLeft           the caller no longer waits for the answer
"""

from __future__ import annotations

from typing import ClassVar

import grpc


class PluginError(Exception):
    """Base of all errors; `str()` is one sentence for people, without secrets.

    A collector derives its own errors from it and sets the two attributes.

    Attributes:
        code: SpaceONE's error code, which begins the gRPC details, as in `CODE: message`.
        status: The gRPC status that a failing call ends with.
    """

    code: ClassVar[str] = "ERROR_UNKNOWN"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL

    @property
    def details(self) -> str:
        """`ERROR_CODE: message`, which SpaceONE's clients split at the first colon."""
        return f"{self.code}: {self}"


class InvalidParameter(PluginError):
    """An option, a secret or a task has a value that cannot be used.

    Args:
        key: Path to the value, such as `options.count`.
        reason: What is wrong with it.
    """

    code = "ERROR_INVALID_PARAMETER"
    status = grpc.StatusCode.INVALID_ARGUMENT

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"Parameter is invalid. (key = {key}, reason = {reason})")
        self.key = key
        self.reason = reason


class CallerLeft(PluginError):
    """The caller no longer waits for the answer."""

    code = "ERROR_CANCELED"
    status = grpc.StatusCode.CANCELLED

    def __init__(self) -> None:
        super().__init__("The caller no longer waits for the answer.")
