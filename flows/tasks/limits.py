"""What only so many flow runs may use at a time: a collector, and a Docker engine for builds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import ConcurrencyLeaseHolder, FlowRun, StateType
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.logging import get_run_logger

from flows.steps.subject import Subject
from flows.tasks.outages import bridge
from flows.tasks.this_run import run_id
from flows.text import printable

PREFIX = "collector:"
"""Begins the names of the limits that `pluginctl deploy` makes, one for each collector."""
ENGINE_PREFIX = "docker-engine:"
"""Begins the names of the limits of builds, one for each Docker engine."""
LEASE_SECONDS = 60.0
"""After so long without a sign of life of the run that holds it, a collector is free."""
PAUSE_SECONDS = 1.0
"""Between two looks of a run that waits."""
GRACE_SECONDS = 10.0
"""After so long, a run takes a free collector although another run that came before, and may be dead, does not."""


def collector_limit(environment: str, plugin_id: str) -> str:
    """The name of the limit that releases and re-collections of one collector share."""
    return f"{PREFIX}{environment}:{plugin_id}"


@contextmanager
def one_at_a_time(subject: Subject) -> Iterator[None]:
    """Waits until no other flow run uses a collector, and keeps others out inside.

    The runs use it in the order of their arrival. Nothing is waited for on a server without the limit, which `pluginctl
    deploy` makes, and by a run that does not collect. A server that is gone for a while fails no run that has begun.

    Args:
        subject: The collector's plugin and environment.
    """
    name, run = collector_limit(subject.environment, subject.plugin_id), run_id()
    limit = _read(name) if subject.collects else None
    if run is None or limit is None:
        yield
        return
    queue = _Queue(subject, run)
    if others := [each.name for each in queue.others()]:
        get_run_logger().info("%s", printable(f"waiting for {' and '.join(others)}"))
    with ExitStack() as stack:
        _take(stack, name, run, queue.is_first)
        yield


@contextmanager
def build_slot(engine_id: str) -> Iterator[None]:
    """Waits until a Docker engine may do one more build for a flow run, and counts this one inside.

    The first build makes the limit, of one; somebody who wants more at a time raises it in Prefect.

    Args:
        engine_id: The engine's own id, the same for all workers that use it.
    """
    name, run = f"{ENGINE_PREFIX}{engine_id}", run_id()
    if run is None:
        yield
        return
    limit = _read(name)
    if limit is None:
        with suppress(ObjectAlreadyExists), get_client(sync_client=True) as client:
            one = GlobalConcurrencyLimitCreate(name=name, limit=1)
            bridge(lambda: client.create_global_concurrency_limit(one))
    elif limit.is_full:
        get_run_logger().info("waiting for another build on this Docker engine")
    with ExitStack() as stack:
        _take(stack, name, run, lambda: True)
        yield


def _take(stack: ExitStack, name: str, run: UUID, is_first: Callable[[], bool]) -> None:
    """Waits for a slot of a limit, and holds it until the stack is left.

    A limit that somebody removes, or switches off, is not waited for.

    Raises:
        ConcurrencySlotAcquisitionError: the server refuses it for another reason than that there is no free slot.
    """
    free_seconds = 0.0
    while (limit := _read(name)) is not None:
        if limit.is_full:
            free_seconds = 0.0
        elif is_first() or free_seconds >= GRACE_SECONDS:
            try:
                stack.enter_context(
                    concurrency(
                        name,
                        max_retries=0,
                        lease_duration=LEASE_SECONDS,
                        holder=ConcurrencyLeaseHolder(type="flow_run", id=run),
                        strict=True,
                        raise_on_lease_renewal_failure=False,
                    )
                )
            except ConcurrencySlotAcquisitionError as error:
                answer = getattr(error.__cause__, "response", None)  # none: the server did not answer
                if answer is not None and answer.status_code != HTTPStatus.LOCKED:
                    raise
            else:
                return
        else:
            free_seconds += PAUSE_SECONDS
        time.sleep(PAUSE_SECONDS)


@dataclass(frozen=True)
class _Limit:
    is_full: bool


def _read(name: str) -> _Limit | None:
    """An active limit; None if there is none of that name."""
    with get_client(sync_client=True) as client:
        try:
            limit = bridge(lambda: client.read_global_concurrency_limit_by_name(name))
        except ObjectNotFound:
            return None
    return _Limit(limit.active_slots >= limit.limit) if limit.active else None


class _Queue:
    """The flow runs that use one collector, or wait for it, in the order of their arrival."""

    def __init__(self, subject: Subject, run: UUID) -> None:
        self._run = run
        self._tags = [f"plugin:{subject.plugin_id}", f"environment:{subject.environment}"]

    def is_first(self) -> bool:
        """Whether no other run has arrived before."""
        runs = self._read()
        return not runs or min(runs, key=_arrival).id == self._run

    def others(self) -> list[FlowRun]:
        """The other runs that may use the collector now."""
        return [each for each in self._read() if each.id != self._run]

    def _read(self) -> list[FlowRun]:
        running = FlowRunFilter.model_validate(
            {"tags": {"all_": self._tags}, "state": {"type": {"any_": [StateType.RUNNING]}}}
        )
        with get_client(sync_client=True) as client:
            found = bridge(lambda: client.read_flow_runs(flow_run_filter=running))
        return [each for each in found if "dry-run" not in each.tags]


def _arrival(run: FlowRun) -> tuple[float, float, str]:
    """A scheduled run arrives at its time; one that a person starts, when it is created."""
    created = run.created.timestamp() if run.created else 0.0
    due = run.expected_start_time.timestamp() if run.expected_start_time else created
    return due, created, str(run.id)
