"""The supervisor of the plugins' containers, and its record in the plugin service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.spaceone.configuration import SUPERVISOR_HOST

if TYPE_CHECKING:
    from docker.models.containers import Container

    from flows.spaceone import Client
    from sandbox.spaceone.bootstrap import SupervisorAccess

_ENDPOINT = "spaceone.supervisor.plugin.endpoint"
_PLUGIN = "spaceone.supervisor.plugin_id"


def supervisor_name(identifier: str) -> str:
    """A unique NAME for the supervisor. Two supervisors with one name would remove each other's containers."""
    return f"sandbox-{identifier}"


def endpoint(container: Container) -> str:
    """The address at which the platform reaches a plugin container."""
    return str(container.labels.get(_ENDPOINT, ""))


def plugin_id(container: Container) -> str:
    """The id of the plugin that a plugin container runs."""
    return str(container.labels.get(_PLUGIN, ""))


def publish_supervisor(client: Client, supervisor: str, access: SupervisorAccess) -> None:
    """Before the supervisor starts: register it, and let every domain use it."""
    client = client.with_token(access.token)
    place = {"domain_id": access.domain_id}
    published = client.call(
        "plugin.Supervisor.publish", {"name": supervisor, "hostname": SUPERVISOR_HOST, **place}
    )
    if not published.get("is_public"):
        client.call(
            "plugin.Supervisor.update",
            {"supervisor_id": published["supervisor_id"], "is_public": True, **place},
        )
