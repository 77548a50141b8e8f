"""Compares what a project declares with what a Prefect server holds, and carries out the difference."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client

from flows.pipeline import pipeline_version
from flows.resources import Action, FieldChange, Plan, Verb
from pluginctl.deploying.declarations import read
from pluginctl.deploying.items import Item, items_of
from pluginctl.deploying.server import Server
from pluginctl.deployments import server_error


def deploy(
    project: Path,
    *,
    dry_run: bool = False,
    prune: bool = False,
    environments: Collection[str] | None = None,
    done: Callable[[Action], None] = lambda _: None,
) -> Plan:
    """Deploys a project to the server of Prefect's settings (PREFECT_API_URL).

    Args:
        project: The folder that holds `deployments/`; workers run the flows in the folder of this path.
        dry_run: Whether to stop after the plan.
        prune: Whether to remove what an earlier deploy has made and nothing declares any more.
        environments: The only environments to deploy for; None for all. What there is of others is then no excess.
        done: Receives each action that was carried out.

    Returns:
        What was done, or would be.

    Raises:
        ManifestError: a declaration is wrong. Nothing was changed.
        DeploymentError: the server does not answer, or refused something.
    """
    declared = read(project)
    chosen = declared if environments is None else declared.of(environments)
    items = items_of(chosen, project.resolve(), pipeline_version(), sys.executable)
    with _server() as server:
        held = {item.key: item for item in server.read(items)}
        actions = [_action(item, held.get(item.key)) for item in items]
        keys = {each.key for each in items}
        over = [item for key, item in held.items() if key not in keys]
        plan = Plan((*actions, *(Action(item.kind, item.name, Verb.DELETE) for item in over if prune)))
        if dry_run:
            return plan
        for item, action in zip(items, actions, strict=True):
            if action.verb is not Verb.KEEP:
                server.write(item)
                done(action)
        for item, action in zip(over, plan.actions[len(items) :], strict=False):
            server.delete(item)
            done(action)
    return plan


def _action(item: Item, held: Item | None) -> Action:
    if item.why_not:
        words = "stays as it is" if held else "left out"
        return Action(item.kind, item.name, Verb.KEEP, notes=(f"{words}: {item.why_not}",))
    before = held.fields if held else {}
    changes = tuple(
        FieldChange(name, before.get(name), value)
        for name, value in item.fields.items()
        if before.get(name) != value
    )
    verb = Verb.CREATE if held is None else Verb.UPDATE if changes else Verb.KEEP
    return Action(item.kind, item.name, verb, changes)


@contextmanager
def _server() -> Iterator[Server]:
    try:
        with get_client(sync_client=True) as client:
            yield Server(client)
    except httpx.HTTPError as error:
        raise server_error(error) from error
