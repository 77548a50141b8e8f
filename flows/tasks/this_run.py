"""The flow run that this process carries out, on Prefect's server."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.utilities.urls import url_for

from flows.tasks.outages import record
from flows.text import printable


def get_run() -> FlowRun | None:
    """The run, as the server knew it when it began; None outside of a flow run."""
    context = FlowRunContext.get()
    return context.flow_run if context else None


def rename(name: str, tags: Collection[str]) -> None:
    """Gives the run a name, and adds tags to those of its deployment."""
    run = get_run()
    if run is None:
        return
    run.tags = sorted({*run.tags, *map(printable, tags)})
    number, tags = run.id, run.tags
    with get_client(sync_client=True) as client:
        record(lambda: client.update_flow_run(number, name=printable(name), tags=tags), "The run's name")


def run_id() -> UUID | None:
    """The run's id; None outside of a flow run."""
    run = get_run()
    return run.id if run else None


def is_scheduled() -> bool:
    """Whether a schedule has started the run, and no person."""
    run = get_run()
    return bool(run and run.auto_scheduled)


def links() -> list[tuple[str, str]]:
    """The pages of the run and of its deployment."""
    run = get_run()
    if run is None:
        return []
    pages = [("run", url_for("flow-run", run.id))]
    if run.deployment_id:
        pages.append(("deployment", url_for("deployment", run.deployment_id)))
    return [(name, page) for name, page in pages if page]
