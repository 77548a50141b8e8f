"""What can go wrong with a plugin's image.

ImageError
├── SourceError              the plugin source is not what SpaceONE's layout asks for
│   └── SourceChanged        ... or changed between the plan and the build
├── InvalidReference         not an image name, tag or registry address
├── EngineError              the Docker engine failed
│   ├── EngineUnreachable    nobody answers
│   ├── ImageChanged         its image of this name is gone, or another one now
│   ├── BuildFailed          a step of the Dockerfile failed
│   ├── TrialFailed          the image, run as the platform runs it, serves no collector
│   └── PushFailed           the registry or the way to it refused the push
│       └── PushUnverified   ... or accepted it, and does not show what was pushed
└── RegistryError            the registry, as a reader sees it
    ├── RegistryUnreachable  nobody answers, or not now
    ├── RegistryRefused      401 or 403
    └── UnexpectedAnswer     something answers, but not as the distribution specification says

None holds a password or a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.errors import Cause, PipelineError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ImageError(PipelineError):
    """The base of all errors of this package."""

    code = "image"


class SourceError(ImageError):
    """A plugin source lacks something; `path` is the file or folder to look at."""

    code = "source"
    cause = Cause.REFUSED

    def __init__(self, path: Path, problem: str, advice: str = "") -> None:
        super().__init__(f"{path}: {problem}", advice)
        self.path = path


class SourceChanged(SourceError):
    """A plugin source is no longer the one that was compared with the registry."""

    code = "source-changed"


class InvalidReference(ImageError, ValueError):
    """An image name, a tag or a registry address breaks a rule; `value` is what was given."""

    code = "invalid-reference"
    cause = Cause.REFUSED

    def __init__(self, value: str, problem: str) -> None:
        super().__init__(f"{value!r} {problem}")
        self.value = value


class EngineError(ImageError):
    """The Docker engine answered with an error."""

    code = "engine"
    cause = Cause.UNAVAILABLE


class EngineUnreachable(EngineError):
    """No Docker engine answers, or it stopped answering."""

    code = "engine-unreachable"

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice, temporary=True)


class ImageChanged(EngineError):
    """The engine's image of a name is gone, or is another one than the one that was tried."""

    code = "image-changed"
    cause = Cause.FAILED


class BuildFailed(EngineError):
    """A build failed in `step` ("3/7 : RUN ..."), after the output in `details`; `reason` is in the engine's words."""

    code = "build-failed"

    def __init__(
        self,
        image: str,
        *,
        reason: str,
        step: str | None,
        output: Sequence[str],
        advice: str,
        temporary: bool = False,
    ) -> None:
        where = f" in step {step}" if step else ""
        message = f"Building {image} failed{where}: {reason}"
        super().__init__(message, advice, temporary=temporary, details=output)
        self.cause = Cause.UNAVAILABLE if temporary else Cause.REFUSED
        self.image = image
        self.reason = reason
        self.step = step


class TrialFailed(EngineError):
    """An image does not serve a collector when it is run, for a `reason`; `details` are its last lines."""

    code = "trial-failed"
    cause = Cause.REFUSED

    def __init__(self, image: str, *, reason: str, advice: str, output: Sequence[str] = ()) -> None:
        super().__init__(f"The trial run of {image} failed: {reason}", advice, details=output)
        self.image = image
        self.reason = reason


class PushFailed(EngineError):
    """A push failed; `reason` holds the registry's or the engine's own words.

    Args:
        image: What was pushed.
        reason: Why it failed.
        advice: What to do next.
        cause: Whose fault it is.
        temporary: Whether the same push may pass later.
    """

    code = "push-failed"

    def __init__(
        self,
        image: str,
        *,
        reason: str,
        advice: str,
        cause: Cause = Cause.REFUSED,
        temporary: bool = False,
    ) -> None:
        super().__init__(f"Pushing {image} failed: {reason}", advice, temporary=temporary)
        self.cause = cause
        self.image = image
        self.reason = reason


class PushUnverified(PushFailed):
    """A push was accepted, and the registry does not show what was pushed: something was written all the same."""

    code = "push-unverified"


class RegistryError(ImageError):
    """A registry could not be read; `address` is which."""

    code = "registry"
    cause = Cause.UNAVAILABLE

    def __init__(self, address: str, problem: str, advice: str = "", *, temporary: bool = False) -> None:
        super().__init__(f"The registry {address} {problem}", advice, temporary=temporary)
        self.address = address


class RegistryUnreachable(RegistryError):
    """Nobody answers at the address, or the registry cannot serve now (429, 5xx).

    `retry_after` is how many seconds the registry itself asked to wait, if it did.
    """

    code = "registry-unreachable"

    def __init__(
        self,
        address: str,
        problem: str,
        advice: str = "",
        *,
        temporary: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(address, problem, advice, temporary=temporary)
        self.retry_after = retry_after


class RegistryRefused(RegistryError):
    """The registry does not let this user read or push (401, 403).

    Attributes:
        maybe_absent: Whether it would say the same of a repository that is not there yet.
    """

    code = "registry-refused"
    cause = Cause.REFUSED

    def __init__(self, address: str, problem: str, advice: str = "", *, maybe_absent: bool = False) -> None:
        super().__init__(address, problem, advice)
        self.maybe_absent = maybe_absent


class UnexpectedAnswer(RegistryError):
    """What answers at the address does not speak the distribution API, or contradicts itself."""

    code = "registry-answer"
