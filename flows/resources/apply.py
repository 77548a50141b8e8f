"""Carries out one action of a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flows.resources.plan import Action, Clients, Ids, Verb, find, resolved
from flows.resources.resource import Record, Resource
from flows.spaceone import AlreadyExists, CallError, Client, DeadlineExceeded, ServerError, Unreachable


def apply(clients: Clients, action: Action, ids: Ids, wrote: Callable[[], None] = lambda: None) -> str:
    """Does what an action says and returns the platform's id of the resource.

    A create is looked up first, so that a second try after a broken connection finds what the first one made
    (an earlier step of the release may have taken minutes since the plan was made).

    Args:
        clients: One client a scope.
        action: Not a blocked one.
        ids: Ids of the resources before this one; its own is added.
        wrote: Called after every call that changed something, or may have: one without a clear answer.

    Raises:
        CallError: the platform refused.
    """
    resource = action.resource
    if resource is None or action.verb is Verb.BLOCKED:
        raise ValueError(
            f"{action.kind} {action.name} cannot be carried out: {action.reason or 'no resource'}"
        )
    client = clients[resource.scope]
    declared = resolved(resource.declared, ids)
    if action.verb is Verb.CREATE:
        identity = _create(client, resource, ids, wrote)
    else:
        identity = str(action.id)
        if action.verb is Verb.UPDATE:
            changed = {change.name for change in action.changes}
            _update(client, resource, identity, declared, changed, wrote)
    ids[resource.key] = identity
    return identity


def _create(client: Client, resource: Resource, ids: Ids, wrote: Callable[[], None]) -> str:
    found = find(client, resource, ids)
    if not found and resource.create_params is not None:
        try:
            params = resource.create_params(resolved(resource.declared, ids))
            created = _write(client, resource, resource.create_verb, params, wrote)
            return str(created[resource.id_field])
        except (AlreadyExists, Unreachable):
            # It may have been made all the same, by this call or by somebody else meanwhile.
            found = find(client, resource, ids)
            if not found:
                raise
    return str(found[0][resource.id_field])


def _update(
    client: Client,
    resource: Resource,
    identity: str,
    declared: Record,
    changed: set[str],
    wrote: Callable[[], None],
) -> None:
    for writer in resource.writers:
        if not changed.intersection(writer.fields):
            continue
        params: dict[str, Any] = {resource.id_field: identity}
        params |= {
            name: declared[name]
            for name in writer.fields
            if name in declared and (writer.together or name in changed)
        }
        _write(client, resource, writer.verb, params, wrote)


def _write(
    client: Client, resource: Resource, verb: str, params: Record, wrote: Callable[[], None]
) -> dict[str, Any]:
    """Sends one call that writes. After a clear refusal nothing was changed; after any other error something may be."""
    try:
        answer = client.call(f"{resource.api}.{verb}", params, resource.create_timeout)
    except CallError as error:
        if isinstance(error, (DeadlineExceeded, Unreachable, ServerError)):
            wrote()
        if secret := sorted(resource.hidden.intersection(params)):
            # Identity 2.x answers a value that its schema does not take with the value itself.
            raise error.without_words(secret, resource.file) from None
        raise
    wrote()
    return answer
