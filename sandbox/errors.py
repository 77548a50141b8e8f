"""The one error of the sandbox."""

from __future__ import annotations

from flows.errors import PipelineError


class SandboxError(PipelineError):
    """Something that the sandbox needs is missing or failed.

    Args:
        message: What failed and where, in one line.
        advice: What the reader can do about it.
        details: Lines that somebody else wrote, such as the end of a log.
    """

    code = "sandbox"
