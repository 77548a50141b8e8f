"""What `pluginctl init` refuses."""

from __future__ import annotations

from flows.errors import Cause, PipelineError


class InitRefused(PipelineError):
    """A repository cannot be made a project as it is: a value is missing or wrong, or a path leads out of it."""

    code = "init-refused"
    cause = Cause.REFUSED
