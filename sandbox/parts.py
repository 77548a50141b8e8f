"""The parts of the sandbox: which program each one runs, where it listens, and how to see that it is ready."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from sandbox.errors import SandboxError
from sandbox.machine import debian
from sandbox.machine.layout import PACKAGE
from sandbox.machine.probes import HOST, answers_http, listens, serves_grpc
from sandbox.machine.state import write_private
from sandbox.spaceone import configuration_files
from sandbox.spaceone.generations import generation_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.machine.layout import Layout
    from sandbox.machine.processes import Processes

REDIS = debian.Program("redis-server", "redis-server", "the services' cache and queue")
REGISTRY = debian.Program("docker-registry", "docker-registry", "the registry that plugins are pushed to")
# A variable with the value None is removed from the part's environment.
_SERVICE_ENVIRONMENT: dict[str, str | None] = {
    "PYTHONPATH": None,
    "PYTHONHOME": None,
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore",
    "MALLOC_ARENA_MAX": "2",  # otherwise each of a hundred gRPC threads would keep its own memory
    "GRPC_VERBOSITY": "ERROR",
    "HTTP_PROXY": None,  # the parts call each other only on this machine
    "HTTPS_PROXY": None,
    "http_proxy": None,
    "https_proxy": None,
}


@dataclass(frozen=True)
class Part:
    """One program of the sandbox.

    Attributes:
        name: its name in `status` and `logs`.
        command: program and arguments.
        address: where others reach it; empty for a part that does not listen.
        ready: whether it works now. It is called repeatedly and must return within a second.
        environment: variables to set, or to remove if the value is None.
        seconds: how long it may take to be ready.
        directory: working directory; the default is the data folder.
    """

    name: str
    command: tuple[str | Path, ...]
    address: str
    ready: Callable[[], bool]
    environment: dict[str, str | None] = field(default_factory=dict)
    seconds: float = 60.0
    directory: Path | None = None


def service(layout: Layout, name: str, ports: dict[str, int]) -> Part:
    """One of SpaceONE's gRPC servers."""
    port = ports[name]
    return Part(
        name,
        (
            layout.venv / "bin" / "spaceone",
            *(*generation_of(layout).server, f"spaceone.{name}", "-p", str(port)),
            *("-c", configuration_files.file(layout.conf, name)),
        ),
        f"grpc://{HOST}:{port}",
        lambda: serves_grpc(port),
        _SERVICE_ENVIRONMENT,
    )


def background(layout: Layout, name: str, processes: Processes) -> Part:
    """One of SpaceONE's programs that do not listen. It is ready when it has started its child processes."""
    package = f"spaceone.{name.partition('-')[0]}"
    program: tuple[str | Path, ...] = (layout.venv / "bin" / "spaceone",)
    if name == "supervisor":
        program = (layout.python, PACKAGE / "spaceone" / "supervisor.py")

    def ready() -> bool:
        process = processes.running(name)
        return process is not None and len(process.children()) >= generation_of(layout).background[name]

    return Part(
        name,
        (
            *program,
            *(*generation_of(layout).scheduler, package),
            *("-c", configuration_files.file(layout.conf, name)),
        ),
        "",
        ready,
        _SERVICE_ENVIRONMENT,
    )


def redis(layout: Layout, port: int) -> Part:
    """A Redis server for this sandbox. If Debian's package runs another one, that one is not touched."""
    folder = layout.data / "redis"
    folder.mkdir(exist_ok=True)
    lines = (
        f"bind {HOST}",
        f"port {port}",
        f'dir "{folder}"',
        "appendonly yes",
        "daemonize no",
        'pidfile ""',
        'logfile ""',
    )
    path = layout.conf / "redis.conf"
    write_private(path, "\n".join(lines) + "\n")
    return Part(
        "redis",
        (debian.find(REDIS.name) or REDIS.name, path),
        f"redis://{HOST}:{port}",
        lambda: answers_ping(port),
        seconds=20,
    )


def registry(layout: Layout, port: int) -> Part:
    """Debian's docker-registry. Its images are in the data folder, and tags can be deleted."""
    settings = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": False}},
        "storage": {
            "filesystem": {"rootdirectory": str(layout.data / "registry")},
            "delete": {"enabled": True},
        },
        "http": {"addr": f"{HOST}:{port}"},
    }
    path = layout.conf / "registry.yaml"
    write_private(path, yaml.safe_dump(settings))
    return Part(
        "registry",
        (debian.find(REGISTRY.name) or REGISTRY.name, "serve", path),
        f"http://{HOST}:{port}",
        lambda: answers_http(f"http://{HOST}:{port}/v2/"),
        {"OTEL_TRACES_EXPORTER": "none"},
        seconds=20,
    )


def mongodb(layout: Layout, port: int) -> Part:
    """The embedded database. It runs in the services' Python environment, which has the libraries it needs."""
    folder = layout.data / "mongodb"
    folder.mkdir(exist_ok=True)
    program = PACKAGE / "mongodb"
    return Part(
        "mongodb",
        (layout.python, program, "--host", HOST, "--port", str(port), "--data", folder / "data"),
        f"mongodb://{HOST}:{port}",
        lambda: listens(HOST, port),
        _SERVICE_ENVIRONMENT,
    )


def market(host: str, port: int) -> Part:
    """The stand-in for CoinGecko, at an address that plugin containers can reach."""
    return Part(
        "market",
        (sys.executable, "-m", "sandbox.market", "--host", host, "--port", str(port)),
        f"http://{host}:{port}",
        lambda: answers_http(f"http://{host}:{port}/api/v3/ping"),
        {"PYTHONPATH": str(PACKAGE.parent)},
    )


def answers_ping(port: int) -> bool:
    """Whether a Redis answers and has loaded its data."""
    return _redis_says(port, b"PING").startswith(b"+PONG")


def empty_redis(port: int) -> None:
    """Empty Redis: its caches and queued tasks belong to a database that no longer exists.

    Raises:
        SandboxError: Redis rejects the command or does not answer.
    """
    answer = _redis_says(port, b"FLUSHALL")
    if not answer.startswith(b"+OK"):
        raise SandboxError(
            f"Redis at {HOST}:{port} cannot be emptied: {answer.decode(errors='replace').strip()!r}."
        )


def _redis_says(port: int, command: bytes) -> bytes:
    try:
        with socket.create_connection((HOST, port), timeout=0.5) as connection:
            connection.sendall(command + b"\r\n")
            return connection.recv(128)
    except OSError:
        return b""
