"""Collecting: the steps that a release and a re-collection share."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flows.collection import Job, Verdict, follow, job_tasks, judge, start, wait_for_others
from flows.collection.inventory import by_type, cloud_service, cloud_service_type, collected, counts
from flows.manifest import Environment, Manifest
from flows.preview import Preview, default_sort, preview, table
from flows.resources import Resource, Target, declared_resources, find
from flows.steps.changes import Changes
from flows.steps.errors import NotReleased
from flows.steps.report import Report
from flows.steps.runner import Runner, Step
from flows.steps.session import Session, open_session


@dataclass(frozen=True)
class Findings:
    """What the inventory holds of a collector.

    Attributes:
        by_type: Cloud services by `provider/group/type`.
        columns: Headings, as the console would have them.
        rows: Some of the resources, a cell a column.
        first: The first of them, as it is listed; None where there is none.
        type: The type of most of them, with the layout that the console draws them by.
    """

    by_type: Mapping[str, int]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first: Mapping[str, Any] | None
    type: Mapping[str, Any] | None

    def words(self) -> str:
        """Counts by provider, group and type."""
        return ", ".join(f"{count} {name}" for name, count in self.by_type.items()) or "nothing"


def collect_and_judge(
    session: Session, collector_id: str, provider: str, runner: Runner, changes: Changes
) -> Verdict:
    """Collects once, follows the job to its end, and judges it."""
    client = session.client
    runner.run(Step("wait for a running job", partial(wait_for_others, client, collector_id), retries=2))
    # No retries: a second collect cancels the first one's job. Without an answer it may have begun all the same.
    changes.write()
    job = runner.run(Step("collect", partial(start, client, collector_id), outcome=_begun))
    following = partial(follow, client, job, runner.collecting)
    ended = runner.run(Step("follow the job", following, retries=2, outcome=_ended))

    def verdict() -> Verdict:
        return judge(ended, job_tasks(client, ended), counts(client, collector_id, provider), provider)

    return runner.run(Step("judge", verdict, retries=2, outcome=Verdict.words))


def _begun(job: Job) -> str:
    return f"{job.job_id}, {job.tasks} {'task' if job.tasks == 1 else 'tasks'}"


def _ended(job: Job) -> str:
    return f"{job.status}, {job.succeeded} of {job.tasks} succeeded"


def findings(session: Session, collector_id: str) -> Findings:
    """Reads what a collector brought in; the table is that of its most frequent type."""
    client, types = session.client, by_type(session.client, collector_id)
    layout = cloud_service_type(client, max(types, key=types.__getitem__)) if types else None
    records = collected(client, collector_id, session.generation, default_sort(layout))
    columns, rows = table(records, layout)
    return Findings(types, columns, rows, records[0] if records else None, layout)


def collected_report(
    session: Session, report: Report, provider: str, runner: Runner, changes: Changes
) -> Report:
    """Collects with a report's collector; the report with the verdict and what came in."""
    collector_id = str(report.collector_id)
    verdict = collect_and_judge(session, collector_id, provider, runner, changes)
    reading = partial(findings, session, collector_id)
    found = runner.run(Step("read the inventory", reading, retries=2, outcome=Findings.words))
    shown = None
    if (first := found.first) is not None:

        def show() -> Preview:
            return preview(cloud_service(session.client, first), found.type)

        shown = runner.run(Step("show a resource", show, retries=2, outcome=Preview.summary))
    return dataclasses.replace(
        report,
        verdict=verdict,
        by_type=found.by_type,
        columns=found.columns,
        rows=found.rows,
        preview=shown,
    )


def find_collector(session: Session, manifest: Manifest, runner: Runner) -> tuple[dict[str, Any], str]:
    """The platform's record of the manifest's collector, and the plugin's id there.

    Raises:
        NotReleased: there is no such collector, or more than one.
    """
    declared = declared_resources(session.generation, manifest, Target(version=""))
    named = {resource.kind: resource for resource in declared}
    plugin_id, collector = named["plugin"].name, named["collector"]
    step = Step("find collector", partial(_the_collector, session, collector, plugin_id), retries=2)
    return runner.run(step), plugin_id


def _the_collector(session: Session, collector: Resource, plugin_id: str) -> dict[str, Any]:
    found = find(session.clients[collector.scope], collector, {})
    name, environment = f"{collector.name!r} with the plugin {plugin_id!r}", session.environment.name
    if not found:
        raise NotReleased(
            f"There is no collector {name} in {environment}. Release the plugin first: pluginctl release {environment}"
        )
    if len(found) > 1:
        ids = ", ".join(str(record["collector_id"]) for record in found)
        raise NotReleased(
            f"{len(found)} collectors {name} are in {environment} ({ids}): remove or rename all but one."
        )
    return found[0]


def recollect(
    environment: Environment, manifest: Manifest, runner: Runner, changes: Changes | None = None
) -> Report:
    """Collects again with the collector that a release made.

    Args:
        environment: Where.
        manifest: That the collector was made from.
        runner: Runs the steps and is told what comes out.
        changes: Told when the collection is started.

    Raises:
        NotReleased: there is no such collector, or more than one.
        SpaceoneError: what stopped it.
    """
    started = time.perf_counter()
    with open_session(environment) as session:
        record, plugin_id = find_collector(session, manifest, runner)
        report = Report(
            flow="recollect",
            environment=environment.name,
            generation=str(session.generation),
            plugin_id=plugin_id,
            version=str(record["plugin_info"].get("version", "")),
            image=None,
            actions=(),
            collector_id=str(record["collector_id"]),
            verdict=None,
        )
        report = collected_report(session, report, manifest.provider.provider, runner, changes or Changes())
    report = dataclasses.replace(report, seconds=time.perf_counter() - started)
    runner.finished(report)
    return report
