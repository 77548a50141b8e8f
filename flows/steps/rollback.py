"""Rolling back: the collector runs an older version that was released, and collects. Nothing else is changed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flows.manifest import Environment, Manifest
from flows.resources import Action, Plan, Target, Verb, declared_resources, plan_resources, released
from flows.steps.catalogue import CHECK_RELEASE, PLAN
from flows.steps.changes import Changes
from flows.steps.collection import collect, find_collector
from flows.steps.errors import NotAsReleased, NotReleased, PlanBlocked
from flows.steps.plugin_containers import RunningPlugin
from flows.steps.registration import register
from flows.steps.report import Report
from flows.steps.runner import Runner, Step
from flows.steps.session import Session, open_session, placement_of
from flows.steps.subject import Subject
from flows.steps.verification import Used, find_used


def rollback(
    environment: Environment, manifest: Manifest, version: str, runner: Runner, *, dry_run: bool = False
) -> Report:
    """Moves a collector to a version that was released before, collects and judges.

    A version is named, and not "the one before": so the same call again does the same.

    Args:
        environment: Where it was released.
        manifest: What it was released with; of it, only the collector is written.
        version: The version to run.
        runner: Runs the steps and receives the results.
        dry_run: Whether to stop after the plan.

    Raises:
        NothingCollected: the plugin is no inventory collector.
        NotReleased: there is no such collector, or the version was never released.
        NotAsReleased: the registry has another image under this version.
        PlanBlocked: the collector cannot be changed.
        PipelineError: the rollback stopped; `changed` says whether something was changed before.
    """
    started, changes = time.perf_counter(), Changes()
    runner.about(Subject("rollback", environment.name, manifest.plugin.id, version, dry_run))
    with changes.mark_errors(), open_session(environment, runner) as session:
        held, _ = find_collector(session, manifest, runner)
        used = find_used(session, manifest, runner, str(held["plugin_info"].get("version", "")))
        check = Step(CHECK_RELEASE, lambda: _check(session, manifest, used, version), outcome=str)
        runner.run(check)
        plan = runner.run(
            Step(PLAN, lambda: _plan(session, manifest, version), outcome=lambda plan: plan.summary())
        )
        runner.planned(plan)
        if plan.blocked:
            raise PlanBlocked(plan.blocked)
        collector = plan.action("collector")
        registered = collected = None
        if not dry_run:
            plugin = RunningPlugin.of(manifest, used.plugin_id, version)
            registered = register(session, plan, runner, changes, plugin)
            collected = collect(session, str(collector.id), plugin, runner, changes)
    report = Report(
        flow="rollback",
        environment=environment.name,
        generation=str(session.generation),
        plugin_id=used.plugin_id,
        version=version,
        version_before=used.version,
        collector_id=collector.id,
        seconds=time.perf_counter() - started,
        dry_run=dry_run,
        registered=registered,
        collected=collected,
    )
    runner.finished(report)
    return report


def _check(session: Session, manifest: Manifest, used: Used, version: str) -> str:
    """Makes sure that the registry has the image that was released as the version."""
    before = released(used.plugin)
    if version not in before:
        known = ", ".join(before) or "nothing that the platform has a record of"
        raise NotReleased(
            f"{version} of {used.plugin_id} was never released into {session.environment.name}",
            f"Released there: {known}",
        )
    with session.registry() as registry:
        placement = placement_of(session, manifest, registry.address)
        repository = placement.repository_of(str(used.plugin.get("image", "")))
        digest = registry.manifest_digest(repository, version)
    if digest != before[version].digest:
        raise NotAsReleased(version, digest, before[version].digest)
    return f"{version} is {digest}, as released"


def _plan(session: Session, manifest: Manifest, version: str) -> Plan:
    """What must be done with the collector; all other resources are kept as they are."""
    options: Mapping[str, Any] = session.environment.settings.options_of(
        manifest.plugin_ids | {manifest.plugin.id}
    )
    declared = declared_resources(session.generation, manifest, Target(version, options))
    return Plan(tuple(map(_collector_alone, plan_resources(session.clients, declared))))


def _collector_alone(action: Action) -> Action:
    if action.kind == "collector":
        return action
    return replace(action, verb=Verb.KEEP, changes=(), reason="", notes=())
