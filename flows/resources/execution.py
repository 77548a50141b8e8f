"""Carries out one action of a plan."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flows.resources.plan import Action, Clients, Ids, Verb, find, plan_resource, resolved
from flows.resources.resource import Record, Resource
from flows.spaceone import AlreadyExists, CallError, PluginStarting, Unreachable

_PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Waiting:
    """How long a plugin's container that starts on the platform is waited for.

    Attributes:
        seconds: How long, from the first call on.
        tell: Receives a line before each further call.
        sleep: Waits for a number of seconds.
        clock: Returns seconds.
    """

    seconds: float = 300.0
    tell: Callable[[str], None] = lambda _line: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class Execution:
    """One action, which is carried out when the object is called.

    The object may be called again after an error: it looks up what exists first, and never sends a request a second
    time that may have reached the server.

    Args:
        clients: One client for each scope.
        action: An action that is not blocked.
        ids: Ids of the resources before this one; the call adds its id.
        on_write: Called after every request that changed something, or that may have, because its answer was unclear.
        waiting: How long a plugin's container that starts is waited for.
    """

    def __init__(
        self,
        clients: Clients,
        action: Action,
        ids: Ids,
        on_write: Callable[[], None] = lambda: None,
        waiting: Waiting = Waiting(),
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
        self._waiting = waiting
        self._waited = False
        self._unclear: CallError | None = None
        self._sent: set[str] = set()

    def __call__(self) -> str:
        """Carries out the action.

        Returns:
            The platform's id of the resource.

        Raises:
            CallError: the platform rejected a request, or could not be reached. After a write without a clear answer,
                the platform's state is read; the error is raised if it is not as declared.
            PluginStarting: the plugin's container still does not answer after the time that it is waited for.
        """
        started = self._waiting.clock()
        while True:
            try:
                return self._carry_out()
            except PluginStarting as error:
                waited = self._waiting.clock() - started
                if waited >= self._waiting.seconds:
                    raise error.with_advice(
                        f"It was tried for {waited:.0f} s. {error.advice} If it only needs longer to start, raise "
                        "`start_seconds` in the environment"
                    ) from None
                self._waiting.tell(
                    f"the platform does not reach the plugin's container yet, which may still start; trying again "
                    f"after {waited:.0f} s of at most {self._waiting.seconds:.0f} s"
                )
                self._waited = True
                self._waiting.sleep(_PAUSE_SECONDS)

    def _carry_out(self) -> str:
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
            if self._waited and not self._differing(
                sent
            ):  # somebody else, or a call that was answered wrongly
                self._sent.add(writer.verb)
                continue
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
        if self._resource.unreadable.intersection(sent) or self._differing(sent):
            raise error

    def _differing(self, sent: Record) -> set[str]:
        """The fields of what was sent that the platform does not hold so."""
        differing = {change.name for change in plan_resource(self._client, self._resource, self._ids).changes}
        return differing.intersection(sent)

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
