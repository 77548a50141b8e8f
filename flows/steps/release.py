"""The release: from a plugin's source to collected resources."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from flows.images import ImageReference, ImageState, ImageStatus, PluginSource, Registry, compare
from flows.manifest import Environment, Manifest
from flows.resources import (
    Plan,
    Resource,
    Target,
    declared_resources,
    plan_resources,
)
from flows.spaceone import UnknownField
from flows.steps.changes import Changes
from flows.steps.collection import collected_report
from flows.steps.delivery import deliver, image_action, read_source
from flows.steps.errors import PlanBlocked
from flows.steps.registration import check_endpoints, register
from flows.steps.report import ImageReport, Report
from flows.steps.runner import Runner, Step
from flows.steps.session import Session, open_session

#: What a plugin needs to be listed, so that others make collectors with it.
PUBLISHED = frozenset({"repository", "schema", "provider", "plugin"})


@dataclass(frozen=True)
class ReleaseRequest:
    """What is released, and where to.

    Attributes:
        environment: As its file says.
        source: The plugin source's folder.
        manifest: The manifest's folder.
        dry_run: Whether to stop after the plan.
        publish_only: Whether to stop when the plugin is registered, with what it needs to be listed: no project,
            service account or collector, and no collection.
        parameters: Fields that are stronger than the manifest's, each `KIND.FIELD=VALUE`; they may hold secrets.
    """

    environment: Environment
    source: Path
    manifest: Path
    dry_run: bool = False
    publish_only: bool = False
    parameters: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class _Planned:
    plan: Plan
    image: ImageState


def release(request: ReleaseRequest, runner: Runner, changes: Changes | None = None) -> Report:
    """Plans a release, carries it out, collects and judges.

    Args:
        request: What, and where to.
        runner: Runs the steps and is told what comes out.
        changes: Told when the first thing is changed.

    Returns:
        The report. A failed verdict is in it, not an exception.

    Raises:
        ManifestError, ImageError, SpaceoneError, PlanBlocked: what stopped it.
    """
    started = time.perf_counter()
    changes = changes or Changes()
    manifest = Manifest.load(request.manifest, request.parameters)
    build_args = request.environment.settings.build.args
    source = read_source(request.source, build_args, runner)
    with open_session(request.environment) as session, session.registry() as registry:
        reference = ImageReference(registry.address, manifest.plugin.image, source.version)
        settings = request.environment.settings
        target = Target(source.version, settings.registry.type, settings.plugin_options)
        declared = declared_resources(session.generation, manifest, target)
        if request.publish_only:
            declared = [resource for resource in declared if resource.kind in PUBLISHED]
        called = [resource.api.split(".")[0] for resource in declared]
        services = check_endpoints(session, called, runner)
        plan = partial(_plan, session, declared, source, registry, reference)
        planned = runner.run(Step("plan", plan, retries=2, timeout=300, outcome=_summary))
        runner.planned(planned.plan)
        if planned.plan.blocked and not request.dry_run:
            raise PlanBlocked(planned.plan.blocked)
        image = ImageReport(
            str(reference),
            planned.image.digest,
            source.digest,
            source.revision,
            base=source.base(build_args),
            contents=source.contents,
        )
        report = Report(
            flow="release",
            environment=session.environment.name,
            generation=str(session.generation),
            plugin_id=planned.plan.action("plugin").name,
            version=source.version,
            image=image,
            actions=planned.plan.actions,
            collector_id=None if request.publish_only else planned.plan.action("collector").id,
            verdict=None,
            services=services,
            dry_run=request.dry_run,
        )
        if request.dry_run:
            return dataclasses.replace(report, seconds=time.perf_counter() - started)
        if planned.image.status is ImageStatus.ABSENT:
            delivery = deliver(source, reference, registry, build_args, runner, changes)
            image = dataclasses.replace(
                image,
                digest=delivery.digest,
                login=delivery.login,
                built=delivery.image,
                trial=delivery.trial,
            )
            report = dataclasses.replace(report, image=image)
        ids, listings = register(session, planned.plan, runner, changes)
        report = dataclasses.replace(report, listings=listings)
        if not request.publish_only:
            collector_id = ids["collector", manifest.collector.name]
            report = dataclasses.replace(report, collector_id=collector_id)
            report = collected_report(session, report, manifest.provider.provider, runner, changes)
    report = dataclasses.replace(report, seconds=time.perf_counter() - started)
    runner.finished(report)
    return report


def _summary(planned: _Planned) -> str:
    return planned.plan.summary()


def _plan(
    session: Session,
    declared: list[Resource],
    source: PluginSource,
    registry: Registry,
    reference: ImageReference,
) -> _Planned:
    state = compare(source, registry, reference)
    try:
        resources = plan_resources(session.clients, declared)
    except UnknownField as error:
        words = f"{error.message} It speaks SpaceONE {session.generation}."
        raise UnknownField(words, error.field, error.advice) from error
    return _Planned(Plan((image_action(state, source), *resources)), state)
