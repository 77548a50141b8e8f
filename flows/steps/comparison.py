"""What was compared, and what differs: the results of verifying and of a drift check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flows.resources import Action, Verb
from flows.steps.summaries import changes
from flows.text import printable, shortened

SCHEMA = "drift/1"
"""The value of `schema` in the JSON. A change that breaks readers increases its number."""
_LONGEST = 500


@dataclass(frozen=True)
class Check:
    """One thing that was compared.

    Attributes:
        name: What it is.
        passed: Whether it is as it should be; None if it could not be compared, which is no failure.
        detail: What was found.
    """

    name: str
    passed: bool | None
    detail: str

    def __post_init__(self) -> None:
        # Most of it is what somebody else wrote, in a label or a document.
        object.__setattr__(self, "detail", printable(shortened(self.detail, _LONGEST)))

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"name": self.name, "passed": self.passed, "detail": self.detail}


@dataclass(frozen=True)
class Drift:
    """What was compared, and what differs.

    Attributes:
        environment: Its name.
        generation: Of its API.
        plugin_id: The plugin on the platform.
        version: The version in use.
        image: Whether the registry's image is the one that was released.
        actions: What a release would do with each resource.
        seconds: The duration of the check.
    """

    environment: str
    generation: str
    plugin_id: str
    version: str
    image: Check
    actions: tuple[Action, ...]
    seconds: float

    @property
    def findings(self) -> tuple[str, ...]:
        """What differs, one sentence each; empty if nothing does."""
        image = [f"image: {self.image.detail}"] if self.image.passed is False else []
        return (*image, *(words for action in self.actions for words in _differences(action)))

    def summary(self) -> str:
        """The findings in one line."""
        return "; ".join(self.findings) or "no drift"

    def as_json(self) -> dict[str, Any]:
        """One document of the schema `drift/1`."""
        return {
            "schema": SCHEMA,
            "flow": "drift",
            "environment": self.environment,
            "generation": self.generation,
            "plugin_id": self.plugin_id,
            "version": self.version,
            "drifted": bool(self.findings),
            "findings": list(self.findings),
            "image": self.image.as_json(),
            "actions": [action.as_json() for action in self.actions],
            "duration_s": round(self.seconds, 3),
        }


def _differences(action: Action) -> Iterator[str]:
    what = f"{action.kind} {action.name}"
    if action.verb is Verb.CREATE:
        yield f"{what} is gone"
    elif action.verb is Verb.BLOCKED:
        yield f"{what}: {action.reason}"
    elif action.verb is Verb.UPDATE:
        yield from (f"{what}: {words}" for words in changes(action))
    if str((action.record or {}).get("state")) == "DISABLED":
        yield f"{what} is disabled"
