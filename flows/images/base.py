"""The base image that a release would be built on now, and the one that the released image was built on.

The base image is no part of the source's identity. A version is immutable, and the same version may be released to two
environments with different base images. So a new base image does not change a released version, and does not block a
release: with a security update in it, one would have to release a version for every environment at once. The plan says
that there is a newer one, and that the next version will have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.images.labels import BASE_DIGEST, BASE_NAME
from flows.images.reference import LOCAL_REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Base:
    """A base image.

    Attributes:
        name: As the Dockerfile names it.
        digest: `sha256:…` of its manifest, or of its configuration if no registry has it; None if it is not known.
    """

    name: str
    digest: str | None = None

    @classmethod
    def named(cls, name: str) -> Base:
        """A base image, as far as its name says."""
        return cls(name, name.partition("@")[2] or None)

    @classmethod
    def of(cls, labels: Mapping[str, str]) -> Base | None:
        """The base image of a released image; None if its labels do not say."""
        name = labels.get(BASE_NAME)
        return cls(name, labels.get(BASE_DIGEST) or cls.named(name).digest) if name else None

    @property
    def floats(self) -> bool:
        """Whether its name may be another image tomorrow. The sandbox makes a new name for each of its own."""
        return "@" not in self.name and not self.name.startswith((f"{LOCAL_REGISTRY}/", "sha256:"))

    def __str__(self) -> str:
        return self.name if "@" in self.name or self.digest is None else f"{self.name} ({self.digest})"


def differs(now: Base, released: Base) -> bool:
    """Whether two base images are known to be different ones."""
    if now.digest and released.digest:
        return now.digest != released.digest
    return now.name != released.name


def remarks(now: Base, released: Base | None) -> tuple[str, ...]:
    """What a plan says about the base image.

    Args:
        now: The environment's.
        released: That of the image that the registry holds under this version, which is kept; None if there is none.
    """
    found = []
    if now.floats:
        how = "" if now.digest else f"; `docker pull {now.name}` shows the digest"
        found.append(
            f"The base image {now.name} is named by a tag, which may be another image tomorrow: "
            f"write {now.name}@{now.digest or 'sha256:…'}{how}."
        )
    if released and differs(now, released):
        found.append(
            f"It was built on {released}, and the base image is {now} now. A version is not built again: raise "
            "VERSION to release on the new base image."
        )
    return tuple(found)
