"""The base class of all errors that a user may see, and how they are shown.

PipelineError
├── flows.manifest.ManifestError    a file that an author wrote cannot be used
├── flows.images.ImageError         the plugin's source, the Docker engine or the image registry
├── flows.spaceone.SpaceoneError    a SpaceONE service, or the way to it
├── flows.steps.FlowError           the plan is blocked, the plugin was never released, a step took too long
├── sandbox.SandboxError            the local platform
└── pluginctl.DeploymentError       Prefect's server, a deployment, or its run

Anything else that is raised is a bug, and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar

from flows.hidden import without_secrets
from flows.text import log_line, printable


class Cause(StrEnum):
    """Why a run stopped, and so what a caller can do about it."""

    REFUSED = "refused"
    """The input or the state of the platform does not allow it: correct what the message names."""
    UNAVAILABLE = "unavailable"
    """Something could not be reached, or failed itself: repair it, or try again later."""
    FAILED = "failed"
    """The run itself failed."""


class PipelineError(Exception):
    """Something that stops a run: a message for people, and fields for programs.

    Args:
        message: What failed, and where: one sentence.
        advice: What to do next; empty if the message says everything.
        temporary: Whether the same call may succeed a little later without any change.
        details: Lines that somebody else wrote, such as the last output of a build or the end of a log.

    Attributes:
        code: A stable name for programs; docs/troubleshooting.md lists all of them.
        cause: Why it stopped the run.
        changed: Whether the run had changed something before, or may have.
    """

    code: ClassVar[str] = "error"
    cause: Cause = Cause.FAILED

    def __init__(
        self, message: str, advice: str = "", *, temporary: bool = False, details: Sequence[str] = ()
    ) -> None:
        message = without_secrets(message)
        super().__init__(message)
        self.message = message
        self.advice = without_secrets(advice)
        self.temporary = temporary
        self.details = tuple(map(without_secrets, details))
        self.changed = False

    def __str__(self) -> str:
        """Message, advice and details as one text, for logs and the states of a run: without control characters."""
        text = " ".join(filter(None, (sentence(self.message), sentence(self.advice))))
        return "\n".join((printable(text, keep="\n"), *(f"    {log_line(line)}" for line in self.details)))

    @property
    def exit_code(self) -> int:
        """What a command ends with: 1, 2 or 3 as `pluginctl --help` explains them."""
        if self.cause is Cause.UNAVAILABLE:
            return 3
        return 2 if self.cause is Cause.REFUSED and not self.changed else 1

    def as_json(self) -> dict[str, Any]:
        """The `error` of a document of the schema `error/1`."""
        return {
            "code": self.code,
            "cause": str(self.cause),
            "message": self.message,
            "advice": self.advice,
            "details": list(self.details),
            "temporary": self.temporary,
            "changed": self.changed,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions travel between processes by pickle, which would call __init__ with the message only.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[PipelineError], arguments: tuple[Any, ...], fields: dict[str, Any]) -> PipelineError:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(fields)
    return error


def sentence(text: str) -> str:
    """A text that ends with a full stop, unless it ends with other punctuation.

    >>> sentence("Is it running?"), sentence("nobody answers")
    ('Is it running?', 'nobody answers.')
    """
    return text if not text or text.endswith((".", "!", "?", ":", "\n")) else f"{text}."
