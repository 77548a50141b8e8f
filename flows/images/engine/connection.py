"""The connection to the Docker engine: its address, and the error if it does not respond."""

from __future__ import annotations

import ipaddress
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import docker
import requests
from docker.errors import APIError, DockerException
from urllib3.exceptions import HTTPError

from flows.images.engine.logins import use_logins
from flows.images.errors import EngineError, EngineUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER_SECONDS = 120
LOST = (requests.exceptions.RequestException, HTTPError, OSError)
"""What a call raises if the engine does not respond, or the connection breaks."""

_HERE = "unix:///var/run/docker.sock"


def connect(address: str | None = None) -> tuple[docker.DockerClient, str]:
    """Connect to the engine at `address` (`unix:///...`, `tcp://...`), or at DOCKER_HOST, or on this machine.

    Returns:
        The client, and the engine's address.

    Raises:
        EngineUnreachable: no engine responds there; the message says what to do.
    """
    shown = address or os.environ.get("DOCKER_HOST") or _HERE
    try:
        _knock(shown)
        if address:
            client = docker.DockerClient(base_url=address, version="auto", timeout=ANSWER_SECONDS)
        else:
            client = docker.from_env(version="auto", timeout=ANSWER_SECONDS)
        use_logins(client)
    except (DockerException, *LOST) as error:
        raise unreachable(shown, getattr(error, "strerror", None) or str(error)) from error
    return client, shown


def remote_host(address: str) -> str | None:
    """Return the name of the machine that the engine runs on, or None if it is this one.

    >>> remote_host("ssh://ann@build.example.com")
    'build.example.com'
    >>> remote_host("unix:///var/run/docker.sock")
    """
    host = urlsplit(address).hostname if "://" in address and not address.startswith("npipe:") else None
    if host is None or host == "localhost":
        return None
    try:
        return None if ipaddress.ip_address(host).is_loopback else host
    except ValueError:
        return host


@contextmanager
def answering(address: str, doing: str) -> Iterator[None]:
    """Convert exceptions of the engine's client to EngineError and EngineUnreachable.

    Args:
        address: The engine's address.
        doing: What is being done, such as `looking for x`.
    """
    try:
        yield
    except APIError as error:
        raise EngineError(f"The Docker engine failed while {doing}: {error.explanation or error}") from error
    except LOST as error:
        raise unreachable(address, f"while {doing}: {error}") from error


def unreachable(address: str, reason: str) -> EngineUnreachable:
    """Return the error for an engine that does not respond, with what to do."""
    if "permission denied" in reason.lower():
        advice = "Run as root, or add the user to the group docker and log in again"
    else:
        advice = "Start it (`systemctl start docker`), or set DOCKER_HOST to where it is"
    return EngineUnreachable(f"No Docker engine answers at {address} ({reason})", advice)


def _knock(address: str) -> None:
    """Raise OSError with a short reason if no process listens at a socket in the file system."""
    path = address.removeprefix("unix://")
    if path != address:
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(ANSWER_SECONDS)
            knocking.connect(path)
