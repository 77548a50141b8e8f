"""Runs SpaceONE's supervisor in the sandbox: with the plugins on its network, and with fixes for two of its bugs.

`python -m sandbox.spaceone.supervisor run scheduler spaceone.supervisor -c FILE`, in the services' image. The arguments
are those of `spaceone`. Both generations (2.x and 1.12) have the functions that are replaced here.

- Whether a plugin has a container is looked up in one list for the whole round. The service lists once for each plugin.
- A list is one call of the engine. The connector asks for each container once more: with 20 plugins, 84 calls a second.
- A plugin's container is on the sandbox's network and publishes no port. Its endpoint is its name there. It has no
  capabilities, and limits of memory and processes.
- The connector waits five seconds after it has started a container. Here it waits at most as long, until the plugin
  listens.
- After a start, the plugin service still has the addresses of containers that no longer exist. It is told first.
- SupervisorManager.delete_plugin finds containers only by plugin and version. So it also stops the containers of
  another supervisor on the same engine: those of another sandbox, or of a platform that shares the engine.
- The connector finds containers by labels, which an image can have as well. Here they are also on the network.
- If the container of a plugin does not start, the round ends before the other plugins are started and published. This
  happens in every round: one broken version would block all later ones, also the version that repairs it.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import time
from functools import partial
from types import SimpleNamespace
from typing import Any

from spaceone.core import config
from spaceone.core.command import cli
from spaceone.supervisor.connector import docker_connector
from spaceone.supervisor.connector.docker_connector import DockerConnector
from spaceone.supervisor.manager.supervisor_manager import SupervisorManager
from spaceone.supervisor.service import supervisor_service
from spaceone.supervisor.service.supervisor_service import SupervisorService

from sandbox.spaceone.run import wait_until_it_listens

PORT = 50051
NAME = "spaceone.supervisor.name"
_LOGGER = logging.getLogger("spaceone.supervisor")
_find = SupervisorManager.list_plugins_by_label
_install = SupervisorService.install_plugin
_run = DockerConnector.run
_check = SupervisorService._check_plugin_state
_told: list[bool] = []


def _find_own(self: Any, label: str | list[str]) -> Any:
    labels = [label] if isinstance(label, str) else label
    return _find(self, [*labels, f"{NAME}={config.get_global('NAME')}"])


def _search_inside(self: Any, filters: dict[str, Any]) -> dict[str, Any]:
    """The connector's own function, with what the engine says of all containers in one answer."""
    found = self.client.api.containers(filters={**filters, "network": os.environ["SANDBOX_NETWORK"]})
    plugins = [_plugin(self, each, each["Labels"]) for each in found]
    return {"results": plugins, "total_count": len(plugins)}


def _plugin(self: Any, container: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    return {
        "docker_id": container["Id"],
        "plugin_id": labels.get("spaceone.supervisor.plugin_id", "Unknown"),
        "image": labels.get("spaceone.supervisor.plugin.image", "Unknown"),
        "version": labels.get("spaceone.supervisor.plugin.version", "Unknown"),
        "endpoint": labels.get("spaceone.supervisor.plugin.endpoint", "Unknown"),
        "ports": {},  # none is published
        "labels": labels,
        "name": container["Names"][0].lstrip("/"),
        "status": self._update_state_machine(container["State"]),
    }


def _install_or_tell(self: Any, params: dict[str, Any]) -> Any:
    try:
        return _install(self, params)
    except Exception as error:  # noqa: BLE001 - after any error, the other plugins must be started
        _LOGGER.error("%s %s did not start: %s", params.get("plugin_id"), params.get("version"), error)
        return None


def _run_inside(self: Any, *arguments: Any, **named: Any) -> Any:
    """The connector's own function, with an engine's client that starts containers on the network."""
    containers = self.client.containers
    start = containers.run

    def run(**options: Any) -> Any:
        options.pop("ports")
        options["labels"] = {**options["labels"], "pluginctl.sandbox": os.environ["SANDBOX"]}
        container = start(
            **options,
            network=os.environ["SANDBOX_NETWORK"],
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            mem_limit="1g",
            memswap_limit="1g",
            pids_limit=512,
        )
        docker_connector.time = SimpleNamespace(sleep=partial(wait_until_it_listens, container.name, PORT))
        return container

    self.client = _Client(self.client, _Containers(containers, run))
    try:
        return _run(self, *arguments, **named)
    finally:
        docker_connector.time = time


class _Containers:
    """The engine's containers with another `run`."""

    def __init__(self, containers: Any, run: Any) -> None:
        self.run = run
        self.get, self.list = containers.get, containers.list


class _Client:
    """The engine's client with other containers. docker makes a new object at each access."""

    def __init__(self, client: Any, containers: _Containers) -> None:
        self.containers, self.close = containers, client.close


def _endpoint(_: Any, name: str, hostname: str, host_port: int) -> str:  # noqa: ARG001 - its callers' arguments
    return f"grpc://{name}:{PORT}"


def _tell_and_check(self: Any, plugins: Any, params: dict[str, Any]) -> None:
    """In the first round: publish each plugin without a container as PROVISIONING.

    The plugin service then waits until the plugin is started again. gRPC does not send an empty value, and the service
    skips a plugin without an endpoint.
    """
    self.alive = alive = _alive(self, params)
    if not _told:
        gone = [
            {
                "plugin_id": _field(each, "plugin_id"),
                "version": _field(each, "version"),
                "state": "PROVISIONING",
                "endpoint": _field(each, "endpoint") or "grpc://nowhere:0",
            }
            for each in plugins
            if (_field(each, "plugin_id"), _field(each, "version")) not in alive
        ]
        self._plugin_service_mgr.publish_supervisor({**params, "plugin_info": gone})
        _told.append(True)
    _check(self, plugins, params)  # it replaces plugins that failed
    self.alive = _alive(self, params)


def _alive(self: Any, params: dict[str, Any]) -> set[tuple[str, str]]:
    found = self.discover_plugins(params["name"])["results"]
    return {(each["plugin_id"], each["version"]) for each in found}


def _exists(self: Any, plugin: dict[str, Any]) -> bool:
    """Whether a plugin has a container; of what was found once in this round."""
    return (plugin["plugin_id"], plugin["version"]) in self.alive


def _field(record: Any, name: str) -> Any:
    """2.x answers with dictionaries, 1.12 with messages."""
    return record.get(name) if isinstance(record, dict) else getattr(record, name)


SupervisorManager.list_plugins_by_label = _find_own
SupervisorManager.get_plugin_endpoint = _endpoint
SupervisorService.install_plugin = _install_or_tell
SupervisorService._check_plugin_state = _tell_and_check
SupervisorService._exist_plugin = _exists
DockerConnector.run = _run_inside
DockerConnector.search = _search_inside
DockerConnector.list_used_ports = lambda _: set()
# A container's name is a host name, which has at most 63 characters; a plugin's id has at most 48.
supervisor_service._create_unique_name = partial(secrets.token_hex, 4)

if __name__ == "__main__":
    sys.argv[0] = "spaceone"
    sys.exit(cli())
