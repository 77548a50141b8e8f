"""Summaries of actions and images, the same on a terminal and in the Prefect UI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.filesize import decimal

from flows.resources import Action, Verb
from flows.resources.values import differences
from flows.steps.parts import Source
from flows.text import shortened

if TYPE_CHECKING:
    from flows.images.engine.local import LocalImage

_LONGEST = 60


def changes(action: Action) -> list[str]:
    """What an action changes: the fields of a create, `before → after` for each changed part of an update."""
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
    """A line for each field that this generation stores in another way or does not support, and for the base image."""
    return [f"{action.kind} {action.name}: {note}" for action in actions for note in action.notes]


def listings_summary(listings: Mapping[str, tuple[int, int]]) -> str:
    """Such as `repository 1 → 2, plugin 24 → 25`: the kinds whose number has changed."""
    changed = [f"{kind} {old} → {new}" for kind, (old, new) in listings.items() if old != new]
    return ", ".join(changed) or "as many as before"


def source_summary(source: Source) -> str:
    """A plugin source in one line: version, requirements, setup.py, the Dockerfile's base image, and warnings."""
    contents = source.plugin.contents
    requirements = "no pip_requirements.txt"
    if contents.requirements is not None:
        requirements = f"{contents.requirements} requirement{'' if contents.requirements == 1 else 's'}"
    setup = "no setup.py"
    if contents.setup is not None:
        setup = " ".join(filter(None, (contents.setup.file, contents.setup.name, contents.setup.version)))
    found = f"version {source.plugin.version}, {requirements}, {setup}, on {source.base}"
    return ". ".join((found, *contents.remarks))


def image_summary(image: LocalImage) -> str:
    """An image in one line: id, size, user, ports."""
    ports = ", ".join(image.ports) or "no port"
    return f"{image.short_id}, {decimal(image.size)}, user {image.user or 'root'}, exposes {ports}"


def _value(value: object) -> str:
    text = "nothing" if value is None else " ".join(str(value).split())
    return shortened(text, _LONGEST)
