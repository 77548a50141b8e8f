"""Registering: what the platform must hold is made, and its listings are read before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from flows.resources import Action, Ids, Plan, Verb, apply, count_all
from flows.spaceone import Service, check_services
from flows.steps.changes import Changes
from flows.steps.report import Listings
from flows.steps.runner import Runner, Step, is_lost
from flows.steps.session import Session
from flows.steps.summaries import changed_words


def check_endpoints(session: Session, names: Iterable[str], runner: Runner) -> tuple[Service, ...]:
    """Asks services, such as `identity`, whether they are there and what they are.

    Raises:
        SpaceoneError: one has no endpoint, or does not answer; names all of them.
    """
    check = partial(check_services, session.client, names)

    def words(services: tuple[Service, ...]) -> str:
        return ", ".join(service.words() for service in services)

    return runner.run(Step("check endpoints", check, retries=2, timeout=60, outcome=words))


def register(session: Session, plan: Plan, runner: Runner, changes: Changes) -> tuple[Ids, Listings]:
    """Carries out what the plan wants of the platform.

    Returns:
        The ids of all that it holds; and, where something was to be done, how many of each kind there were before and
        are now.
    """
    resources = [action.resource for action in plan.actions if action.resource is not None]
    ids: Ids = {
        action.resource.key: action.id
        for action in plan.actions
        if action.resource is not None and action.id is not None
    }
    to_do = [action for action in plan.writes if action.resource is not None]
    if not to_do:
        return ids, {}
    count = partial(count_all, session.clients, resources, ids)
    before = runner.run(Step("list what is there", count, retries=2, timeout=60, outcome=_counted))
    for action in to_do:
        carry_out = partial(apply, session.clients, action, ids, changes.write)
        runner.run(
            Step(
                _name(action),
                carry_out,
                retries=2,
                timeout=600,
                may_retry=is_lost,
                subject=action.name,
                outcome=str,
            )
        )

    def listings(after: Mapping[str, int]) -> Listings:
        return {kind: (before[kind], after[kind]) for kind in after}

    after = runner.run(
        Step(
            "list what is registered",
            count,
            retries=2,
            timeout=60,
            outcome=lambda counts: changed_words(listings(counts)),
        )
    )
    return ids, listings(after)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in counts.items())


def _name(action: Action) -> str:
    """As the platform calls what it does: plugins and repositories are registered, the rest is created."""
    verb: str = action.verb
    if action.resource is not None and action.verb is Verb.CREATE:
        verb = action.resource.create_verb
    return f"{verb} {action.kind}"
