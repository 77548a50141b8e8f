"""What can go wrong with a plugin's image.

* ImageError
  x SourceError           the plugin source is not what SpaceONE's layout asks for
    + SourceChanged       ... or changed between the plan and the build
  x InvalidReference      not an image name, tag or registry address
  x EngineError           the Docker engine
    + EngineUnreachable   nobody answers
    + BuildFailed         a step of the Dockerfile failed
    + TrialFailed         the image, run as the platform runs it, serves no collector
    + PushRefused         the registry or the way to it refused the push
      - PushUnverified    ... or accepted it, and does not show what was pushed
  x RegistryError         the registry, as a reader sees it
    + RegistryUnreachable nobody answers, or not now
    + RegistryRefused     401 or 403
    + UnexpectedAnswer    something answers, but not as the distribution specification says

Every message says what failed, where, and what to do next, and none holds a password or a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "BuildFailed",
    "EngineError",
    "EngineUnreachable",
    "ImageError",
    "InvalidReference",
    "PushRefused",
    "PushUnverified",
    "RegistryError",
    "RegistryRefused",
    "RegistryUnreachable",
    "SourceChanged",
    "SourceError",
    "TrialFailed",
    "UnexpectedAnswer",
]


class ImageError(Exception):
    """The base of all errors of this package.

    `temporary` is true where the same call may succeed a little later: a caller that retries asks it.
    """

    temporary: bool = False


class SourceError(ImageError):
    """A plugin source lacks something; `path` is the file or folder to look at."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class SourceChanged(SourceError):
    """A plugin source is no longer the one that was compared with the registry."""


class InvalidReference(ImageError, ValueError):
    """An image name, a tag or a registry address breaks a rule; `value` is what was given."""

    def __init__(self, value: str, problem: str) -> None:
        super().__init__(f"{value!r} {problem}")
        self.value = value


class EngineError(ImageError):
    """The Docker engine answered with an error."""


class EngineUnreachable(EngineError):
    """No Docker engine answers, or it stopped answering."""

    temporary = True


class BuildFailed(EngineError):
    """A build failed in `step` ("3/7 : RUN ..."), after `output`; `reason` is in the engine's words."""

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
        super().__init__(f"building {image} failed{where}: {reason}\n  {advice}{_last(output)}")
        self.image = image
        self.reason = reason
        self.step = step
        self.output = tuple(output)
        self.temporary = temporary


class TrialFailed(EngineError):
    """An image does not serve a collector when it is run, for a `reason`; `output` are its last lines."""

    def __init__(self, image: str, *, reason: str, advice: str, output: Sequence[str] = ()) -> None:
        super().__init__(f"trial run of {image} failed: {reason}\n  {advice}{_last(output)}")
        self.image = image
        self.reason = reason
        self.output = tuple(output)


class PushRefused(EngineError):
    """A push failed; `reason` holds the registry's or the engine's own words."""

    def __init__(self, image: str, *, reason: str, advice: str, temporary: bool = False) -> None:
        super().__init__(f"pushing {image} failed: {reason}\n  {advice}")
        self.image = image
        self.reason = reason
        self.temporary = temporary


class PushUnverified(PushRefused):
    """A push was accepted, and the registry does not show what was pushed: something was written all the same."""


class RegistryError(ImageError):
    """A registry could not be read; `address` is which."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(f"registry {address}: {problem}")
        self.address = address


class RegistryUnreachable(RegistryError):
    """Nobody answers at the address, or the registry cannot serve now (429, 5xx).

    `retry_after` is how many seconds the registry itself asked to wait, if it did.
    """

    def __init__(
        self, address: str, problem: str, *, temporary: bool = True, retry_after: float | None = None
    ) -> None:
        super().__init__(address, problem)
        self.temporary = temporary
        self.retry_after = retry_after


class RegistryRefused(RegistryError):
    """The registry does not let this user read (401, 403).

    Attributes:
        maybe_absent: Whether it would say the same of a repository that is not there yet.
    """

    def __init__(self, address: str, problem: str, *, maybe_absent: bool = False) -> None:
        super().__init__(address, problem)
        self.maybe_absent = maybe_absent


class UnexpectedAnswer(RegistryError):
    """What answers at the address does not speak the distribution API, or contradicts itself."""


def _last(output: Sequence[str]) -> str:
    shown = "".join(f"\n    {line}" for line in output)
    return f"\n  its last output:{shown}" if shown else ""
