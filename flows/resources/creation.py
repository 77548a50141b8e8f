"""Creates one resource, so that one remains whoever creates it at the same time.

The platform has no lock, and keeps only some names unique. So after a create it is looked at again. The argument for
each order of events is in docs/decisions/0033-the-elder-stays.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from flows.resources.errors import MadeMeanwhile
from flows.resources.plan import KnownIds, Verb, find, plan_resource, resolved
from flows.resources.resource import Record, Resource
from flows.resources.waiting import Waiting
from flows.resources.writing import Writing, broke_off
from flows.spaceone import AlreadyExists, CallError, Client, NotFound

_PAUSE_SECONDS = 0.5
_YIELD_SECONDS = 10.0
"""How long the elder waits for the younger to be removed, before it gives in: the other release did not see it."""
_PATIENCE_SECONDS = 30.0
"""How long a release waits that can remove nothing. Longer than the above, so that a living elder gives in first."""
_MOST_CREATES = 5
_REMOVE = {"create": "delete", "register": "deregister"}


class Creation:
    """One create, which is carried out when the object is called.

    The object may be called again after an error: it looks up what exists first, and never sends a create a second
    time that may have reached the server.

    Args:
        client: With the token of the resource's scope.
        resource: A resource that did not exist when it was planned.
        ids: Ids of the resources before this one.
        writing: Sends the requests.
        waiting: How another release is waited for.

    Attributes:
        remarks: What somebody else made meanwhile, and what of its own the release removed for it.
    """

    def __init__(
        self, client: Client, resource: Resource, ids: KnownIds, writing: Writing, waiting: Waiting
    ) -> None:
        self._client = client
        self._resource = resource
        self._ids = ids
        self._writing = writing
        self._waiting = waiting
        self._own: str | None = None
        self._removing: CallError | None = None
        self._unclear: CallError | None = None
        self._creates = 0
        self._shows_completeness = True
        self.remarks: tuple[str, ...] = ()

    def __call__(self) -> str:
        """Looks, creates and looks again until one remains.

        Returns:
            The platform's id of the one that remains.

        Raises:
            CallError: the platform rejected a request, or could not be reached.
            MadeMeanwhile: several remain that this release did not make, or the one of somebody else is not as
                declared.
        """
        seen: list[tuple[str, bool]] = []
        since = self._waiting.clock()
        while True:
            now = [(self._id(record), self._is_complete(record)) for record in self._look()]
            if now != seen:
                seen, since = now, self._waiting.clock()
            remaining = self._decide(seen, self._waiting.clock() - since)
            if remaining is not None:
                return remaining

    def _decide(self, seen: Sequence[tuple[str, bool]], waited: float) -> str | None:
        """Takes one step, and returns the id of the one that remains if it is known.

        Args:
            seen: Ids, the elder first, and whether each is complete.
            waited: Seconds for which nothing has changed.
        """
        resource, ids = self._resource, [identity for identity, _ in seen]
        longest = 0.0 if all(complete for _, complete in seen) else resource.create_timeout
        if self._own is not None and self._own not in ids:
            self._wait_for_own(self._own, waited)
        elif not ids:
            return self._create()
        elif ids == [self._own]:
            return self._own
        elif len(ids) == 1:
            if waited >= longest:
                return self._take(ids[0])
            self._wait(f"somebody else is making it ({ids[0]}); waiting for the end of that")
        elif self._own is None:
            if waited >= max(longest, _PATIENCE_SECONDS):
                raise self._several_error(ids)
            self._wait(f"there are {len(ids)} ({', '.join(ids)}); waiting until one remains")
        elif self._own == ids[0] and waited < max(longest, _YIELD_SECONDS):
            self._wait(f"others made it, too ({', '.join(ids[1:])}); waiting until they have removed theirs")
        elif self._own != ids[0] and not seen[0][1] and waited < longest:
            self._wait(f"somebody else is making an elder one ({ids[0]}); waiting for the end of that")
        else:
            self._remove(self._own, ids, waited)
        return None

    def _look(self) -> list[Record]:
        """What is there, each once, the elder first: both sides sort alike."""
        found = {self._id(record): record for record in find(self._client, self._resource, self._ids)}
        return sorted(found.values(), key=lambda each: (str(each.get("created_at") or ""), self._id(each)))

    def _id(self, record: Record) -> str:
        return str(record[self._resource.id_field])

    def _is_complete(self, record: Record) -> bool:
        return not self._shows_completeness or self._resource.complete(record)

    def _wait(self, words: str) -> None:
        self._waiting.tell(f"{self._resource.kind} {self._resource.name}: {words}")
        self._waiting.sleep(_PAUSE_SECONDS)

    def _create(self) -> str | None:
        """Creates it. Returns its id if the platform itself lets nobody make another."""
        resource = self._resource
        if self._unclear is not None:
            raise self._unclear
        if resource.create_params is None or self._creates == _MOST_CREATES:
            raise self._gone_error()
        try:
            params = resource.create_params(resolved(resource.declared, self._ids))
            created = self._writing.send(resource.create_verb, params)
        except CallError as error:
            if error.may_have_arrived:
                self._unclear = error
            # It may have been created, by this call or by somebody else.
            if not (isinstance(error, AlreadyExists) or broke_off(error)) or not self._look():
                raise
            return None
        self._creates += 1
        self._own, self._removing = self._id(created), None
        self._shows_completeness = self._resource.complete(created)
        return self._own if resource.id_field in resource.query else None

    def _take(self, identity: str) -> str | None:
        """Goes on with what somebody else made, if it is as declared; None if that changes at this moment."""
        resource = self._resource
        action = plan_resource(self._client, resource, self._ids)
        if action.verb is not Verb.KEEP:
            if [self._id(record) for record in self._look()] != [identity]:
                return None
            fields = ", ".join(change.name for change in action.changes)
            raise MadeMeanwhile(
                f"Somebody else made {resource.kind} {resource.name} ({identity}) while this release ran, and it is "
                f"not as declared: {action.reason or f'{fields} differ'}",
                "Run the release again: its plan shows what differs",
            )
        if self._unclear is None:
            self._remark(f"somebody else made {identity} meanwhile, as declared")
        return identity

    def _remove(self, own: str, ids: Sequence[str], waited: float) -> None:
        """Removes one's own: whoever uses another one is not disturbed."""
        resource = self._resource
        if self._removing is not None and waited >= _PATIENCE_SECONDS:
            raise self._removing.with_advice(
                f"{len(ids)} exist ({', '.join(ids)}): {own} is of this release, which could not remove it. Remove it "
                "by hand, then run the release again"
            )
        try:
            self._writing.send(_REMOVE[resource.create_verb], {resource.id_field: own})
        except NotFound:
            pass
        except CallError as error:  # somebody may use it: then the others give in
            self._removing = error
            self._wait(f"{own} of this release could not be removed; trying again")
            return
        self._note_removal(own)

    def _note_removal(self, own: str) -> None:
        self._own = self._removing = None
        self._remark(f"removed {own} of this release, because somebody else made one at the same moment")

    def _wait_for_own(self, own: str, waited: float) -> None:
        """One's own is not listed: it was removed, or the platform has not listed it yet."""
        if self._removing is not None:
            self._note_removal(own)
        elif waited >= _PATIENCE_SECONDS:
            self._own = None
            raise self._gone_error()
        else:
            self._wait(f"the platform does not list {own}, which was created; looking again")

    def _remark(self, words: str) -> None:
        self.remarks = (*self.remarks, words)
        self._waiting.tell(f"{self._resource.kind} {self._resource.name}: {words}")

    def _several_error(self, ids: Sequence[str]) -> MadeMeanwhile:
        return MadeMeanwhile(
            f"{len(ids)} of {self._resource.kind} {self._resource.name} were made while this release ran "
            f"({', '.join(ids)})",
            "Remove all but one, then run the release again",
        )

    def _gone_error(self) -> MadeMeanwhile:
        return MadeMeanwhile(
            f"{self._resource.kind} {self._resource.name} was made while this release ran, and is gone again",
            "Let another release of it end first, then run this one again",
        )
