"""Reads what an environment offers, and what a release collected. Nothing is changed."""

from __future__ import annotations

from functools import partial
from typing import Any

from flows.collection.inventory import by_type, cloud_service, cloud_service_type, collected
from flows.manifest import Environment, Manifest
from flows.preview import Preview, default_sort, preview
from flows.spaceone import Service, api_resources
from flows.steps.catalogue import READ_INVENTORY
from flows.steps.collection import find_collector
from flows.steps.errors import NoSuchResource
from flows.steps.registration import check_endpoints
from flows.steps.runner import Runner, Step
from flows.steps.session import Session, open_session

#: The services that a flow of either generation calls; other endpoints, such as a plugin's, are ignored.
SERVICES = ("identity", "repository", "secret", "plugin", "inventory", "config")


def list_offers(environment: Environment, runner: Runner) -> list[tuple[Service, dict[str, list[str]]]]:
    """The services behind an environment's endpoints, each with its resources and their verbs.

    Raises:
        SpaceoneError: one does not respond; the advice names all others.
    """
    with open_session(environment, runner) as session:
        names = [name for name in SERVICES if session.client.knows(name)]
        services = check_endpoints(session, names, runner)
        return [(service, api_resources(session.client, service.name)) for service in services]


def show_resource(environment: Environment, manifest: Manifest, name: str | None, runner: Runner) -> Preview:
    """One resource that the manifest's collector collected, as the console shows it.

    Args:
        environment: The environment of the collector.
        manifest: The manifest that declares the collector.
        name: The resource's name; None for the first resource of the most frequent type.
        runner: Runs the steps.

    Raises:
        NothingCollected: the manifest's plugin is no inventory collector.
        NotReleased: there is no such collector, or more than one.
        NoSuchResource: the collector has no resource of this name, or none at all.
    """
    with open_session(environment, runner) as session:
        collector, _ = find_collector(session, manifest, runner)
        reading = partial(_read, session, str(collector["collector_id"]), name)
        record, layout = runner.run(Step(READ_INVENTORY, reading))
        return preview(record, layout)


def _read(
    session: Session, collector_id: str, name: str | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    client, types = session.client, by_type(session.client, collector_id)
    if not types:
        raise NoSuchResource(f"The collector {collector_id} has collected nothing yet.")
    layout = cloud_service_type(client, max(types, key=types.__getitem__))
    found = collected(client, collector_id, session.generation, default_sort(layout), name=name)
    if not found:
        some = collected(client, collector_id, session.generation, default_sort(layout), limit=5)
        names = ", ".join(str(record.get("name", "")) for record in some)
        raise NoSuchResource(
            f"The collector {collector_id} has no resource called {name!r}",
            f"Some of its {sum(types.values())}: {names}",
        )
    record = cloud_service(client, found[0])
    own = "/".join(
        str(record.get(key, "")) for key in ("provider", "cloud_service_group", "cloud_service_type")
    )
    return record, cloud_service_type(client, own)
