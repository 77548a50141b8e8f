"""The one error of the sandbox: what failed, and what to do next."""

from __future__ import annotations


class SandboxError(Exception):
    """Something that the sandbox needs is missing or did not work.

    Args:
        message: what failed and where, in one line.
        hint: what the reader can do about it; may have several lines (the end of a log, a command).
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message
