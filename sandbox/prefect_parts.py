"""Prefect for all sandboxes of a folder: its server in a container, and one worker on this machine.

The worker runs the flows of the checkout, which is on this machine. Whoever may call the server runs code as the
worker's user: the server therefore requires a password, which is made at the first start.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
import time
from typing import TYPE_CHECKING

from sandbox import images
from sandbox.engine import containers
from sandbox.engine.containers import Specification
from sandbox.errors import SandboxError
from sandbox.machine import ports
from sandbox.machine.layout import HOME_VARIABLE, PACKAGE
from sandbox.machine.lock import exclusive
from sandbox.machine.probes import HOST
from sandbox.machine.processes import Processes
from sandbox.machine.state import State
from sandbox.ready import wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import docker

    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress

SERVER = "prefect-server"
WORKER = "prefect-worker"
POOL = "pluginctl"
PORT = "prefect"  # its name among the ports
_INSIDE = 4200
_APPLICATION = "prefect.server.api.server:create_app"
_STARTED = "started"
_PASSWORDS = "passwords"
_WORKER_VARIABLES = "worker"  # a digest of those that it was started with
_WORKER_READY = "started!"  # what a worker prints when it has registered itself
# A worker that died is started again, as the engine does with a container.
_FOREVER = ("sh", "-c", 'until "$@"; do sleep 1; done', "sh")


def was_started(layout: Layout) -> bool:
    """Whether Prefect was started and not stopped since. It may have ended by itself."""
    return bool(State(layout.state).get(_STARTED))


def kept_port(layout: Layout) -> int | None:
    """The server's port; None if it was not started."""
    return State(layout.state).get("ports").get(PORT) if was_started(layout) else None


def kept_password(layout: Layout) -> str | None:
    """What the server requires, as `user:password`, and its pages ask for as a whole; None if it was never started."""
    return State(layout.state).get(_PASSWORDS).get(SERVER)


def requirements() -> Path:
    """The lock file of the server's packages."""
    return PACKAGE / "requirements" / "prefect.txt"


def start(layout: Layout, client: docker.DockerClient, base: str, progress: Progress) -> None:
    """Start the server and the worker, unless they run already.

    Args:
        layout: the folder of both (`Layout.prefect`).
        client: the engine's client.
        base: the image that the server's image is built on.
        progress: receives what is going on.

    Raises:
        SandboxError: one of the two does not start.
    """
    with exclusive(layout, progress):
        layout.make()
        state = State(layout.state)
        image = images.prefect(client, base, requirements(), progress)
        running = containers.of_sandbox(client, layout.identifier)
        port = ports.keep(layout, state, PORT, held=SERVER in running)
        password = _password(state)
        wanted = server(layout, image, port, password)
        containers.network(client, layout.identifier)
        for volume in wanted.volumes:
            containers.volume(client, volume, {containers.SANDBOX: layout.identifier})
        state.put(_STARTED, {"server": True})
        wait_until_ready(client, [wanted], progress, seconds=120)
        _start_worker(layout, state, environment(layout, port, password), progress)


def _password(state: State) -> str:
    with state.changing(_PASSWORDS) as kept:
        return str(kept.setdefault(SERVER, f"sandbox:{secrets.token_urlsafe(24)}"))


def _start_worker(layout: Layout, state: State, variables: Mapping[str, str], progress: Progress) -> None:
    processes = Processes(layout)
    digest = hashlib.sha256(json.dumps(dict(variables)).encode()).hexdigest()
    if processes.running(WORKER) and state.get(_WORKER_VARIABLES) == {"digest": digest}:
        return
    processes.stop(WORKER)
    log = layout.log(WORKER)
    begin = log.stat().st_size if log.exists() else 0
    command = (
        *(sys.executable, "-u", "-m", "prefect", "worker", "start"),
        *("--pool", POOL, "--type", "process", "--name", "sandbox", "--create-pool-if-not-found"),
    )
    with progress.step(f"starting {WORKER}"):
        processes.start(WORKER, (*_FOREVER, *command), variables)
        state.put(_WORKER_VARIABLES, {"digest": digest})
        wait_for_line(processes, WORKER, _WORKER_READY, begin)


def wait_for_line(processes: Processes, name: str, line: str, begin: int, seconds: float = 90) -> None:
    """Wait until a program has written a text into its log after the byte `begin`.

    Raises:
        SandboxError: it did not in time; the details are the end of its log.
    """
    log = processes.layout.log(name)
    deadline = time.monotonic() + seconds
    while True:
        ended = processes.running(name) is None  # before its last lines are read
        if line in (text := _written(log, begin)):
            return
        if ended or time.monotonic() > deadline:
            raise SandboxError(
                f"{name} does not start.", f"See its log, {log}.", details=text.strip().splitlines()[-15:]
            )
        time.sleep(0.1)


def _written(log: Path, begin: int) -> str:
    with log.open("rb") as lines:
        lines.seek(min(begin, log.stat().st_size))
        return lines.read().decode(errors="replace")


def stop(layout: Layout, client: docker.DockerClient | None, progress: Progress) -> None:
    """Stop both: first the worker and its flows, then the server."""
    processes = Processes(layout)
    found = list(containers.of_sandbox(client, layout.identifier).values()) if client else []
    if not found and not processes.names():
        return
    with exclusive(layout, progress), progress.step("stopping Prefect"):
        for name in processes.names():
            processes.stop(name)
        containers.stop(found)
        if client:
            containers.remove_networks(client, layout.identifier)
        State(layout.state, discard_broken=True).put(_STARTED, {})


def address(port: int) -> str:
    """The web pages' address."""
    return f"http://{HOST}:{port}"


def environment(layout: Layout, port: int, password: str) -> dict[str, str]:
    """Variables that make `prefect` and flows use this server and keep their files in the sandbox."""
    return {
        # The flows on the worker read deployments/environments. Those files find the sandboxes with this variable.
        HOME_VARIABLE: str(layout.root.parent),
        "PREFECT_HOME": str(layout.data),
        "PREFECT_API_URL": f"{address(port)}/api",
        "PREFECT_API_AUTH_STRING": password,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_CLI_PROMPT": "false",
    }


def server(layout: Layout, image: str, port: int, password: str) -> Specification:
    """The server. SQLite is enough for one worker and one person.

    The password is a variable of the container, as it is in no command. `docker inspect` shows it to whoever has the
    engine's socket, and therefore everything.
    """
    return Specification(
        layout.identifier,
        SERVER,
        image,
        ("python", "-P", "-m", "sandbox.one_host", _APPLICATION, f"{HOST}:{port}", str(_INSIDE)),
        environment={
            "PREFECT_HOME": "/data",
            "PREFECT_SERVER_API_AUTH_STRING": password,
            # For pages of any other origin, a browser refuses to send the calls of the API.
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": address(port),
            # Without it, the pages would call port 4200, also if the server is published on another port.
            "PREFECT_UI_API_URL": f"{address(port)}/api",
            "PREFECT_UI_STATIC_DIRECTORY": "/tmp/pages",  # noqa: S108 - inside the container
            # In memory, as is the default, a restarted server would never free what the runs before had taken.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT__SERVER_FINAL": "1",  # as `prefect server start` does: it saves memory
        },
        volumes={containers.container_name(layout.identifier, SERVER): "/data"},
        ports={_INSIDE: port},
        page="/api/health",
        health=f"bash -c ': </dev/tcp/127.0.0.1/{_INSIDE}'",
        memory=1024,
    )
