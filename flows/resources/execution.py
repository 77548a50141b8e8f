"""Carries out one action of a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flows.resources.plan import Action, Clients, Ids, Verb, find, plan_resource, resolved
from flows.resources.resource import Record, Resource
from flows.spaceone import AlreadyExists, CallError, Unreachable


class Execution:
    """One action, which is carried out when the object is called.

    The object may be called again after an error: it looks up what exists first, and never sends a request a second
    time that may have reached the server.

    Args:
        clients: One client for each scope.
        action: An action that is not blocked.
        ids: Ids of the resources before this one; the call adds its id.
        on_write: Called after every request that changed something, or that may have, because its answer was unclear.
    """

    def __init__(
        self, clients: Clients, action: Action, ids: Ids, on_write: Callable[[], None] = lambda: None
    ) -> None:
        if action.resource is None or action.verb is Verb.BLOCKED:
            raise ValueError(
                f"{action.kind} {action.name} cannot be carried out: {action.reason or 'no resource'}"
            )
        self._action = action
        self._resource: Resource = action.resource
        self._client = clients[action.resource.scope]
        self._ids = ids
        self._on_write = on_write
        self._unclear: CallError | None = None
        self._sent: set[str] = set()

    def __call__(self) -> str:
        """Carries out the action.

        Returns:
            The platform's id of the resource.

        Raises:
            CallError: the platform rejected a request, or could not be reached. After a write without a clear answer,
                the platform's state is read; the error is raised if it is not as declared.
        """
        if self._action.verb is Verb.CREATE:
            identity = self._create()
        else:
            identity = str(self._action.id)
            if self._action.verb is Verb.UPDATE:
                self._update(identity)
        self._ids[self._resource.key] = identity
        return identity

    def _create(self) -> str:
        resource = self._resource
        found = find(self._client, resource, self._ids)
        if not found and self._unclear is not None:
            raise self._unclear
        if not found and resource.create_params is not None:
            try:
                params = resource.create_params(resolved(resource.declared, self._ids))
                created = self._write(resource.create_verb, params)
                return str(created[resource.id_field])
            except CallError as error:
                self._note(error)
                if not (isinstance(error, AlreadyExists) or _broke_off(error)):
                    raise
                # It may have been created, by this call or by somebody else.
                found = find(self._client, resource, self._ids)
                if not found:
                    raise
        return str(found[0][resource.id_field])

    def _update(self, identity: str) -> None:
        changed = {change.name for change in self._action.changes}
        declared = resolved(self._resource.declared, self._ids)
        for writer in self._resource.writers:
            if writer.verb in self._sent or not changed.intersection(writer.fields):
                continue
            sent = {
                name: declared[name]
                for name in writer.fields
                if name in declared and (writer.together or name in changed)
            }
            if self._unclear is None:
                try:
                    self._write(writer.verb, {self._resource.id_field: identity, **self._preserving(sent)})
                except CallError as error:
                    self._note(error)
                    if not _broke_off(error):
                        raise
            if self._unclear is not None:
                self._confirm(sent, self._unclear)
                self._unclear = None
            self._sent.add(writer.verb)

    def _preserving(self, sent: Record) -> Record:
        """What is sent, with the keys that the platform's record has and an update must not remove."""
        own = {name: key for name, key in self._resource.preserved.items() if name in sent}
        found = find(self._client, self._resource, self._ids) if own else []
        kept = {
            name: {**(sent[name] or {}), key: found[0][name][key]}
            for name, key in own.items()
            if found and key in (found[0].get(name) or {})
        }
        return {**sent, **kept}

    def _note(self, error: CallError) -> None:
        if error.may_have_arrived:
            self._unclear = error

    def _confirm(self, sent: Record, error: CallError) -> None:
        """Raises the error of a write again, unless the platform holds what was sent."""
        differing = {change.name for change in plan_resource(self._client, self._resource, self._ids).changes}
        if self._resource.unreadable.intersection(sent) or differing.intersection(sent):
            raise error

    def _write(self, verb: str, params: Record) -> dict[str, Any]:
        """Sends one request that writes. Only a clear rejection means that nothing was changed."""
        resource = self._resource
        try:
            answer = self._client.call(f"{resource.api}.{verb}", params, resource.create_timeout)
        except CallError as error:
            if error.may_have_arrived:
                self._on_write()
            if secret := sorted(resource.hidden.intersection(params)):
                # The error of identity 2.x quotes a value that does not fit its schema.
                raise error.without_server_text(secret, resource.file) from None
            raise
        self._on_write()
        return answer


def _broke_off(error: CallError) -> bool:
    """Whether the connection broke after the server may have received the request: the result can be read at once."""
    return isinstance(error, Unreachable) and error.may_have_arrived
