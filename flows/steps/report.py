"""What a run did, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flows.resources import Action, Verb
from flows.steps.parts import Collected, Delivered, Planned, Registered

SCHEMA = "report/1"
"""What `schema` is in a report's JSON, which `docs/report.md` describes. A change that breaks a reader raises it."""


@dataclass(frozen=True)
class Report:
    """One release or re-collection, assembled of what its stages gave.

    Attributes:
        flow: `release` or `recollect`.
        environment: Its name.
        generation: What its servers speak.
        plugin_id: The plugin.
        version: What the collector runs.
        collector_id: None where none was asked for, and in a dry run before the first release.
        seconds: How long it all took.
        dry_run: Whether nothing was carried out.
        planned: None in a re-collection, and so on: a part is None where its stage did not run.
        delivered: None where the registry held the image already.
        registered: None in a dry run.
        collected: None in a dry run, and where publishing alone was asked for.
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
    registered: Registered | None = None
    collected: Collected | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """What was planned (and, unless it was a dry run, done)."""
        return self.planned.actions if self.planned else ()

    @property
    def blocked(self) -> tuple[Action, ...]:
        """What a release would stop at; in a dry run alone, for a release does stop."""
        return tuple(action for action in self.actions if action.verb is Verb.BLOCKED)

    @property
    def failures(self) -> tuple[str, ...]:
        """Why the collection is a failure; empty for a success, and where nothing was collected."""
        return self.collected.verdict.failures if self.collected else ()

    @property
    def success(self) -> bool:
        """Whether nothing speaks against it."""
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
            "collector_id": self.collector_id,
            "dry_run": self.dry_run,
            "duration_s": round(self.seconds, 3),
        }
        document |= self.planned.as_json() if self.planned else Planned.NOTHING
        document |= self.delivered.as_json() if self.delivered else Delivered.NOTHING
        document |= self.registered.as_json() if self.registered else Registered.NOTHING
        return document | (self.collected.as_json() if self.collected else dict(Collected.NOTHING))


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a report, as `docs/report.md` describes it."""
    from importlib.resources import files

    text = files("flows.steps").joinpath("report.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))
