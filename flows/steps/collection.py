"""Collecting: the steps of both a release and a re-collection."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flows.collection import (
    Job,
    Verdict,
    find_rival,
    follow,
    job_tasks,
    judge,
    make_way,
    may_have_met,
    start,
    wait_for_others,
)
from flows.collection.inventory import by_type, cloud_service, cloud_service_type, collected, counts
from flows.images.errors import RegistryError
from flows.manifest import Environment, InvalidField, Manifest
from flows.preview import Preview, default_sort, preview, table
from flows.resources import Resource, Target, declared_resources, find, released
from flows.spaceone import CallError
from flows.steps.catalogue import (
    CHECK_RELEASE,
    COLLECT,
    FIND_COLLECTOR,
    FOLLOW,
    JUDGE,
    READ_INVENTORY,
    SHOW,
    WAIT,
)
from flows.steps.changes import Changes
from flows.steps.errors import NotAsReleased, NothingCollected, NotReleased
from flows.steps.parts import Collected
from flows.steps.plugin_containers import RunningPlugin, last_words, where_to_look
from flows.steps.report import Report
from flows.steps.runner import Runner, Step
from flows.steps.session import Session, open_session, placement_of
from flows.steps.subject import Subject


@dataclass(frozen=True)
class Findings:
    """The resources of a collector in the inventory.

    Attributes:
        by_type: Cloud services by `provider/group/type`.
        columns: Headings, as in the console.
        rows: Some of the resources, one cell for each column.
        first: The first of them, as listed; None if there is none.
        type: The most frequent type, with the layout that the console uses.
    """

    by_type: Mapping[str, int]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first: Mapping[str, Any] | None
    type: Mapping[str, Any] | None

    def summary(self) -> str:
        """Counts by provider, group and type."""
        return ", ".join(f"{count} {name}" for name, count in self.by_type.items()) or "nothing"


def collect(
    session: Session, collector_id: str, plugin: RunningPlugin, runner: Runner, changes: Changes
) -> Collected:
    """Collects once, follows the job to its end, judges it, and reads the collected resources.

    Args:
        session: The environment's services.
        collector_id: The collector.
        plugin: The plugin that it runs, whose last words belong to a failure.
        runner: Runs the steps.
        changes: Notes that something was changed.
    """
    verdict = _judged_job(session, collector_id, plugin, runner, changes)
    reading = partial(findings, session, collector_id)
    found = runner.run(Step(READ_INVENTORY, reading, outcome=Findings.summary))
    shown = None
    if (first := found.first) is not None:

        def show() -> Preview:
            return preview(cloud_service(session.client, first), found.type)

        shown = runner.run(Step(SHOW, show, outcome=Preview.summary))
    return Collected(verdict, found.by_type, found.columns, found.rows, shown)


def _judged_job(
    session: Session, collector_id: str, plugin: RunningPlugin, runner: Runner, changes: Changes
) -> Verdict:
    """Collects, and once more if the job met another one of the collector, whose end it waits for."""
    client = session.client
    runner.run(Step(WAIT, partial(wait_for_others, client, collector_id)))
    first = _one_job(session, collector_id, plugin, runner, changes)
    if (rival := first.rival) is None:
        return first
    words = (
        f"{first.job.job_id} ended as {first.job.status} because {rival.job_id} of the same collector ran, too; "
        "collecting once more after its end"
    )
    runner.output(words)
    waiting = partial(make_way, client, collector_id, first.job, rival)
    runner.run(Step(WAIT, waiting, outcome=lambda _: words))
    second = _one_job(session, collector_id, plugin, runner, changes)
    if second.rival is None:
        return second
    again = f"It was tried twice: {first.job.job_id} met {rival.job_id} before. Who else collects with this collector?"
    return replace(second, failures=(*second.failures, again))


def _one_job(
    session: Session, collector_id: str, plugin: RunningPlugin, runner: Runner, changes: Changes
) -> Verdict:
    client, provider = session.client, plugin.provider

    def begin() -> Job:
        try:
            return start(client, collector_id)
        except CallError as error:
            if error.may_have_arrived:  # without a clear answer, it may have begun
                changes.note()
            raise

    job = runner.run(Step(COLLECT, begin, outcome=_begun))
    changes.note()
    following = partial(follow, client, job, runner.collecting)
    ended = runner.run(Step(FOLLOW, following, outcome=_ended))

    def verdict() -> Verdict:
        tasks = job_tasks(client, ended)
        rival = find_rival(client, collector_id, ended) if may_have_met(ended, tasks) else None
        found = judge(ended, tasks, counts(client, collector_id, provider), provider, rival)
        if found.success or not ended.tasks:
            return found
        lines = last_words(session.environment, plugin, ended.created_at)
        if lines is None:
            return replace(found, failures=(*found.failures, where_to_look(plugin)))
        return replace(found, log=lines)

    return runner.run(Step(JUDGE, verdict, outcome=Verdict.summary))


def _begun(job: Job) -> str:
    return f"{job.job_id}, {job.tasks} {'task' if job.tasks == 1 else 'tasks'}"


def _ended(job: Job) -> str:
    return f"{job.status}, {job.succeeded} of {job.tasks} succeeded"


def findings(session: Session, collector_id: str) -> Findings:
    """Reads the resources of a collector; the table is for its most frequent type."""
    client, types = session.client, by_type(session.client, collector_id)
    layout = cloud_service_type(client, max(types, key=types.__getitem__)) if types else None
    records = collected(client, collector_id, session.generation, default_sort(layout))
    columns, rows = table(records, layout)
    return Findings(types, columns, rows, records[0] if records else None, layout)


def find_collector(session: Session, manifest: Manifest, runner: Runner) -> tuple[dict[str, Any], str]:
    """The platform's record of the manifest's collector, and the plugin's id on the platform.

    Raises:
        NothingCollected: the plugin is no inventory collector.
        NotReleased: there is no such collector, or more than one.
    """
    if not manifest.collects:
        kind = manifest.plugin.plugin_kind(session.generation)
        raise NothingCollected(
            f"The plugin {manifest.plugin.id} is {kind} ({kind.type}): it has no collector, no job and no resources",
            "Look at it where it is used. `pluginctl verify` compares the image that was released last",
        )
    declared = declared_resources(session.generation, manifest, Target(version=""))
    named = {resource.kind: resource for resource in declared}
    plugin_id, collector = named["plugin"].name, named["collector"]
    step = Step(FIND_COLLECTOR, partial(_the_collector, session, collector, plugin_id))
    return runner.run(step), plugin_id


def _the_collector(session: Session, collector: Resource, plugin_id: str) -> dict[str, Any]:
    found = find(session.clients[collector.scope], collector, {})
    name, environment = f"{collector.name!r} with the plugin {plugin_id!r}", session.environment.name
    if not found:
        raise NotReleased(
            f"There is no collector {name} in {environment}",
            f"Release the plugin first: pluginctl release {environment}",
        )
    if len(found) > 1:
        ids = ", ".join(str(record["collector_id"]) for record in found)
        raise NotReleased(
            f"{len(found)} collectors {name} are in {environment} ({ids})", "Remove or rename all but one"
        )
    return found[0]


def check_release(session: Session, manifest: Manifest, version: str, runner: Runner) -> None:
    """Makes sure that the registry's image is the one that was released as `version`.

    A version without a record, and a registry that cannot be asked, do not stop a collection: they show nothing wrong.

    Raises:
        NotAsReleased: it is another one.
    """
    declared = declared_resources(session.generation, manifest, Target(version=""))
    plugin = next(resource for resource in declared if resource.kind == "plugin")

    def check() -> str:
        found = find(session.clients[plugin.scope], plugin, {})
        before = released(found[0]).get(version) if found else None
        if before is None:
            return f"the platform has no record of the release of {version}"
        try:
            with session.registry() as registry:
                placement = placement_of(session, manifest, registry.address)
                digest = registry.manifest_digest(placement.repository, version)
        except (RegistryError, InvalidField) as error:
            return f"not compared: {error.message}"
        if digest != before.digest:
            raise NotAsReleased(version, digest, before.digest)
        return f"{version} is {digest}, as released"

    runner.run(Step(CHECK_RELEASE, check, outcome=str))


def recollect(environment: Environment, manifest: Manifest, runner: Runner) -> Report:
    """Collects again with the collector that a release made.

    Args:
        environment: The environment of the collector.
        manifest: The manifest that declares the collector.
        runner: Runs the steps and receives the results.

    Raises:
        NothingCollected: its plugin is no inventory collector.
        NotReleased: there is no such collector, or more than one.
        NotAsReleased: the image of its version is another one than was released.
        PipelineError: the collection stopped; `changed` says whether the collection may have begun.
    """
    started, changes = time.perf_counter(), Changes()
    subject = Subject("recollect", environment.name, manifest.plugin.id)
    runner.about(subject)
    with changes.mark_errors(), open_session(environment, runner) as session:
        collector, plugin_id = find_collector(session, manifest, runner)
        collector_id = str(collector["collector_id"])
        version = str(collector["plugin_info"].get("version", ""))
        runner.about(replace(subject, version=version))
        check_release(session, manifest, version, runner)
        plugin = RunningPlugin.of(manifest, plugin_id, version)
        collected = collect(session, collector_id, plugin, runner, changes)
    report = Report(
        flow="recollect",
        environment=environment.name,
        generation=str(session.generation),
        plugin_id=plugin_id,
        version=version,
        collector_id=collector_id,
        seconds=time.perf_counter() - started,
        collected=collected,
    )
    runner.finished(report)
    return report
