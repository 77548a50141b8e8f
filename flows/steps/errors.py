"""The errors of a flow.

FlowError
├── InputRefused        a flow was given something else than the name of an environment or a folder of the checkout
├── OtherVersion        another version of the pipeline has deployed the run
├── NotFetched          a git repository, its revision or its folder cannot be had
├── PlanBlocked         an action cannot be carried out; nothing was changed
├── PlanMoved           a release would do something else than was agreed to; nothing was changed
├── PlanFileError       the file of a plan cannot be read or written, or holds something else
├── CollectorNotSupported  the plugin does not support the collector's options or schedule
├── CredentialsRefused  the plugin does not accept the secret of a service account
├── NotReleased         there is no collector to collect with
├── NothingCollected    the plugin is of a kind that has no collector
├── NotAsReleased       the registry holds another image than the one that was released
├── NoSuchResource      there is no such collected resource
└── StepTimedOut        a step exceeded its time limit
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from flows.errors import Cause, PipelineError
from flows.resources import Action


class FlowError(PipelineError):
    """Base: a flow cannot go on."""

    code = "flow"
    cause = Cause.REFUSED


class InputRefused(FlowError):
    """A flow was given neither an environment, nor a folder of the checkout, nor a repository that it may fetch."""

    code = "input-refused"


class OtherVersion(FlowError):
    """A run was deployed by another version of the pipeline than the one that its worker has."""

    code = "other-version"

    def __init__(self, deployed: str, here: str) -> None:
        super().__init__(
            f"Version {deployed} of the pipeline has deployed this run, and its worker has version {here}",
            f"Install version {deployed} on the worker, or run `pluginctl deploy` of version {here}",
        )


class NotFetched(FlowError):
    """The git repository of a source or a manifest, its revision or its folder cannot be had."""

    code = "not-fetched"

    def __init__(
        self, message: str, advice: str = "", *, temporary: bool = False, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message, advice, temporary=temporary, details=details)
        if temporary:
            self.cause = Cause.UNAVAILABLE


class PlanBlocked(FlowError):
    """The plan holds actions that cannot be carried out; nothing was changed."""

    code = "plan-blocked"

    def __init__(self, blocked: Sequence[Action]) -> None:
        super().__init__(
            "\n".join(f"{action.kind} {action.name} is blocked: {action.reason}" for action in blocked)
        )
        # Declarations may contain secrets, and an exception may be stored.
        self.blocked = tuple(dataclasses.replace(action, resource=None, record=None) for action in blocked)


class PlanMoved(FlowError):
    """A release would do something else than the plan that was agreed to; nothing was changed."""

    code = "plan-moved"

    def __init__(self, details: Sequence[str]) -> None:
        super().__init__(
            "the plan has moved: a release would do something else than the plan that was read",
            "Make a new plan with `pluginctl plan ENVIRONMENT --out FILE`, read it, and release with that",
            details=details,
        )


class PlanFileError(FlowError):
    """The file of a plan cannot be read or written, or holds something else."""

    code = "plan-file"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}", "`pluginctl plan ENVIRONMENT --out FILE` writes such a file")


class CollectorNotSupported(FlowError):
    """By its answer to `init`, the plugin does not support the collector's options or schedule."""

    code = "collector-not-supported"


class CredentialsRefused(FlowError):
    """The plugin does not accept the secret of a service account; `details` are its last lines."""

    code = "credentials-refused"

    def __init__(self, account: str, place: str, said: str, lines: Sequence[str]) -> None:
        super().__init__(
            f"credentials refused: the plugin does not accept the secret of service account {account}: {said}",
            f"Correct its secret_data ({place}), or the collector's options if it speaks of one. The platform shows no "
            "secret, so a release keeps the one that is there: delete it first (in 2.x the service account). If the "
            "plugin is wrong to refuse it, collect without this question: pluginctl recollect",
            details=lines,
        )


class NotReleased(FlowError):
    """There is no collector to collect with, or more than one."""

    code = "not-released"


class NothingCollected(FlowError):
    """The manifest's plugin is no inventory collector: nothing is collected with it."""

    code = "nothing-collected"


class NotAsReleased(FlowError):
    """The registry holds another image under a version than the one that was released."""

    code = "not-as-released"

    def __init__(self, version: str, found: str | None, released: str) -> None:
        super().__init__(
            f"{version} is not the image that was released: the registry has {found or 'none'}, and {released} was "
            "released",
            "Somebody pushed another image under this version, or removed it. Raise VERSION and release, or push the "
            "released image again",
        )


class NoSuchResource(FlowError):
    """The collector has no resource of a name, or none at all."""

    code = "no-such-resource"


class StepTimedOut(FlowError):
    """A step exceeded its time limit."""

    code = "step-timed-out"
    cause = Cause.UNAVAILABLE

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(
            f"The step {name!r} did not finish within {seconds:g} s and was cancelled",
            "Look at the log of the service that it waits for (see docs/steps.md). Then run the same command again: "
            "completed work is kept",
        )
