"""The containers in which a platform on this machine runs its plugins.

SpaceONE's supervisor labels them (`install_plugin` of spaceone-supervisor 1.12 and 2.x). An image can have the same
labels. So only the containers on the platform's network count: whoever makes a container chooses its network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.images.engine.connection import answering
from flows.images.engine.container import PORT, last_lines
from flows.spaceone import Endpoint

if TYPE_CHECKING:
    from datetime import datetime

    import docker
    from docker.models.containers import Container as DockerContainer

PLUGIN = "spaceone.supervisor.plugin_id"
VERSION = "spaceone.supervisor.plugin.version"


class PluginContainer:
    """One container of a plugin on the platform.

    Attributes:
        name: Its name on the engine.
        endpoint: Its address from this machine; None if it does not run.
    """

    def __init__(self, found: DockerContainer, address: str, network: str) -> None:
        self._found = found
        self._address = address
        self.name = str(found.name)
        joined = found.attrs["NetworkSettings"]["Networks"].get(network) or {}
        self.endpoint = Endpoint(joined["IPAddress"], PORT, False) if joined.get("IPAddress") else None

    def lines(self, since: datetime | None) -> list[str]:
        """Return the last lines that it has written since a moment; None for all times. Long lines are cut.

        Raises:
            EngineError, EngineUnreachable: the engine does not return them.
        """
        with answering(self._address, f"reading the log of {self.name}"):
            return last_lines(self._found, since=since and since.timestamp())


def plugin_containers(
    client: docker.DockerClient, address: str, network: str, plugin_id: str, version: str
) -> list[PluginContainer]:
    """The containers of one version of a plugin, the newest first.

    Args:
        client: The engine's client.
        address: The engine's address.
        network: The name of the platform's network.
        plugin_id: The plugin's id on the platform.
        version: Its version.

    Raises:
        EngineError, EngineUnreachable: the engine does not list them.
    """
    labels = [f"{PLUGIN}={plugin_id}", f"{VERSION}={version}"]
    with answering(address, f"looking for the containers of {plugin_id}"):
        found = client.containers.list(all=True, filters={"label": labels}, ignore_removed=True)
    inside = [each for each in found if network in each.attrs["NetworkSettings"]["Networks"]]
    return [PluginContainer(each, address, network) for each in inside]
