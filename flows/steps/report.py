"""The report of a run, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flows.resources import Action, Verb
from flows.steps.parts import Attested, Collected, Delivered, Planned, Registered

SCHEMA = "report/1"
"""The value of `schema` in a report's JSON (docs/report.md). A change that breaks readers increases its number."""


@dataclass(frozen=True)
class Report:
    """One release or re-collection, assembled from the results of its stages.

    Attributes:
        flow: `release`, `recollect` or `rollback`.
        environment: Its name.
        generation: Of its API.
        plugin_id: The plugin.
        version: The version that the collector runs.
        collector_id: None where the release ends with the plugin, and in a dry run before the first release.
        seconds: The duration of the run.
        dry_run: Whether nothing was carried out.
        planned: None in a re-collection. In general, a part is None if its stage did not run.
        delivered: None if the registry held the image already.
        attested: None if the registry held the image's documents already, or none are wanted.
        registered: None in a dry run.
        collected: None in a dry run, and where the release ends with the plugin.
        version_before: What the collector ran before a rollback; None otherwise.
    """

    flow: str
    environment: str
    generation: str
    plugin_id: str
    version: str
    collector_id: str | None
    seconds: float
    dry_run: bool = False
    planned: Planned | None = None
    delivered: Delivered | None = None
    attested: Attested | None = None
    registered: Registered | None = None
    collected: Collected | None = None
    version_before: str | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """The planned actions (and, unless it was a dry run, the completed ones)."""
        return self.planned.actions if self.planned else ()

    @property
    def blocked(self) -> tuple[Action, ...]:
        """The actions that would stop a release. Only a dry run reports them, because a release stops."""
        return tuple(action for action in self.actions if action.verb is Verb.BLOCKED)

    @property
    def next_step(self) -> str | None:
        """What the user does with a plugin that was published without a collector; None otherwise."""
        if self.dry_run or self.collected or self.planned is None:
            return None
        expected = self.planned.expected
        return expected.kind.next_step(expected.generation)

    @property
    def failures(self) -> tuple[str, ...]:
        """Why the collection is a failure; empty for a success, and if nothing was collected."""
        return self.collected.verdict.failures if self.collected else ()

    @property
    def success(self) -> bool:
        """Whether there are no failures."""
        return not self.failures

    def as_json(self) -> dict[str, Any]:
        """One document of the schema `report/1`."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "flow": self.flow,
            "environment": self.environment,
            "generation": self.generation,
            "plugin_id": self.plugin_id,
            "version": self.version,
            "version_before": self.version_before,
            "collector_id": self.collector_id,
            "dry_run": self.dry_run,
            "duration_s": round(self.seconds, 3),
        }
        document |= self.planned.as_json() if self.planned else Planned.NOTHING
        document |= self.delivered.as_json() if self.delivered else Delivered.NOTHING
        document["attestations"] = self.attested.as_json() if self.attested else None
        document["next_step"] = self.next_step
        document |= self.registered.as_json() if self.registered else Registered.NOTHING
        return document | (self.collected.as_json() if self.collected else dict(Collected.NOTHING))


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a report, as `docs/report.md` describes it."""
    from importlib.resources import files

    text = files("flows.steps").joinpath("report.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))
