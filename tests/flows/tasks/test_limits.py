"""One run at a time for a collector, on a server of Prefect's own test harness."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager

import httpx
import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.states import Running

from flows.steps.subject import Subject
from flows.tasks import limits
from flows.tasks.limits import build_slot, collector_limit, one_at_a_time
from flows.tasks.this_run import rename
from tests.waiting import wait_for

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]

SUBJECT = Subject("release", "here", "limited", "1.0")


@pytest.fixture
def limit():
    name = collector_limit("here", "limited")
    with get_client(sync_client=True) as client:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
        yield
        client.delete_global_concurrency_limit_by_name(name)


@pytest.fixture
def said():
    """What the flow runs log."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logger = logging.getLogger("prefect.flow_runs")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


class Run:
    """A flow run in a thread, which uses the collector until it is told to end."""

    def __init__(self, subject: Subject) -> None:
        self.inside, self.end = threading.Event(), threading.Event()
        self.begun = threading.Event()

        @flow(name="limited")
        def using() -> None:
            rename(subject.title, subject.tags)
            self.begun.set()
            with one_at_a_time(subject):
                self.inside.set()
                assert self.end.wait(120)

        self._thread = threading.Thread(target=using)
        self._thread.start()

    def finish(self) -> None:
        self.end.set()
        self._thread.join()


@pytest.mark.usefixtures("limit")
def test_a_second_run_of_a_collector_waits_and_says_for_whom(said):
    first = Run(SUBJECT)
    assert first.inside.wait(60)
    second = Run(Subject("recollect", "here", "limited"))
    wait_for(lambda: "waiting for release limited 1.0 to here" in said, "the second run to say so")
    assert not second.inside.is_set()
    first.finish()
    assert second.inside.wait(60)
    second.finish()


@pytest.mark.usefixtures("limit")
def test_a_dry_run_and_another_collector_do_not_wait():
    first = Run(SUBJECT)
    assert first.inside.wait(60)
    for subject in (
        Subject("release", "here", "limited", dry_run=True),
        Subject("release", "there", "limited"),
    ):
        other = Run(subject)
        assert other.inside.wait(60)
        other.finish()
    first.finish()


def test_without_a_limit_nothing_waits():
    runs = [Run(SUBJECT), Run(SUBJECT)]
    assert all(run.inside.wait(60) for run in runs)
    for run in runs:
        run.finish()


@pytest.mark.usefixtures("limit")
def test_runs_that_wait_use_a_collector_in_the_order_of_their_arrival():
    first = Run(SUBJECT)
    assert first.inside.wait(60)
    waiting = []
    for _ in range(3):
        waiting.append(Run(SUBJECT))
        assert waiting[-1].begun.wait(60)
    first.finish()
    for position, run in enumerate(waiting):
        assert run.inside.wait(60)
        assert not any(other.inside.is_set() for other in waiting[position + 1 :])
        run.finish()


@pytest.mark.usefixtures("limit")
def test_a_run_that_died_while_it_waited_stops_nobody(monkeypatch):
    monkeypatch.setattr(limits, "GRACE_SECONDS", 2.0)
    with get_client(sync_client=True) as client:
        dead = client.create_flow_run(flow(lambda: None, name="dead"), tags=SUBJECT.tags, state=Running())
        run = Run(SUBJECT)
        assert run.inside.wait(60)
        run.finish()
        client.delete_flow_run(dead.id)


def test_builds_on_one_engine_are_one_at_a_time(said):
    inside, end = threading.Event(), threading.Event()

    @flow(name="building")
    def build(wait: bool) -> None:
        with build_slot("engine-1"):
            inside.set()
            assert not wait or end.wait(120)

    first = threading.Thread(target=build, args=(True,))
    first.start()
    assert inside.wait(60)
    second = threading.Thread(target=build, args=(False,))
    second.start()
    wait_for(lambda: "waiting for another build on this Docker engine" in said, "the second build to say so")
    assert second.is_alive()
    end.set()
    first.join()
    second.join(60)
    assert not second.is_alive()
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name("docker-engine:engine-1").active_slots == 0


@pytest.mark.usefixtures("limit")
def test_a_server_that_refuses_the_limit_is_told_and_not_asked_for_ever(monkeypatch):
    @contextmanager
    def refused(*_: object, **__: object):
        request = httpx.Request("POST", "http://host/increment")
        cause = httpx.HTTPStatusError("no", request=request, response=httpx.Response(403, request=request))
        raise ConcurrencySlotAcquisitionError("refused") from cause
        yield

    monkeypatch.setattr(limits, "concurrency", refused)

    @flow(name="refused")
    def using() -> None:
        with one_at_a_time(SUBJECT):
            pass

    with pytest.raises(ConcurrencySlotAcquisitionError):
        using()


@pytest.mark.usefixtures("limit")
def test_a_limit_that_is_switched_off_meanwhile_is_waited_for_no_longer():
    first = Run(SUBJECT)
    assert first.inside.wait(60)
    second = Run(SUBJECT)
    assert second.begun.wait(60)
    with get_client(sync_client=True) as client:
        off = GlobalConcurrencyLimitUpdate(active=False)
        client.update_global_concurrency_limit(collector_limit("here", "limited"), off)
    assert second.inside.wait(60)
    second.finish()
    first.finish()
