"""A Prefect server of a test's own with its database and its workers: a test may kill each of them."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun

from sandbox.machine import debian
from sandbox.machine.variables import passed_on
from tests.waiting import wait_for

POOL = "pluginctl"
HEARTBEAT_SECONDS = 30
"""The least that Prefect allows."""
WITHIN = 50
"""Seconds of an automation that waits for a heartbeat."""
_POSTGRESQL = Path("/usr/lib/postgresql")


class Program:
    """A program with all that it starts; its output goes to a file.

    Attributes:
        log: The file.
    """

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], log: Path, **more: Any) -> None:
        self.log, self._command, self._more = log, command, more
        self._variables = {**passed_on(), **variables}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, also once more after it was killed."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **self._more,
            )

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    def children(self) -> list[psutil.Process]:
        """What it has started, and what that has started."""
        assert self._process is not None
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self._process.pid).children(recursive=True)
        return []

    def kill(self, *, alone: bool = False) -> None:
        """`kill -9`, of its children as well unless it is killed `alone`."""
        assert self._process is not None
        children = [] if alone else self.children()
        self._process.kill()
        for each in children:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self._process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Asks it to end, and kills what still runs after some seconds."""
        if self._process is None:
            return
        children = self.children()
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        self._process.kill()
        self._process.wait()
        for each in children:
            with suppress(psutil.NoSuchProcess):
                each.kill()


@contextmanager
def postgresql() -> Iterator[str]:
    """A cluster of Debian's PostgreSQL on a socket in a temporary folder; Prefect's URL of an empty database."""
    programs = _postgresql_programs()
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
    as_user = user if os.geteuid() == 0 else {}  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    try:
        if as_user:
            shutil.chown(folder, "postgres", "postgres")
        data, where = str(folder / "data"), ["-h", str(folder), "-U", "prefect"]
        make = [str(programs / "initdb"), "-D", data, "-U", "prefect", "-E", "UTF8", "-A", "trust"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **as_user)
        command = [str(programs / "postgres"), "-D", data, "-k", str(folder), "-c", "listen_addresses="]
        database = Program(command, {}, folder / "log", cwd=folder, **as_user)
        database.start()
        try:
            create = [str(programs / "createdb"), *where, "prefect"]
            wait_for(
                lambda: subprocess.run(create, check=False, capture_output=True).returncode == 0,
                "the database",
                pause=0.1,
            )
            yield f"postgresql+asyncpg://prefect@/prefect?host={folder}"
        finally:
            database.stop(signal.SIGINT)  # it does not wait for those that are connected
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgresql_programs() -> Path:
    if not list(_POSTGRESQL.glob("*/bin/initdb")):
        debian.install(["postgresql"])
    return sorted(_POSTGRESQL.glob("*/bin"), key=lambda path: float(path.parent.name))[-1]


class Prefect:
    """A Prefect server and what is connected to it.

    Attributes:
        variables: What a client, a worker and a flow need.
        server: The server.
        client: Its API.
    """

    def __init__(self, folder: Path, database: str, variables: Mapping[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        password = f"tests:{secrets.token_urlsafe(12)}"
        self._folder = folder
        self._stack = ExitStack()
        self.variables = {
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_API_AUTH_STRING": password,
            "PREFECT_HOME": str(folder / "home"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
            "COLUMNS": "160",
            **variables,
        }
        own = {
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
            "PREFECT_SERVER_API_AUTH_STRING": password,
            "PREFECT_SERVER_UI_ENABLED": "false",
            "PREFECT__SERVER_FINAL": "1",
            # In memory, which is the default, a restart of the server loses who holds a limit, for ever.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        }
        where = ["--host", "127.0.0.1", "--port", str(port)]
        self.server = self.program("server", "server", "start", *where, **own)
        self.client = SyncPrefectClient(self.variables["PREFECT_API_URL"], auth_string=password)

    def __enter__(self) -> Prefect:
        self._stack.callback(self.server.stop)
        self.start_server()
        self._stack.enter_context(self.client)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def start_server(self) -> None:
        """Starts the server, also once more after it was killed, and waits until it answers."""
        self.server.start()

        def answers() -> bool:
            assert self.server.running, self.server.log.read_text()
            try:
                return httpx.get(f"{self.variables['PREFECT_API_URL']}/health", timeout=5).is_success
            except httpx.HTTPError:
                return False

        wait_for(answers, "an answer of Prefect's server", seconds=300, pause=0.2)

    def program(self, name: str, *words: str, **variables: str) -> Program:
        """`prefect WORDS` that keeps running, not started yet."""
        command = [sys.executable, "-m", "prefect", *words]
        return Program(command, {**self.variables, **variables}, self._folder / f"{name}.log")

    @contextmanager
    def worker(self, name: str, limit: int) -> Iterator[Program]:
        """A worker that runs so many flows at once, and has registered itself."""
        words = ["worker", "start", "--pool", POOL, "--type", "process", "--name", name]
        worker = self.program(name, *words, "--limit", str(limit))

        def started() -> bool:
            assert worker.running, worker.log.read_text()
            return "started!" in worker.log.read_text()

        worker.start()
        try:
            wait_for(started, f"the worker {name}", pause=0.1)
            yield worker
        finally:
            worker.stop()

    def pluginctl(self, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """`pluginctl`, in a project's folder."""
        done = subprocess.run(
            [Path(sys.executable).with_name("pluginctl"), *words],
            cwd=folder,
            env={**passed_on(), **self.variables},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 600) -> Any:
        """Waits for something on the server, which may be away meanwhile."""

        def asked() -> Any:
            try:
                return condition()
            except httpx.HTTPError:
                return None

        return wait_for(asked, what, seconds=seconds, pause=0.3)


def start_dry_runs(prefect: Prefect, plugins: Iterable[str], environment: str) -> list[UUID]:
    """Queues a dry run of `release/PLUGIN` for each name; their ids."""
    given = {"environment": environment, "dry_run": True}
    return [start(prefect, f"release/{plugin}", **given) for plugin in plugins]


def start(prefect: Prefect, deployment: str, **parameters: Any) -> UUID:
    """Queues a run of a deployment; its id."""
    known = prefect.client.read_deployment_by_name(deployment)
    return prefect.client.create_flow_run_from_deployment(known.id, parameters=parameters).id


def await_runs(prefect: Prefect, runs: list[UUID], count: int) -> list[FlowRun]:
    """Waits until so many of the runs have ended; all of them, in the given order."""
    wanted = FlowRunFilter.model_validate({"id": {"any_": runs}})

    def over() -> list[FlowRun] | None:
        found = {run.id: run for run in prefect.client.read_flow_runs(flow_run_filter=wanted, limit=200)}
        ended = [run for run in found.values() if run.state and run.state.is_final()]
        return [found[each] for each in runs] if len(ended) >= count else None

    ended: list[FlowRun] = prefect.until(over, f"the end of {count} runs", seconds=3000)
    return ended
