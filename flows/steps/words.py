"""Actions in words, the same on a terminal and in the Prefect UI."""

from __future__ import annotations

from collections.abc import Iterable

from flows.resources import Action, Verb
from flows.resources.values import differences

_LONGEST = 60


def changes(action: Action) -> list[str]:
    """What an action changes: the fields of a create, `before → after` of every part that an update changes."""
    if action.verb is Verb.UPDATE:
        parts = [
            part
            for change in action.changes
            for part in differences(change.before, change.after, change.name)
        ]
        return [f"{path}: {_value(before)} → {_value(after)}" for path, before, after in parts]
    if action.verb is Verb.CREATE and action.changes:
        return [", ".join(change.name for change in action.changes)]
    return []


def notes(actions: Iterable[Action]) -> list[str]:
    """A line for everything that the generation at hand holds otherwise, or cannot hold."""
    return [f"{action.kind} {action.name}: {note}" for action in actions for note in action.notes]


def _value(value: object) -> str:
    text = "nothing" if value is None else " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
