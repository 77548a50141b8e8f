"""Carries out one action of a plan."""

from __future__ import annotations

from collections.abc import Callable

from flows.resources.creation import Creation
from flows.resources.plan import Action, Clients, Ids, Verb, find, plan_resource, resolved
from flows.resources.resource import Record, Resource
from flows.resources.waiting import USUAL, Waiting
from flows.resources.writing import Writing, broke_off
from flows.spaceone import CallError, PluginStarting

_PAUSE_SECONDS = 5.0


class Execution:
    """One action, which is carried out when the object is called.

    The object may be called again after an error: it looks up what exists first, and never sends a request a second
    time that may have reached the server.

    Args:
        clients: One client for each scope.
        action: An action that is not blocked.
        ids: Ids of the resources before this one; the call adds its id.
        on_write: Called after every request that changed something, or that may have, because its answer was unclear.
        waiting: How a plugin's container that starts is waited for, and another release.
    """

    def __init__(
        self,
        clients: Clients,
        action: Action,
        ids: Ids,
        on_write: Callable[[], None] = lambda: None,
        waiting: Waiting = USUAL,
    ) -> None:
        if action.resource is None or action.verb is Verb.BLOCKED:
            raise ValueError(
                f"{action.kind} {action.name} cannot be carried out: {action.reason or 'no resource'}"
            )
        self._action = action
        self._resource: Resource = action.resource
        self._client = clients[action.resource.scope]
        self._ids = ids
        self._writing = Writing(self._client, self._resource, on_write)
        self._creation = Creation(self._client, self._resource, ids, self._writing, waiting)
        self._waiting = waiting
        self._waited = False
        self._unclear: CallError | None = None
        self._sent: set[str] = set()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What somebody else made meanwhile, and what of its own a create removed for it."""
        return self._creation.remarks

    def __call__(self) -> str:
        """Carries out the action.

        Returns:
            The platform's id of the resource.

        Raises:
            CallError: the platform rejected a request, or could not be reached. After a write without a clear answer,
                the platform's state is read; the error is raised if it is not as declared.
            PluginStarting: the plugin's container still does not answer after the time that it is waited for.
            MadeMeanwhile: somebody else made it at the same time, and the action cannot go on with that.
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
            identity = self._creation()
        else:
            identity = str(self._action.id)
            if self._action.verb is Verb.UPDATE:
                self._update(identity)
        self._ids[self._resource.key] = identity
        return identity

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
                    self._writing.send(
                        writer.verb, {self._resource.id_field: identity, **self._preserving(sent)}
                    )
                except CallError as error:
                    if error.may_have_arrived:
                        self._unclear = error
                    if not broke_off(error):
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

    def _confirm(self, sent: Record, error: CallError) -> None:
        """Raises the error of a write again, unless the platform holds what was sent."""
        if self._resource.unreadable.intersection(sent) or self._differing(sent):
            raise error

    def _differing(self, sent: Record) -> set[str]:
        """The fields of what was sent that the platform does not hold so."""
        differing = {change.name for change in plan_resource(self._client, self._resource, self._ids).changes}
        return differing.intersection(sent)
