"""Plugin containers: the supervisor that starts them, and their records in the plugin service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.machine import docker_engine
from sandbox.machine.probes import HOST

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

    from flows.spaceone import Client
    from sandbox.spaceone.bootstrap import SupervisorAccess

PORTS = 64  # the number of plugin versions that can run at the same time
_NAME = "spaceone.supervisor.name"
_PLUGIN = "spaceone.supervisor.plugin_id"
_VERSION = "spaceone.supervisor.plugin.version"
_ENDPOINT = "spaceone.supervisor.plugin.endpoint"


def supervisor_name(identifier: str) -> str:
    """A unique NAME for the supervisor. Two supervisors with one name would remove each other's containers."""
    return f"sandbox-{identifier}"


def containers(client: docker.DockerClient, supervisor: str) -> list[Container]:
    """The plugin containers that this supervisor started. They keep running when it ends."""
    return docker_engine.containers(client, f"{_NAME}={supervisor}")


def endpoint(container: Container) -> str:
    """The address at which the platform reaches a plugin container."""
    return str(container.labels.get(_ENDPOINT, ""))


def prepare(client: Client, supervisor: str, access: SupervisorAccess, running: list[Container]) -> None:
    """Before the supervisor starts: register it, let every domain use it, and report the plugins that do not run.

    After a stop, the plugin service still has the old addresses of the plugins, and would send a collection there.
    If a plugin has the state PROVISIONING, the service waits until the supervisor has started it again.
    """
    client = client.with_token(access.token)
    alive = {(container.labels.get(_PLUGIN), container.labels.get(_VERSION)) for container in running}
    known = client.call("plugin.Supervisor.list_plugins", {"hostname": HOST, "domain_id": access.domain_id})
    gone: list[dict[str, Any]] = [
        {
            "plugin_id": plugin["plugin_id"],
            "version": plugin["version"],
            "state": "PROVISIONING",
            # gRPC does not send an empty value, and the service skips a plugin without an endpoint.
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
