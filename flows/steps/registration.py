"""Registering: carries out the plan on the platform, and counts its resources before and after."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial

from flows.images.state import ImageStatus
from flows.resources import (
    Action,
    Execution,
    FieldChange,
    Ids,
    Plan,
    Released,
    Verb,
    Waiting,
    count_all,
    find,
    released,
    with_release,
)
from flows.spaceone import PluginStarting, Service, check_services
from flows.steps.catalogue import CARRY_OUT, CHECK_ENDPOINTS, LIST_AFTER, LIST_BEFORE, RECORD
from flows.steps.changes import Changes
from flows.steps.parts import Listings, Planned, Registered
from flows.steps.plugin_containers import RunningPlugin, last_words
from flows.steps.runner import Runner, Step
from flows.steps.session import Session
from flows.steps.summaries import listings_summary

LONGEST_START_SECONDS = 900.0
"""The last try must end within the step's time limit."""


def check_endpoints(session: Session, names: Iterable[str], runner: Runner) -> tuple[Service, ...]:
    """Checks that services, such as `identity`, respond, and reads their versions.

    Raises:
        SpaceoneError: one has no endpoint, or does not respond; the advice names all others.
    """
    check = partial(check_services, session.client, names)
    return runner.run(Step(CHECK_ENDPOINTS, check, outcome=_versions))


def record_release(
    session: Session, planned: Planned, digest: str, ids: Ids, runner: Runner, changes: Changes
) -> None:
    """Keeps with the plugin which image was released as this version, unless the platform says so already.

    Args:
        session: The environment's services.
        planned: What was released.
        digest: The image in the registry.
        ids: The platform's ids, as registered.
        runner: Runs the step.
        changes: Notes that something was changed.

    Raises:
        CallError: the platform rejected a request, or could not be reached.
    """
    plugin = planned.source.plugin
    # What is kept may be an image of an earlier version of the pipeline, whose label has another form of digest.
    kept = planned.image.source_digest if planned.image.status is ImageStatus.SAME else None
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    release = Released(digest, kept or plugin.digest, now, runner.origin)
    action = planned.plan.action("plugin")
    resource = action.resource
    if resource is None or released(action.record).get(plugin.version) == release:
        return

    def record() -> str:
        client = session.clients[resource.scope]
        tags = find(client, resource, ids)[0].get("tags")
        wanted = dataclasses.replace(
            resource,
            declared={"tags": with_release(tags, plugin.version, release)},
            observed=lambda found: found,
            preserved={},
        )
        change = FieldChange("tags", None, None)
        update = Action("plugin", action.name, Verb.UPDATE, (change,), resource=wanted, id=ids[resource.key])
        Execution(session.clients, update, dict(ids), changes.note)()
        return f"{plugin.version} is {digest}"

    runner.run(Step(RECORD, record, outcome=str))


def register(
    session: Session,
    plan: Plan,
    runner: Runner,
    changes: Changes,
    plugin: RunningPlugin,
    trial_seconds: float = 0.0,
) -> Registered:
    """Carries out the plan's actions on the platform.

    Args:
        session: The environment's services.
        plan: What must be done.
        runner: Runs the steps.
        changes: Notes that something was changed.
        plugin: What the collector runs, whose last words belong to a failure.
        trial_seconds: How long the plugin needed to start in the trial run; 0 if there was none.

    Raises:
        CallError: the platform rejected a request, or could not be reached.
        MadeMeanwhile: somebody else made a resource at the same time, and the release cannot go on with that.
    """
    resources = [action.resource for action in plan.actions if action.resource is not None]
    ids: Ids = {
        action.resource.key: action.id
        for action in plan.actions
        if action.resource is not None and action.id is not None
    }
    to_do = [action for action in plan.writes if action.resource is not None]
    if not to_do:
        return Registered(ids, {})
    count = partial(count_all, session.clients, resources, ids)
    before = runner.run(Step(LIST_BEFORE, count, outcome=_counted))
    waiting = Waiting(_start_seconds(session, trial_seconds), runner.output)
    meanwhile: list[str] = []
    for action in to_do:
        execution = Execution(session.clients, action, ids, changes.note, waiting)
        function = partial(_with_last_words, execution, session, plugin)
        outcome = partial(_outcome, execution)
        runner.run(Step(CARRY_OUT.named(_name(action)), function, subject=action.name, outcome=outcome))
        meanwhile += [f"{action.kind} {action.name}: {remark}" for remark in execution.remarks]

    def listings(after: Mapping[str, int]) -> Listings:
        return {kind: (before[kind], after[kind]) for kind in after}

    after = runner.run(Step(LIST_AFTER, count, outcome=lambda counts: listings_summary(listings(counts))))
    return Registered(ids, listings(after), tuple(meanwhile))


def _outcome(execution: Execution, identity: str) -> str:
    """The id, and what somebody else did meanwhile."""
    return "; ".join((identity, *execution.remarks))


def _with_last_words(execution: Execution, session: Session, plugin: RunningPlugin) -> str:
    started = datetime.now(UTC).isoformat()
    try:
        return execution()
    except PluginStarting as error:
        error.details = last_words(session.environment, plugin, started) or ()
        raise


def _start_seconds(session: Session, trial_seconds: float) -> float:
    """How long the platform's container of the plugin is waited for; the platform does not show whether it works."""
    allowed = 2 * session.environment.settings.start_seconds
    return min(max(allowed, 3 * trial_seconds), LONGEST_START_SECONDS)


def _versions(services: tuple[Service, ...]) -> str:
    return ", ".join(service.summary() for service in services)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in counts.items())


def _name(action: Action) -> str:
    """The platform's word for the action: plugins and repositories are registered, other kinds are created."""
    verb: str = action.verb
    if action.resource is not None and action.verb is Verb.CREATE:
        verb = action.resource.create_verb
    return f"{verb} {action.kind}"
