"""A store, and the server as the sandbox starts it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from sandbox.mongodb.context import Context
from sandbox.mongodb.cursors import Cursors
from sandbox.mongodb.dispatch import answer
from sandbox.mongodb.documents import decode
from sandbox.mongodb.journal import Journal
from sandbox.mongodb.scram import Session
from sandbox.mongodb.store import Store
from sandbox.mongodb.wire import OP_MSG, Request
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).resolve().parents[3]
USER, PASSWORD = "spaceone", "correct-horse"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    journal = Journal(tmp_path / "data")
    yield Store(journal)
    journal.close()


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest) -> Iterator[MongoClient[dict[str, Any]] | None]:
    """A client of the MongoDB of --mongodb-uri, whose database `shop` is dropped afterwards; None without it."""
    uri = request.config.getoption("--mongodb-uri")
    if uri is None:
        yield None
        return
    with MongoClient(uri) as client:
        client.drop_database("shop")
        yield client
        client.drop_database("shop")


@pytest.fixture
def embedded(elsewhere: MongoClient[dict[str, Any]] | None) -> None:
    """For a test that looks inside the embedded server, or changes its limits."""
    if elsewhere is not None:
        pytest.skip("it looks inside the embedded server, and --mongodb-uri names another one")


@pytest.fixture
def run(store: Store, elsewhere: MongoClient[dict[str, Any]] | None) -> Callable[..., dict[str, Any]]:
    """Run a command on the database `shop`: run(find="plants", filter={…}); returns the reply."""
    context = Context(store, Cursors())

    def ask(sequences: dict[str, list[bytes]] | None = None, /, **body: Any) -> dict[str, Any]:
        assert elsewhere is not None
        decoded = {name: [decode(raw) for raw in documents] for name, documents in (sequences or {}).items()}
        return dict(elsewhere["shop"].command({**body, **decoded}, check=False))

    if elsewhere is not None:
        return ask

    def command(sequences: dict[str, list[bytes]] | None = None, /, **body: Any) -> dict[str, Any]:
        return answer(context, Request(1, OP_MSG, {**body, "$db": "shop"}, sequences or {}), Session())

    return command


@dataclass
class RunningServer:
    """The server in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    def client(self, **options: Any) -> MongoClient[dict[str, Any]]:
        """As the services connect: with a name and a password."""
        return MongoClient(
            "127.0.0.1",
            self.port,
            **{"username": USER, "password": PASSWORD, **options},
            timeoutMS=PATIENCE * 1000,
        )

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=PATIENCE)
        self._close()
        return code

    def _close(self) -> None:
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def launch() -> Iterator[Callable[..., RunningServer]]:
    """Starts servers with a user on free ports; ends those that still run."""
    started: list[RunningServer] = []

    def one(data: Path) -> RunningServer:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.mongodb", "--port", "0", "--data", str(data)],
            stderr=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env={**os.environ, "MONGODB_USER": USER, "MONGODB_PASSWORD": PASSWORD},
        )
        assert process.stderr is not None
        line = process.stderr.readline()
        listening = re.search(r"Listening on 127\.0\.0\.1:(\d+)", line)
        assert listening, line + process.stderr.read()
        started.append(RunningServer(process, int(listening[1])))
        return started[-1]

    yield one
    for server in started:
        if server.process.poll() is None:
            server.stop()
        with contextlib.suppress(ValueError):
            server._close()


@pytest.fixture
def server(launch: Callable[[Path], RunningServer], tmp_path: Path) -> RunningServer:
    return launch(tmp_path / "server" / "data")


@pytest.fixture
def database(request: pytest.FixtureRequest, elsewhere: MongoClient[dict[str, Any]] | None) -> Iterator[Any]:
    if elsewhere is not None:
        yield elsewhere["shop"]
        return
    with request.getfixturevalue("server").client() as client:
        yield client["shop"]
