"""Plugin containers: the supervisor that starts them, and what the plugin service knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.machine import docker_engine
from sandbox.machine.probes import HOST

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

    from flows.spaceone import Client
    from sandbox.spaceone.bootstrap import SupervisorAccess

PORTS = 64  # as many plugin versions can run at a time
_NAME = "spaceone.supervisor.name"
_PLUGIN = "spaceone.supervisor.plugin_id"
_VERSION = "spaceone.supervisor.plugin.version"
_ENDPOINT = "spaceone.supervisor.plugin.endpoint"


def supervisor_name(identifier: str) -> str:
    """A NAME that no other sandbox's supervisor has; two of one name would remove each other's containers."""
    return f"sandbox-{identifier}"


def containers(client: docker.DockerClient, supervisor: str) -> list[Container]:
    """The plugin containers that this supervisor started. They outlive it."""
    return docker_engine.containers(client, f"{_NAME}={supervisor}")


def endpoint(container: Container) -> str:
    """Where the platform reaches a plugin container."""
    return str(container.labels.get(_ENDPOINT, ""))


def prepare(client: Client, supervisor: str, access: SupervisorAccess, running: list[Container]) -> None:
    """Before the supervisor starts: register it, let every domain use it, and tell which plugins are gone.

    After a stop the plugin service still believes its plugins to be at their old addresses, and would send a
    collection there. Marked as being provisioned they are waited for instead, until the supervisor has
    started them again.
    """
    client = client.with_token(access.token)
    alive = {(container.labels.get(_PLUGIN), container.labels.get(_VERSION)) for container in running}
    known = client.call("plugin.Supervisor.list_plugins", {"hostname": HOST, "domain_id": access.domain_id})
    gone: list[dict[str, Any]] = [
        {
            "plugin_id": plugin["plugin_id"],
            "version": plugin["version"],
            "state": "PROVISIONING",
            # An empty one would be absent on the wire, and the service skips a plugin without an endpoint.
            "endpoint": plugin.get("endpoint") or "grpc://nowhere:0",
        }
        for plugin in known.get("results", [])
        if (plugin["plugin_id"], plugin["version"]) not in alive
    ]
    published = client.call(
        "plugin.Supervisor.publish",
        {"name": supervisor, "hostname": HOST, "domain_id": access.domain_id, "plugin_info": gone},
    )
    if not published.get("is_public"):
        client.call(
            "plugin.Supervisor.update",
            {"supervisor_id": published["supervisor_id"], "is_public": True, "domain_id": access.domain_id},
        )
