"""What a run did, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.collection import Verdict
from flows.resources import Action, Verb


@dataclass(frozen=True)
class ImageReport:
    """The image of a release.

    Attributes:
        reference: `registry/name:version`.
        digest: As the registry holds it, `sha256:…`; None in a dry run before the first push.
        source_digest: Of the source that it was built from.
        revision: The source's git revision, where it has one.
    """

    reference: str
    digest: str | None
    source_digest: str
    revision: str | None = None


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
        shown: dict[str, Any] = {
            "flow": self.flow,
            "environment": self.environment,
            "generation": self.generation,
            "plugin_id": self.plugin_id,
            "version": self.version,
            "image": self.image and self.image.reference,
            "digest": self.image and self.image.digest,
            "source_digest": self.image and self.image.source_digest,
            "revision": self.image and self.image.revision,
            "collector_id": self.collector_id,
            "actions": [action.as_json() for action in self.actions],
            "job": self.verdict and self.verdict.as_json(),
            "resources": dict(self.verdict.resources) if self.verdict else {},
            "cloud_services": dict(self.by_type),
            "duration_s": round(self.seconds, 3),
        }
        if self.dry_run:
            shown["dry_run"] = True
        return shown
