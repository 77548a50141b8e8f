"""What a run did, for people and for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.collection import Verdict
from flows.images import Contents, LocalImage, Login, Trial
from flows.preview import Preview
from flows.resources import Action, Verb
from flows.spaceone import Service

#: By kind, how many there were and are.
Listings = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class ImageReport:
    """The image of a release.

    Attributes:
        reference: `registry/name:version`.
        digest: As the registry holds it, `sha256:…`; None in a dry run before the first push.
        source_digest: Of the source that it was built from.
        revision: The source's git revision, where it has one.
        base: The image that it stands on, as the Dockerfile and the environment say.
        contents: What the source's files say.
        login: How the registry let the pipeline in; this and the rest are None where nothing was built.
        built: What was built, as the engine shows it.
        trial: How it served before it was pushed.
    """

    reference: str
    digest: str | None
    source_digest: str
    revision: str | None = None
    base: str = ""
    contents: Contents | None = None
    login: Login | None = None
    built: LocalImage | None = None
    trial: Trial | None = None

    def source_as_json(self) -> dict[str, Any] | None:
        """What was found in the source, for programs."""
        return {**dataclasses.asdict(self.contents), "base": self.base} if self.contents else None


@dataclass(frozen=True)
class Report:
    """One release or re-collection.

    Attributes:
        flow: `release` or `recollect`.
        environment: Its name.
        generation: What its servers speak.
        plugin_id: The plugin.
        version: What the collector runs.
        image: None in a re-collection.
        actions: What was planned (and, unless it was a dry run, done).
        collector_id: None in a dry run before the first release.
        verdict: None in a dry run.
        by_type: Cloud services by `provider/group/type`.
        rows: Some of the collected resources, as cells of `columns`.
        preview: One of them in full.
        services: What answers behind the endpoints; asked in a release alone.
        listings: By kind, how many the platform held before and after; empty where nothing was registered.
        seconds: How long it all took.
        dry_run: Whether nothing was carried out.
    """

    flow: str
    environment: str
    generation: str
    plugin_id: str
    version: str
    image: ImageReport | None
    actions: tuple[Action, ...]
    collector_id: str | None
    verdict: Verdict | None
    by_type: Mapping[str, int] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    preview: Preview | None = None
    services: tuple[Service, ...] = ()
    listings: Listings = field(default_factory=dict)
    seconds: float = 0.0
    dry_run: bool = False

    @property
    def blocked(self) -> tuple[Action, ...]:
        """What a release would stop at; in a dry run alone, for a release does stop."""
        return tuple(action for action in self.actions if action.verb is Verb.BLOCKED)

    @property
    def success(self) -> bool:
        """Whether nothing speaks against it."""
        return self.verdict is None or self.verdict.success

    def as_json(self) -> dict[str, Any]:
        """One object for programs."""
        image = self.image
        shown: dict[str, Any] = {
            "flow": self.flow,
            "environment": self.environment,
            "generation": self.generation,
            "plugin_id": self.plugin_id,
            "version": self.version,
            "image": image and image.reference,
            "digest": image and image.digest,
            "source_digest": image and image.source_digest,
            "revision": image and image.revision,
            "source": image and image.source_as_json(),
            "login": image and image.login and str(image.login),
            "built": image and image.built and image.built.as_json(),
            "trial": image and image.trial and image.trial.as_json(),
            "services": {service.name: service.as_json() for service in self.services},
            "listings": {kind: list(counts) for kind, counts in self.listings.items()},
            "collector_id": self.collector_id,
            "actions": [action.as_json() for action in self.actions],
            "job": self.verdict and self.verdict.as_json(),
            "resources": dict(self.verdict.resources) if self.verdict else {},
            "cloud_services": dict(self.by_type),
            "preview": self.preview and self.preview.as_json(),
            "duration_s": round(self.seconds, 3),
        }
        if self.dry_run:
            shown["dry_run"] = True
        return shown
