"""What only one flow run may use at a time: a collector, by a release or a re-collection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import ConcurrencyLeaseHolder, StateType
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger

from flows.steps.subject import Subject
from flows.tasks.this_run import run_id
from flows.text import printable

PREFIX = "collector:"
"""Begins the names of the limits that `pluginctl deploy` makes, one for each collector."""
LEASE_SECONDS = 60.0
"""After so long without a sign of life of the run that holds it, a collector is free."""


def collector_limit(environment: str, plugin_id: str) -> str:
    """The name of the limit that releases and re-collections of one collector share."""
    return f"{PREFIX}{environment}:{plugin_id}"


@contextmanager
def one_at_a_time(subject: Subject) -> Iterator[None]:
    """Waits until no other flow run uses a collector, and keeps others out inside.

    Nothing is waited for on a server without the limit, which `pluginctl deploy` makes, and by a dry run. A server that
    is gone for a while fails no run that has begun.

    Args:
        subject: The collector's plugin and environment.
    """
    name, run = collector_limit(subject.environment, subject.plugin_id), run_id()
    if subject.dry_run or run is None or not _exists(name):
        yield
        return
    holder = ConcurrencyLeaseHolder(type="flow_run", id=run)
    if others := _others(subject, run):
        get_run_logger().info("%s", printable(f"waiting for {' and '.join(others)}"))
    with concurrency(
        name, lease_duration=LEASE_SECONDS, holder=holder, strict=True, raise_on_lease_renewal_failure=False
    ):
        yield


def _exists(name: str) -> bool:
    with get_client(sync_client=True) as client:
        try:
            return client.read_global_concurrency_limit_by_name(name).active
        except ObjectNotFound:
            return False


def _others(subject: Subject, run: UUID) -> list[str]:
    """The names of the other flow runs that may use the collector now."""
    tags = [f"plugin:{subject.plugin_id}", f"environment:{subject.environment}"]
    running = FlowRunFilter.model_validate(
        {
            "tags": {"all_": tags},
            "state": {"type": {"any_": [StateType.RUNNING]}},
            "id": {"not_any_": [run]},
        }
    )
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=running)
    return [each.name for each in found if "dry-run" not in each.tags]
