"""The errors of a plugin's source, image and registry.

ImageError
├── SourceError              the plugin source does not have SpaceONE's layout
│   └── SourceChanged        ... or changed between the plan and the build
├── InvalidReference         not an image name, tag or registry address
├── EngineError              the Docker engine failed
│   ├── EngineUnreachable    the engine does not respond
│   ├── ImageChanged         its image of this name is gone, or is another one
│   ├── BuildFailed          a step of the Dockerfile failed
│   ├── TrialFailed          the image, run as the platform runs it, serves no collector
│   └── PushFailed           the registry rejected the push, or could not be reached
│       └── PushUnverified   ... or accepted it, but does not show what was pushed
├── PackagesUnreadable       the image's packages cannot be listed
├── SigningKeyError          a key for signatures cannot be used
└── RegistryError            the registry could not be read
    ├── RegistryUnreachable  the registry does not respond, or not now
    ├── RegistryRefused      401 or 403
    └── UnexpectedAnswer     the response does not follow the distribution specification

No error contains a password or a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.errors import Cause, PipelineError
from flows.text import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ImageError(PipelineError):
    """Base of all errors of this package."""

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
        super().__init__(f"{quoted(value)} {problem}")
        self.value = value


class EngineError(ImageError):
    """The Docker engine returned an error."""

    code = "engine"
    cause = Cause.UNAVAILABLE


class EngineUnreachable(EngineError):
    """No Docker engine responds, or the connection broke."""

    code = "engine-unreachable"

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice, temporary=True)


class ImageChanged(EngineError):
    """The engine's image of a name is gone, or is not the one that was tried."""

    code = "image-changed"
    cause = Cause.FAILED


class BuildFailed(EngineError):
    """A build failed in `step` ("3/7 : RUN ..."), after the output in `details`; `reason` is the engine's message."""

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
    """An image does not serve a collector when it runs; `reason` says why, `details` are its last lines."""

    code = "trial-failed"
    cause = Cause.REFUSED

    def __init__(self, image: str, *, reason: str, advice: str, output: Sequence[str] = ()) -> None:
        super().__init__(f"The trial run of {image} failed: {reason}", advice, details=output)
        self.image = image
        self.reason = reason


class PushFailed(EngineError):
    """A push failed; `reason` is the registry's or the engine's message.

    Args:
        image: What was pushed.
        reason: Why it failed.
        advice: What to do next.
        cause: Whether the push was rejected or could not be made.
        temporary: Whether the same push may succeed later.
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
    """A push was accepted, but the registry does not show what was pushed. Something was written."""

    code = "push-unverified"


class PackagesUnreadable(ImageError):
    """The packages of an image cannot be listed; `problem` is the end of a sentence that begins with the image."""

    code = "packages-unreadable"
    cause = Cause.REFUSED

    def __init__(self, problem: str, image: str = "The image") -> None:
        super().__init__(
            f"{image} {problem}, so it gets no bill of materials",
            "Correct the Dockerfile, or set `attestations: false` in the environment",
        )
        self.problem = problem


class SigningKeyError(ImageError):
    """A key with which a release is signed or verified cannot be used. The message contains nothing of the key."""

    code = "signing-key"
    cause = Cause.REFUSED


class RegistryError(ImageError):
    """A registry could not be read; `address` is its address."""

    code = "registry"
    cause = Cause.UNAVAILABLE

    def __init__(self, address: str, problem: str, advice: str = "", *, temporary: bool = False) -> None:
        super().__init__(f"The registry {address} {problem}", advice, temporary=temporary)
        self.address = address


class RegistryUnreachable(RegistryError):
    """Nothing responds at the address, or the registry cannot serve now (429, 5xx).

    `retry_after` is the number of seconds that the registry asked to wait, if it did.
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
        maybe_absent: Whether it would return the same for a repository that does not exist yet.
    """

    code = "registry-refused"
    cause = Cause.REFUSED

    def __init__(self, address: str, problem: str, advice: str = "", *, maybe_absent: bool = False) -> None:
        super().__init__(address, problem, advice)
        self.maybe_absent = maybe_absent


class UnexpectedAnswer(RegistryError):
    """The server at the address does not have the distribution API, or its answers contradict each other."""

    code = "registry-answer"
