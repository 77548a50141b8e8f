"""The plan: what must be done for each resource so that the platform is as declared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any

from flows.resources.resource import Record, Reference, Resource, Scope
from flows.resources.values import dig, is_empty, same
from flows.spaceone import Client, UnknownField

#: In a plan, replaces an id that is only known when an earlier resource has been created.
AFTER_CREATE = "(known after create)"
_HIDDEN = "(hidden)"
_PAUSE_SECONDS = 2.0


class Verb(StrEnum):
    """What must be done with a resource."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    DELETE = "delete"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class FieldChange:
    """One field that differs from the declaration.

    Attributes:
        name: The field, under its name in this generation.
        before: The platform's value; None if it has none.
        after: The declared value.
    """

    name: str
    before: Any
    after: Any

    def as_json(self) -> dict[str, Any]:
        """For reports."""
        return {"field": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Action:
    """What must be done with one resource.

    Attributes:
        kind: `schema`, `provider`, …, or `image`.
        name: Its name, for people.
        verb: What must be done.
        changes: The fields that differ from the declaration; for a create, all declared fields.
        reason: Why it is blocked.
        notes: What this generation stores under another name, or does not support; of an image what is to be known
            about its base image.
        resource: The declared resource; None for an image.
        id: The platform's id of the existing resource.
        record: The existing resource as the platform returned it; None if there is none.
    """

    kind: str
    name: str
    verb: Verb
    changes: tuple[FieldChange, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    resource: Resource | None = field(default=None, repr=False)
    id: str | None = None
    record: Record | None = field(default=None, repr=False)

    def as_json(self) -> dict[str, Any]:
        """For reports: `kind, name, action, fields`, and `reason` and `notes` if there are any."""
        shown: dict[str, Any] = {
            "kind": self.kind,
            "name": self.name,
            "action": str(self.verb),
            "fields": [change.as_json() for change in self.changes],
        }
        if self.reason:
            shown["reason"] = self.reason
        if self.notes:
            shown["notes"] = list(self.notes)
        return shown


@dataclass(frozen=True)
class Plan:
    """All actions of a release, in the order in which they are carried out."""

    actions: tuple[Action, ...]

    @property
    def blocked(self) -> tuple[Action, ...]:
        """The actions that stop the release before it begins."""
        return tuple(action for action in self.actions if action.verb is Verb.BLOCKED)

    @property
    def writes(self) -> tuple[Action, ...]:
        """The actions that change something."""
        return tuple(
            action for action in self.actions if action.verb in {Verb.CREATE, Verb.UPDATE, Verb.DELETE}
        )

    def action(self, kind: str) -> Action:
        """The first action of a kind."""
        return next(action for action in self.actions if action.kind == kind)

    def summary(self) -> str:
        """Such as `2 to create, 1 to update, 5 to keep`."""
        counts = {verb: sum(action.verb is verb for action in self.actions) for verb in Verb}
        words = {
            Verb.CREATE: "to create",
            Verb.UPDATE: "to update",
            Verb.KEEP: "to keep",
            Verb.DELETE: "to delete",
            Verb.BLOCKED: "blocked",
        }
        return (
            ", ".join(f"{counts[verb]} {words[verb]}" for verb in Verb if counts[verb]) or "nothing declared"
        )


Clients = Mapping[Scope, Client]
Ids = dict[tuple[str, str], str]
KnownIds = Mapping[tuple[str, str], str]


def plan_resources(
    clients: Clients, resources: Iterable[Resource], sleep: Callable[[float], None] = time.sleep
) -> tuple[Action, ...]:
    """Reads each resource from the platform and compares it with its declaration.

    Nothing is written. The resources must be in the order of their references.

    Args:
        clients: One client for each scope.
        resources: What is declared.
        sleep: Waits for a number of seconds, before several of one resource are looked up again.

    Raises:
        SpaceoneError: a read failed, or a declared field does not fit the server's message.
    """
    ids: Ids = {}
    records: dict[tuple[str, str], Record] = {}
    actions = []
    for resource in resources:
        action = plan_resource(clients[resource.scope], resource, ids, partial(sleep, _PAUSE_SECONDS))
        if action.verb in {Verb.CREATE, Verb.UPDATE}:
            written = [change.name for change in action.changes]
            if reason := resource.objection(records, written):
                action = replace(action, verb=Verb.BLOCKED, reason=reason)
        if action.id:
            ids[resource.key] = action.id
        if action.record is not None:
            records[resource.key] = action.record
        actions.append(action)
    return tuple(actions)


def plan_resource(
    client: Client, resource: Resource, ids: KnownIds, pause: Callable[[], None] = lambda: None
) -> Action:
    """The action for one resource.

    Args:
        client: With the token of the resource's scope.
        resource: What is declared.
        ids: Ids of the resources before it.
        pause: Called before it is looked up again, if there are several of it.
    """
    declared = resolved(resource.declared, ids)
    _check(client, resource, declared)
    listed = _listed(client, resource, ids)
    if _are_several(resource, listed):
        pause()  # another release may be about to remove its own
        listed = _listed(client, resource, ids)
    if reason := resource.obstacle(listed):
        return _blocked(resource, reason)
    if (own := next(filter(resource.managed, listed), None)) is not None:
        return _used(resource, declared, own)
    found = [record for record in listed if resource.matches(record)]
    if _are_several(resource, listed):
        held = ", ".join(str(record.get(resource.id_field)) for record in found)
        return _blocked(
            resource,
            f"{len(found)} exist, but one is expected ({held}): remove all but one, or give another name. If another "
            "release of it runs at the moment, let that end first.",
        )
    if not found:
        changes = tuple(
            FieldChange(name, None, _shown(resource, name, value)) for name, value in declared.items()
        )
        return Action(
            resource.kind, resource.name, Verb.CREATE, changes, notes=resource.notes, resource=resource
        )
    return _compared(resource, declared, found[0])


def _are_several(resource: Resource, listed: Sequence[Record]) -> bool:
    """Whether there are several of what may exist once. One of the platform's own is used, whatever is beside it."""
    alone = resource.any_of or any(map(resource.managed, listed))
    return not alone and sum(map(resource.matches, listed)) > 1


def find(client: Client, resource: Resource, ids: KnownIds) -> list[dict[str, Any]]:
    """The platform's records that may be the resource; none if it belongs to a resource that does not exist yet."""
    return [record for record in _listed(client, resource, ids) if resource.matches(record)]


def _listed(client: Client, resource: Resource, ids: KnownIds) -> list[dict[str, Any]]:
    query = resolved(resource.query, ids)
    listed = [] if AFTER_CREATE in query.values() else client.list(f"{resource.api}.list", query)
    return [*map(dict, resource.elsewhere(client)), *listed]


def count_all(clients: Clients, resources: Iterable[Resource], ids: KnownIds) -> dict[str, int]:
    """The number of resources of each kind on the platform, declared or not."""
    first: dict[str, Resource] = {}
    for resource in resources:
        first.setdefault(resource.kind, resource)
    counts = {}
    for kind, resource in first.items():
        params = resolved(resource.listing, ids)
        known = AFTER_CREATE not in params.values()
        counts[kind] = clients[resource.scope].count(f"{resource.api}.list", params) if known else 0
    return counts


def resolved(value: Any, ids: KnownIds) -> Any:
    """A value in which known ids replace the references."""
    if isinstance(value, Reference):
        return ids.get((value.kind, value.name), AFTER_CREATE)
    if isinstance(value, Mapping):
        return {key: resolved(item, ids) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item, ids) for item in value]
    return value


def _check(client: Client, resource: Resource, declared: Record) -> None:
    """Checks that every declared field fits the server's message, even if it will not be sent."""
    if resource.create_params is None:
        return
    try:
        client.check(f"{resource.api}.{resource.create_verb}", resource.create_params(declared))
    except UnknownField as error:
        if error.field in resource.hidden:
            # The parser's message quotes the value, which may be secret.
            raise UnknownField(
                f"{resource.file}: the field {error.field!r} has a value that is not a text, number, list or mapping.",
                error.field,
                "YAML reads an unquoted 2030-01-31 as a date: quote it.",
            ) from None
        raise UnknownField(f"{resource.file}: {error.message}", error.field, error.advice) from error


def _used(resource: Resource, declared: Record, record: Record) -> Action:
    """Keeps a record of the platform's own, and says what of the declaration is not used."""
    observed = resource.observed(record)
    of, identity = dig(record, "repository_info", "name"), str(record[resource.id_field])
    note = f"The platform has its own {resource.kind} {identity}{f' in {of}' if of else ''}: it is used as it is."
    other = [name for name, value in declared.items() if not same(value, observed.get(name))]
    if other:
        note += f" The manifest's {', '.join(other)} cannot be written."
    return Action(
        resource.kind,
        resource.name,
        Verb.KEEP,
        notes=(*resource.notes, note),
        resource=resource,
        id=identity,
        record=record,
    )


def _compared(resource: Resource, declared: Record, record: Record) -> Action:
    observed = resource.observed(record)
    changes = tuple(
        FieldChange(name, _shown(resource, name, observed.get(name)), _shown(resource, name, value))
        for name, value in declared.items()
        if name not in resource.unreadable and not same(value, observed.get(name))
    )
    writable = {name for writer in resource.writers for name in writer.fields}
    fixed = [change for change in changes if change.name not in writable]
    identity = str(record[resource.id_field])
    if fixed:
        what = "; ".join(
            f"{change.name} is {change.before!r}, but {change.after!r} is declared" for change in fixed
        )
        return _blocked(
            resource,
            f"The platform cannot change this in an existing {resource.kind}: {what}. "
            f"Declare the existing value, or give the {resource.kind} another name.",
            changes,
            identity,
        )
    stuck = [
        change.name for change in changes if is_empty(change.after) and change.name not in resource.clearable
    ]
    if stuck:
        return _blocked(
            resource,
            f"The platform does not accept an empty {' or an empty '.join(stuck)} for an existing {resource.kind}: "
            "declare a value, or leave the field out of the manifest.",
            changes,
            identity,
        )
    verb = Verb.UPDATE if changes else Verb.KEEP
    return Action(
        resource.kind,
        resource.name,
        verb,
        changes,
        notes=resource.notes,
        resource=resource,
        id=identity,
        record=record,
    )


def _shown(resource: Resource, name: str, value: Any) -> Any:
    return _HIDDEN if name in resource.hidden and value is not None else value


def _blocked(
    resource: Resource, reason: str, changes: tuple[FieldChange, ...] = (), identity: str | None = None
) -> Action:
    return Action(
        resource.kind,
        resource.name,
        Verb.BLOCKED,
        changes,
        reason,
        resource.notes,
        resource=resource,
        id=identity,
    )
