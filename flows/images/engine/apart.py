"""A network without a way out, for one container that this process still reaches.

Docker publishes no port of a container on an internal network. The container is reached at its own address, which
requires that the network's bridge is on this machine and in this network namespace. It is not for an engine on another
machine, for Docker Desktop and rootless Docker, and for a pipeline that runs in a container of its own.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from docker.errors import APIError

from flows.images.engine.connection import LOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    import docker

# Otherwise the engine's name server answers for the world outside (CVE-2024-29018 of Docker before 26.0). It asks a
# server that is given by hand from inside the container only, where none listens.
DNS = ["127.0.0.1"]
_ANY_PORT = 9


def make(client: docker.DockerClient, name: str, labels: Mapping[str, str]) -> str | None:
    """Make an internal network, unless its containers would be out of reach.

    Args:
        client: The engine's client; the engine is on this machine.
        name: The network's name.
        labels: The network's labels.

    Returns:
        None if the network was made; otherwise why not.
    """
    try:
        network = client.networks.create(name, driver="bridge", internal=True, labels=dict(labels))
    except APIError as error:
        return f"the engine made no network: {error.explanation or error}"
    for each in (network.attrs.get("IPAM") or {}).get("Config") or []:
        if _is_here(each.get("Gateway") or ""):
            return None
    remove(client, name)
    return "this process does not reach the addresses of the engine's containers"


def remove(client: docker.DockerClient, name: str) -> None:
    """Remove a network if it exists and nothing uses it."""
    with contextlib.suppress(APIError, *LOST):
        client.api.remove_network(name)


def _is_here(address: str) -> bool:
    """Whether an IPv4 address is one of this machine's, in this process's network namespace. Nothing is sent."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # The kernel chooses the source of a connection: to an address of its own it is the same address.
        probe.connect((address, _ANY_PORT))
        return bool(probe.getsockname()[0] == address)
    return False
