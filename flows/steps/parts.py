"""The result of each stage of a flow, for the next stage and for the report."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.resources import Action, Ids, Plan

if TYPE_CHECKING:
    from flows.collection import Verdict
    from flows.images.engine.local import LocalImage
    from flows.images.engine.trial import Trial
    from flows.images.registry.auth import Login
    from flows.images.source.plugin_source import PluginSource
    from flows.images.state import ImageState
    from flows.plugin_kinds import Expected
    from flows.preview import Preview
    from flows.spaceone import Service

Listings = Mapping[str, tuple[int, int]]
"""By kind: the number of resources before and after."""


@dataclass(frozen=True)
class Source:
    """A plugin's source, read.

    Attributes:
        plugin: The plugin's source.
        base: The base image, from the Dockerfile and the environment's build arguments.
    """

    plugin: PluginSource
    base: str


@dataclass(frozen=True)
class Attested:
    """The documents of an image, stored.

    Attributes:
        repository: Where they are.
        packages: How many the bill of materials has.
        signer: The SHA-256 of the public key whose owner signed the provenance; None if it is not signed.
    """

    repository: str
    packages: int
    signer: str | None

    def summary(self) -> str:
        """In one line."""
        signed = f"signed by {self.signer[:12]}" if self.signer else "not signed"
        return f"{self.packages} packages; provenance, {signed}; in {self.repository}"

    def as_json(self) -> dict[str, Any]:
        """Its part of the report."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Planned:
    """What must be done; nothing has been changed yet.

    Attributes:
        source: What is released.
        image: The state of its image in the registry.
        plan: An action for the image and for every resource.
        services: The services of the endpoints.
        expected: What the image must serve.
        missing: The documents that the registry lacks, of an image that it holds.
    """

    NOTHING: ClassVar[Mapping[str, Any]] = {
        **dict.fromkeys(("plugin_type", "image", "digest", "source_digest", "revision", "source")),
        "services": {},
        "actions": [],
    }

    source: Source
    image: ImageState
    plan: Plan
    services: tuple[Service, ...]
    expected: Expected
    missing: tuple[str, ...] = ()

    @property
    def actions(self) -> tuple[Action, ...]:
        """The plan's."""
        return self.plan.actions

    def collector_id(self, registered: Registered | None) -> str | None:
        """The collector's id: as registered, otherwise as the plan found it; None if none is declared."""
        for action in self.actions:
            if action.kind == "collector" and action.resource is not None:
                return registered.ids[action.resource.key] if registered else action.id
        return None

    def as_json(self) -> dict[str, Any]:
        """Its part of the report."""
        plugin = self.source.plugin
        return {
            "plugin_type": self.expected.kind.type,
            "image": str(self.image.reference),
            "digest": self.image.digest,
            "source_digest": plugin.digest,
            "revision": plugin.revision,
            "source": {
                **dataclasses.asdict(plugin.contents),
                "remarks": list(plugin.contents.remarks),
                "base": self.source.base,
            },
            "services": {service.name: service.as_json() for service in self.services},
            "actions": [action.as_json() for action in self.actions],
        }


@dataclass(frozen=True)
class PlatformImage:
    """The image of one platform of an index.

    Attributes:
        platform: Such as `linux/arm64`.
        image: As the engine shows it.
        trial: The result of its trial run; None if there was none.
        remark: Why it was not tried; empty if it was.
    """

    platform: str
    image: LocalImage
    trial: Trial | None
    remark: str

    def as_json(self) -> dict[str, Any]:
        """Its part of the report."""
        return {
            "platform": self.platform,
            "id": self.image.id,
            "trial": self.trial and self.trial.as_json(),
            "remark": self.remark,
        }


@dataclass(frozen=True)
class Delivered:
    """An image that was built, tried and pushed.

    Attributes:
        login: How the registry admitted the pipeline.
        image: The built image, as the engine shows it; of an index, the first that was tried.
        trial: The result of the trial run.
        digest: Its digest in the registry, `sha256:…`.
        platforms: The images of an index; empty if one image was pushed.
    """

    NOTHING: ClassVar[Mapping[str, Any]] = {**dict.fromkeys(("login", "built", "trial")), "platforms": []}

    login: Login
    image: LocalImage
    trial: Trial
    digest: str
    platforms: tuple[PlatformImage, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its part of the report."""
        return {
            "digest": self.digest,
            "login": str(self.login),
            "built": self.image.as_json(),
            "trial": self.trial.as_json(),
            "platforms": [each.as_json() for each in self.platforms],
        }


@dataclass(frozen=True)
class Registered:
    """The state of the platform after the registration.

    Attributes:
        ids: The platform's id of each resource.
        listings: The number of resources of each kind before and after; empty if there was nothing to do.
        meanwhile: What somebody else made at the same time, and what of its own the release removed for it.
    """

    NOTHING: ClassVar[Mapping[str, Any]] = {"listings": {}, "meanwhile": []}

    ids: Ids
    listings: Listings
    meanwhile: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its part of the report."""
        return {
            "listings": {kind: list(counts) for kind, counts in self.listings.items()},
            "meanwhile": list(self.meanwhile),
        }


@dataclass(frozen=True)
class Collected:
    """The result of a collection.

    Attributes:
        verdict: Whether it was a success.
        by_type: Cloud services by `provider/group/type`.
        columns: Headings, as in the console.
        rows: Some of the collected resources, one cell for each column.
        preview: One of them in full; None if there is none.
    """

    NOTHING: ClassVar[Mapping[str, Any]] = {
        "job": None,
        "resources": {},
        "cloud_services": {},
        "preview": None,
    }

    verdict: Verdict
    by_type: Mapping[str, int]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    preview: Preview | None

    def as_json(self) -> dict[str, Any]:
        """Its part of the report."""
        return {
            "job": self.verdict.as_json(),
            "resources": dict(self.verdict.resources),
            "cloud_services": dict(self.by_type),
            "preview": self.preview and self.preview.as_json(),
        }
