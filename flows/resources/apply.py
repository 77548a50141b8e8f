"""Carries out one action of a plan."""

from __future__ import annotations

from typing import Any

from flows.resources.plan import Action, Clients, Ids, Verb, find, resolve
from flows.resources.resource import Record, Resource
from flows.spaceone import AlreadyExists, Client, DeadlineExceeded, Unreachable


def apply(clients: Clients, action: Action, ids: Ids) -> str:
    """Does what an action says and returns the platform's id of the resource.

    A create is looked up first, so that a second try after a broken connection finds what the first one made
    (an earlier step of the release may have taken minutes since the plan was made).

    Args:
        clients: One client a scope.
        action: Not a blocked one.
        ids: Ids of the resources before this one; its own is added.

    Raises:
        CallError: the platform refused.
    """
    resource = action.resource
    if resource is None or action.verb is Verb.BLOCKED:
        raise ValueError(
            f"{action.kind} {action.name} cannot be carried out: {action.reason or 'no resource'}"
        )
    client = clients[resource.scope]
    declared = resolve(resource, ids)
    if action.verb is Verb.CREATE:
        identity = _create(client, resource, declared)
    else:
        identity = str(action.id)
        if action.verb is Verb.UPDATE:
            _update(client, resource, identity, declared, {change.name for change in action.changes})
    ids[resource.key] = identity
    return identity


def _create(client: Client, resource: Resource, declared: Record) -> str:
    found = find(client, resource)
    if not found and resource.create_params is not None:
        try:
            created = client.call(
                f"{resource.api}.{resource.create_verb}",
                resource.create_params(declared),
                resource.create_timeout,
            )
            return str(created[resource.id_field])
        except (AlreadyExists, DeadlineExceeded, Unreachable):
            # It may have been made all the same: a collector's row is stored before its plugin is waited for.
            found = find(client, resource)
            if not found:
                raise
    return str(found[0][resource.id_field])


def _update(client: Client, resource: Resource, identity: str, declared: Record, changed: set[str]) -> None:
    for writer in resource.writers:
        if not changed.intersection(writer.fields):
            continue
        params: dict[str, Any] = {resource.id_field: identity}
        params |= {
            name: declared[name]
            for name in writer.fields
            if name in declared and (writer.together or name in changed)
        }
        client.call(f"{resource.api}.{writer.verb}", params, resource.create_timeout)
