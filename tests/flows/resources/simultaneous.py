"""Several releases at once, one call at a time and in an order that a test chooses, on one platform in memory."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from flows.errors import PipelineError
from flows.resources.creation import Creation
from flows.resources.resource import Resource
from flows.resources.waiting import Waiting
from flows.resources.writing import Writing
from flows.spaceone.advice import from_details

PROJECT = Resource(
    kind="project",
    name="P",
    file="create_project.yaml",
    api="identity.Project",
    id_field="project_id",
    query={"name": "P"},
    declared={},
    create_params=lambda _: {"name": "P"},
)
_PATIENCE = 30.0


class Killed(BaseException):
    """The process of a release is gone."""


class Stage:
    """Lets one thread run at a time. Time passes only where all wait.

    Args:
        choose: Is given the names that can go on, and returns the next, or a name and seconds for which it waits.
    """

    def __init__(self, choose: Callable[[list[str]], str | tuple[str, float]]) -> None:
        self.now = 0.0
        self._choose = choose
        self._wakes: dict[str, float] = {}
        self._turns: dict[str, threading.Semaphore] = {}
        self._handed_back = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []
        self.killed: set[str] = set()

    def add(self, name: str, function: Callable[[], None]) -> None:
        """Adds a thread, which begins when it is chosen."""
        self._wakes[name], self._turns[name] = 0.0, threading.Semaphore(0)

        def run() -> None:
            self._turns[name].acquire(timeout=_PATIENCE)
            try:
                function()
            finally:
                del self._wakes[name]
                self._handed_back.release()

        self._threads.append(threading.Thread(target=run, name=name))

    def give_way(self, seconds: float = 0.0) -> None:
        """Lets others go on, for some time."""
        name = threading.current_thread().name
        self._wakes[name] = self.now + seconds
        self._handed_back.release()
        assert self._turns[name].acquire(timeout=_PATIENCE)
        if name in self.killed:
            raise Killed

    def run(self) -> None:
        """Runs all to their end."""
        for thread in self._threads:
            thread.start()
        while self._wakes:
            self.now = max(self.now, min(self._wakes.values()))
            able = sorted(name for name, wakes in self._wakes.items() if wakes <= self.now)
            chosen = self._choose(able)
            if isinstance(chosen, tuple):
                self._wakes[chosen[0]] = self.now + chosen[1]
                continue
            self._turns[chosen].release()
            assert self._handed_back.acquire(timeout=_PATIENCE)
        for thread in self._threads:
            thread.join(_PATIENCE)


@dataclass
class Platform:
    """Keeps projects; each call begins, takes effect and is answered in a moment of its own.

    Attributes:
        skews: By release: seconds by which the clock of the server that answers it differs.
        refuses: Releases that may not delete.
        uses: Ids that cannot be deleted because something depends on them.
    """

    stage: Stage
    records: dict[str, dict[str, object]] = field(default_factory=dict)
    skews: dict[str, float] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    writes: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    def check(self, method: str, params: object) -> None:
        """Takes everything."""

    def list(self, method: str, params: object) -> list[dict[str, object]]:
        self.stage.give_way()
        found = [dict(record) for record in self.records.values()]
        self.stage.give_way()
        return found

    def call(self, method: str, params: dict[str, str], timeout: float) -> dict[str, object]:
        verb, who = method.rpartition(".")[2], threading.current_thread().name
        self.stage.give_way()
        if verb == "create":
            identity, at = f"{who}-{next(self._numbers)}", self.stage.now + self.skews.get(who, 0.0)
            moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
            answer = {"project_id": identity, "created_at": moment.isoformat(), **params}
            self.stage.give_way()  # the moment is written down before the record is stored
            self.records[identity] = answer
        else:
            identity, answer = params["project_id"], {}
            if identity not in self.records:
                raise from_details(method, "grpc://x:1", "NOT_FOUND", "ERROR_NOT_FOUND: gone")
            if who in self.refuses:
                raise from_details(
                    method, "grpc://x:1", "PERMISSION_DENIED", "ERROR_PERMISSION_DENIED: no role"
                )
            if identity in self.uses:
                raise from_details(method, "grpc://x:1", "INTERNAL", "ERROR_EXIST_RESOURCE: an account")
            del self.records[identity]
        self.writes.append((who, verb, identity))
        self.stage.give_way()
        return dict(answer)


@dataclass
class Outcome:
    """What became of all.

    Attributes:
        left: Ids that remain, sorted.
        took: By release: the id that it goes on with.
        errors: By release: what stopped it.
        removed: By release: what it removed.
        said: By release: what it told.
        seconds: When the last one ended.
    """

    left: list[str]
    took: dict[str, str]
    errors: dict[str, Exception]
    removed: dict[str, list[str]]
    said: dict[str, list[str]]
    seconds: float


def release_at_once(
    names: str,
    choose: Callable[[list[str]], str | tuple[str, float]],
    resource: Resource = PROJECT,
    prepare: Callable[[Platform], None] = lambda _platform: None,
) -> Outcome:
    """Creates one resource in several releases at once.

    Args:
        names: A letter for each release.
        choose: See `Stage`.
        resource: What they create.
        prepare: Changes the platform before.
    """
    stage = Stage(choose)
    platform = Platform(stage)
    prepare(platform)
    took: dict[str, str] = {}
    errors: dict[str, Exception] = {}
    said: dict[str, list[str]] = {name: [] for name in names}

    def release(name: str) -> None:
        waiting = Waiting(300.0, said[name].append, stage.give_way, lambda: stage.now)
        client: Any = platform  # a stand-in that has what they call
        writing = Writing(client, resource, lambda: None)
        try:
            took[name] = Creation(client, resource, {}, writing, waiting)()
        except Killed:
            pass
        except PipelineError as error:
            errors[name] = error

    for name in names:
        stage.add(name, partial(release, name))
    stage.run()
    removed = {
        name: [of for who, verb, of in platform.writes if (who, verb) == (name, "delete")] for name in names
    }
    return Outcome(sorted(platform.records), took, errors, removed, said, stage.now)
