"""An image on the Docker engine, as `docker images` and `docker inspect` show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows.images.labels import SOURCE_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.images.reference import ImageReference


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image that the engine has.

    Attributes:
        reference: The name, with its tag.
        id: The digest of its configuration, `sha256:<hex>`.
        created: When it was built; None if the engine does not report it.
        size: Bytes, uncompressed, including its base image.
        user: The user that it runs as; "" is root.
        ports: The ports that it exposes, such as `50051/tcp`.
        labels: The labels of the image and of its base image.
        names: Under which digests registries hold it, as far as this engine pushed or pulled it: `name@sha256:<hex>`.
    """

    reference: ImageReference
    id: str
    created: datetime | None
    size: int
    user: str
    ports: tuple[str, ...]
    labels: dict[str, str]
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, reference: ImageReference, found: Mapping[str, Any]) -> LocalImage:
        """Read the engine's answer to an inspection (`GET /images/{name}/json`)."""
        config = found.get("Config") or {}
        created = found.get("Created")
        return cls(
            reference=reference,
            id=str(found["Id"]),
            created=datetime.fromisoformat(created) if created else None,
            size=int(found.get("Size") or 0),
            user=str(config.get("User") or ""),
            ports=tuple(sorted(config.get("ExposedPorts") or {})),
            labels=dict(config.get("Labels") or {}),
            names=tuple(found.get("RepoDigests") or ()),
        )

    @property
    def short_id(self) -> str:
        """The id as `docker images` shows it: 12 digits."""
        return self.id.removeprefix("sha256:")[:12]

    def is_held_as(self, digest: str) -> bool:
        """Whether its registry holds this very image under a digest, `sha256:<hex>`."""
        return f"{self.reference.name}@{digest}" in self.names

    def as_json(self) -> dict[str, Any]:
        """As a JSON object; times in ISO 8601, sizes in bytes."""
        return {
            "id": self.id,
            "created": self.created and self.created.isoformat(timespec="seconds"),
            "size": self.size,
            "user": self.user,
            "ports": list(self.ports),
            # The list of the source's files is for comparisons, and may have 32 KiB.
            "labels": {name: value for name, value in self.labels.items() if name != SOURCE_FILES},
        }
