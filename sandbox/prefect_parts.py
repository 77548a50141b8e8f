"""Prefect's server and one worker, for all sandboxes of a folder. Both are started as programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sandbox.launcher import launch
from sandbox.machine import ports
from sandbox.machine.layout import HOME_VARIABLE
from sandbox.machine.lock import exclusive
from sandbox.machine.probes import HOST, answers_http
from sandbox.machine.processes import Processes
from sandbox.machine.state import State
from sandbox.parts import Part

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress

SERVER = "prefect-server"
WORKER = "prefect-worker"
POOL = "pluginctl"
PORT = "prefect"  # its name among the ports
_WORKER_READY = "started!"  # what a worker prints when it has registered itself


def was_started(layout: Layout) -> bool:
    """Whether Prefect was started and not stopped since. It may have ended by itself."""
    return Processes(layout).record(SERVER) is not None


def kept_port(layout: Layout) -> int | None:
    """The server's port; None if it was not started."""
    return State(layout.state).get("ports").get(PORT) if was_started(layout) else None


def start(layout: Layout, progress: Progress) -> None:
    """Start the server and the worker, unless they run already.

    Args:
        layout: the folder of both (`Layout.prefect`).
        progress: receives what is going on.
    """
    with exclusive(layout, progress):
        layout.make()
        processes = Processes(layout)
        port = ports.keep(layout, State(layout.state), PORT, lambda: processes.running(SERVER) is not None)
        launch([server(layout, port)], processes, progress)
        launch([worker(layout, port, processes)], processes, progress)


def stop(layout: Layout, progress: Progress) -> None:
    """Stop both: first the worker and its flows, then the server."""
    processes = Processes(layout)
    if names := processes.names():
        with exclusive(layout, progress), progress.step("stopping Prefect"):
            processes.stop([name for name in names if name != SERVER])
            processes.stop([SERVER])
            processes.stop_strays()


def address(port: int) -> str:
    """The web pages' address."""
    return f"http://{HOST}:{port}"


def environment(layout: Layout, port: int) -> dict[str, str | None]:
    """Variables that make `prefect` and flows use this server and keep their files in the sandbox."""
    return {
        # The flows on the worker read deployments/environments. Those files find the sandboxes with this variable.
        HOME_VARIABLE: str(layout.root.parent),
        "PREFECT_HOME": str(layout.data),
        "PREFECT_API_URL": f"{address(port)}/api",
        # Without it, the web pages would call port 4200, also if the server has another port.
        "PREFECT_UI_API_URL": f"{address(port)}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_PROFILES_PATH": None,
    }


def server(layout: Layout, port: int) -> Part:
    """The server. SQLite is enough for one worker and one person."""
    return Part(
        SERVER,
        (sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)),
        address(port),
        lambda: answers_http(f"{address(port)}/api/health"),
        environment(layout, port),
        seconds=90,
    )


def worker(layout: Layout, port: int, processes: Processes) -> Part:
    """The worker, which runs each flow as a process on this machine."""
    log = layout.log(WORKER)
    # Ignore the lines of an earlier worker. A worker that runs already has written its line before.
    begin = log.stat().st_size if log.exists() and processes.running(WORKER) is None else 0

    def ready() -> bool:
        if processes.running(WORKER) is None or not log.exists():
            return False
        with log.open("rb") as lines:
            lines.seek(min(begin, log.stat().st_size))
            return _WORKER_READY in lines.read().decode(errors="replace")

    return Part(
        WORKER,
        (
            *(sys.executable, "-m", "prefect", "worker", "start"),
            *("--pool", POOL, "--type", "process", "--name", "sandbox", "--create-pool-if-not-found"),
        ),
        "",
        ready,
        environment(layout, port),
        seconds=90,
    )
