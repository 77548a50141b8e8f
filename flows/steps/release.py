"""The release: from a plugin's source to collected resources."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from flows.images import (
    Engine,
    ImageReference,
    ImageState,
    ImageStatus,
    PluginSource,
    PushUnverified,
    Registry,
    compare,
)
from flows.manifest import Environment, Manifest
from flows.resources import (
    Action,
    FieldChange,
    Ids,
    Plan,
    Target,
    Verb,
    apply,
    declared_resources,
    plan_resources,
)
from flows.spaceone import UnknownField
from flows.steps.collection import collected_report
from flows.steps.errors import PlanBlocked
from flows.steps.progress import Progress
from flows.steps.report import ImageReport, Report
from flows.steps.runner import Runner, Step, is_lost
from flows.steps.session import Session, open_session

_VERBS = {
    ImageStatus.ABSENT: Verb.CREATE,
    ImageStatus.SAME: Verb.KEEP,
    ImageStatus.CONFLICT: Verb.BLOCKED,
    ImageStatus.UNLABELLED: Verb.BLOCKED,
}


@dataclass(frozen=True)
class ReleaseRequest:
    """What is released, and where to.

    Attributes:
        environment: As its file says.
        source: The plugin source's folder.
        manifest: The manifest's folder.
        dry_run: Whether to stop after the plan.
        parameters: Fields that are stronger than the manifest's, each `KIND.FIELD=VALUE`; they may hold secrets.
    """

    environment: Environment
    source: Path
    manifest: Path
    dry_run: bool = False
    parameters: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class _Planned:
    plan: Plan
    image: ImageState


def release(request: ReleaseRequest, runner: Runner, progress: Progress | None = None) -> Report:
    """Plans a release, carries it out, collects and judges.

    Args:
        request: What, and where to.
        runner: Runs the steps and is told what comes out.
        progress: Told when the first thing is changed.

    Returns:
        The report. A failed verdict is in it, not an exception.

    Raises:
        ManifestError, ImageError, SpaceoneError, PlanBlocked: what stopped it.
    """
    started = time.perf_counter()
    progress = progress or Progress()
    manifest = Manifest.load(request.manifest, request.parameters)
    source = PluginSource.load(request.source)
    with open_session(request.environment) as session, session.registry() as registry:
        reference = ImageReference(registry.address, manifest.plugin.image, source.version)
        planned = runner.run(
            Step(
                "plan", partial(_plan, session, manifest, source, registry, reference), retries=2, timeout=300
            )
        )
        runner.planned(planned.plan)
        if planned.plan.blocked and not request.dry_run:
            raise PlanBlocked(planned.plan.blocked)
        image = ImageReport(str(reference), planned.image.digest, source.digest, source.revision)
        report = Report(
            flow="release",
            environment=session.environment.name,
            generation=str(session.generation),
            plugin_id=planned.plan.action("plugin").name,
            version=source.version,
            image=image,
            actions=planned.plan.actions,
            collector_id=planned.plan.action("collector").id,
            verdict=None,
            dry_run=request.dry_run,
        )
        if request.dry_run:
            return dataclasses.replace(report, seconds=time.perf_counter() - started)
        if planned.image.status is ImageStatus.ABSENT:
            digest = _deliver(session, source, registry, reference, runner, progress)
            report = dataclasses.replace(report, image=dataclasses.replace(image, digest=digest))
        ids = _register(session, planned.plan, runner, progress)
        report = dataclasses.replace(report, collector_id=ids["collector", manifest.collector.name])
        report = collected_report(session, report, manifest.provider.provider, runner, progress)
    report = dataclasses.replace(report, seconds=time.perf_counter() - started)
    runner.finished(report)
    return report


def _deliver(
    session: Session,
    source: PluginSource,
    registry: Registry,
    reference: ImageReference,
    runner: Runner,
    progress: Progress,
) -> str:
    """Builds and pushes; returns the digest that the registry holds."""
    build = partial(_build, session, source, reference, runner)
    push = partial(_push, source, reference, registry, runner)
    runner.run(Step("build image", build, retries=1, timeout=1800))
    try:
        digest = runner.run(Step("push image", push, retries=3, timeout=900))
    except PushUnverified:
        progress.write()
        raise
    progress.write()
    return digest


def _register(session: Session, plan: Plan, runner: Runner, progress: Progress) -> Ids:
    """Carries out what the plan wants of the platform; returns the ids of all that it holds."""
    ids: Ids = {}
    for action in plan.actions:
        if action.resource is None:
            continue
        if action.verb is Verb.KEEP:
            ids[action.resource.key] = str(action.id)
        else:
            carry_out = partial(apply, session.clients, action, ids, progress.write)
            step = Step(
                _name(action), carry_out, retries=2, timeout=600, may_retry=is_lost, subject=action.name
            )
            runner.run(step)
    return ids


def _name(action: Action) -> str:
    """As the platform calls what it does: plugins and repositories are registered, the rest is created."""
    verb: str = action.verb
    if action.resource is not None and action.verb is Verb.CREATE:
        verb = action.resource.create_verb
    return f"{verb} {action.kind}"


def _plan(
    session: Session, manifest: Manifest, source: PluginSource, registry: Registry, reference: ImageReference
) -> _Planned:
    settings = session.environment.settings
    target = Target(source.version, settings.registry.type, settings.plugin_options)
    state = compare(source, registry, reference)
    declared = declared_resources(session.generation, manifest, target)
    try:
        resources = plan_resources(session.clients, declared)
    except UnknownField as error:
        words = f"{error.message} It speaks SpaceONE {session.generation}."
        raise UnknownField(words, error.field, error.advice) from error
    return _Planned(Plan((_image_action(state, source), *resources)), state)


def _image_action(state: ImageState, source: PluginSource) -> Action:
    verb = _VERBS[state.status]
    changes: tuple[FieldChange, ...] = ()
    if verb in {Verb.CREATE, Verb.BLOCKED}:
        changes = (FieldChange("source_digest", state.source_digest, source.digest),)
    return Action("image", str(state.reference), verb, changes, state.message if state.blocked else "")


def _build(session: Session, source: PluginSource, reference: ImageReference, runner: Runner) -> str:
    with Engine.connect() as engine:
        arguments = session.environment.settings.build.args
        return engine.build(source, reference, build_args=arguments, on_output=runner.output)


def _push(source: PluginSource, reference: ImageReference, registry: Registry, runner: Runner) -> str:
    # The plan is minutes old: somebody may have released this version meanwhile, and a version is immutable.
    state = compare(source, registry, reference)
    if state.blocked:
        raise PlanBlocked([_image_action(state, source)])
    if state.digest:
        return state.digest
    with Engine.connect() as engine:
        return engine.push(reference, registry, on_output=runner.output)
