"""The errors of commands, and their form on the wire.

Codes and names are those of MongoDB (error_codes.yml), because drivers depend on them: pymongo turns 11000 into its
DuplicateKeyError and 26 into an empty list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bson.errors import BSONError
from mongomock import DuplicateKeyError as MockDuplicateKeyError
from mongomock import OperationFailure

if TYPE_CHECKING:
    from .documents import Document

_NAMES = {
    1: "InternalError",
    2: "BadValue",
    9: "FailedToParse",
    13: "Unauthorized",
    14: "TypeMismatch",
    18: "AuthenticationFailed",
    20: "IllegalOperation",
    26: "NamespaceNotFound",
    27: "IndexNotFound",
    28: "PathNotViable",
    40: "ConflictingUpdateOperators",
    43: "CursorNotFound",
    48: "NamespaceExists",
    59: "CommandNotFound",
    66: "ImmutableField",
    72: "InvalidOptions",
    73: "InvalidNamespace",
    85: "IndexOptionsConflict",
    86: "IndexKeySpecsConflict",
    238: "NotImplemented",
    334: "MechanismUnavailable",
    10334: "BSONObjectTooLarge",
    11000: "DuplicateKey",
    14031: "OutOfDiskSpace",
}


class CommandError(Exception):
    """A command, or one statement of a write command, failed."""

    def __init__(self, code: int, message: str, details: Document | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}

    @property
    def code_name(self) -> str:
        """MongoDB's name of the code."""
        return _NAMES.get(self.code, f"Location{self.code}")

    def reply(self) -> Document:
        """The whole reply to a command that failed."""
        return {
            "ok": 0.0,
            "errmsg": self.message,
            "code": self.code,
            "codeName": self.code_name,
            **self.details,
        }

    def write_error(self, index: int) -> Document:
        """One of the reply's `writeErrors`; `index` is the statement's place in the command."""
        return {"index": index, "code": self.code, "errmsg": self.message, **self.details}


class DuplicateKeyError(CommandError):
    """A document would be the second with its key in a unique index."""

    def __init__(self, namespace: str, index: str, pattern: Document, values: Document) -> None:
        shown = ", ".join(f"{name}: {value!r}" for name, value in values.items())
        super().__init__(
            11000,
            f"E11000 duplicate key error collection: {namespace} index: {index} dup key: {{ {shown} }}",
            {"keyPattern": pattern, "keyValue": values},
        )


def from_exception(error: Exception) -> CommandError | None:
    """`error` as the wire's error, or None when it is not of a kind that a request can cause.

    mongomock raises OperationFailure for what MongoDB refuses, NotImplementedError for what it lacks itself,
    and plain Python errors where a value has the wrong type for an operator.
    """
    if isinstance(error, CommandError):
        return error
    if isinstance(error, MockDuplicateKeyError):
        return CommandError(11000, str(error))
    if isinstance(error, OperationFailure):
        return CommandError(error.code or 2, str(error))
    if isinstance(error, NotImplementedError):
        return CommandError(238, f"The embedded MongoDB cannot do this: {error}")
    if isinstance(error, re.error):
        return CommandError(2, f"Regular expression is invalid: {error}")
    if isinstance(error, (BSONError, ValueError, TypeError, AssertionError, ArithmeticError)):
        return CommandError(2, f"{type(error).__name__}: {error}")
    return None
