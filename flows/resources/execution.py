"""Carries out one action of a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flows.resources.plan import Action, Clients, Ids, Verb, find, plan_resource, resolved
from flows.resources.resource import Record, Resource
from flows.spaceone import AlreadyExists, CallError, Unreachable


class Execution:
    """One action, carried out when it is called.

    A call that fails may be repeated: what is there is looked up first, and a request that may have reached the server
    is never sent a second time.

    Args:
        clients: One client a scope.
        action: Not a blocked one.
        ids: Ids of the resources before this one; its own is added.
        on_write: Called after every call that changed something, or may have: one without a clear answer.
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
        """Does what the action says.

        Returns:
            The platform's id of the resource.

        Raises:
            CallError: the platform refused, or could not be reached. After a write without a clear answer the
                platform is asked what it holds; that error is raised where it does not hold what was declared.
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
                # It may have been made all the same, by this call or by somebody else meanwhile.
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
                    self._write(writer.verb, {self._resource.id_field: identity, **sent})
                except CallError as error:
                    self._note(error)
                    if not _broke_off(error):
                        raise
            if self._unclear is not None:
                self._confirm(sent, self._unclear)
                self._unclear = None
            self._sent.add(writer.verb)

    def _note(self, error: CallError) -> None:
        if error.may_have_arrived:
            self._unclear = error

    def _confirm(self, sent: Record, error: CallError) -> None:
        """Raise the error of a write again unless the platform is seen to hold what was sent."""
        differing = {change.name for change in plan_resource(self._client, self._resource, self._ids).changes}
        if self._resource.unreadable.intersection(sent) or differing.intersection(sent):
            raise error

    def _write(self, verb: str, params: Record) -> dict[str, Any]:
        """Sends one call that writes. Only a clear refusal means that nothing was changed."""
        resource = self._resource
        try:
            answer = self._client.call(f"{resource.api}.{verb}", params, resource.create_timeout)
        except CallError as error:
            if error.may_have_arrived:
                self._on_write()
            if secret := sorted(resource.hidden.intersection(params)):
                # Identity 2.x answers a value that its schema does not take with the value itself.
                raise error.without_server_text(secret, resource.file) from None
            raise
        self._on_write()
        return answer


def _broke_off(error: CallError) -> bool:
    """Whether the connection broke while the server may have been at it: what it did can be looked up at once."""
    return isinstance(error, Unreachable) and error.may_have_arrived
