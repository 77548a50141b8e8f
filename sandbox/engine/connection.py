"""Connects to the Docker engine that the sandbox uses, and refuses the ones that it cannot use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flows.images.engine.connection import connect as connect_engine
from flows.images.errors import EngineUnreachable
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    import docker

_HERE = "unix:///var/run/docker.sock"


def address() -> str:
    """The engine's address: DOCKER_HOST, else the usual socket."""
    return os.environ.get("DOCKER_HOST") or _HERE


def socket_path() -> str:
    """The path of the engine's socket. The supervisor's container gets this socket."""
    return urlsplit(address()).path


def connect() -> docker.DockerClient | None:
    """A client of the engine; None if no engine answers.

    Raises:
        SandboxError: the engine is of a kind that the sandbox cannot use.
    """
    if not address().startswith("unix://"):
        raise SandboxError(
            f"DOCKER_HOST is {address()}: the sandbox needs an engine with a socket on this machine.",
            "Its ports and its plugins are published on this machine alone. Unset DOCKER_HOST, or set it to "
            "unix:///path/to/docker.sock.",
        )
    try:
        client, _ = connect_engine()
    except EngineUnreachable:
        return None
    if _is_podman(client):
        client.close()
        raise SandboxError(
            f"The engine at {address()} is Podman, which is not supported: SpaceONE's supervisor needs Docker.",
            "Install Docker, and set DOCKER_HOST to its socket.",
        )
    return client


def require() -> docker.DockerClient:
    """A client of the engine.

    Raises:
        SandboxError: no engine answers, or it cannot be used.
    """
    if client := connect():
        return client
    raise SandboxError(
        f"No Docker engine answers at {address()}.",
        "The sandbox runs in containers. Install Docker and start it, or give this user access to it "
        "(`docker version` must show a server), then try again. "
        "As root on Debian or Ubuntu the sandbox installs and starts docker.io by itself.",
    )


def _is_podman(client: docker.DockerClient) -> bool:
    components = client.version().get("Components") or []
    return any("podman" in str(each.get("Name", "")).lower() for each in components)
