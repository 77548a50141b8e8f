from __future__ import annotations

import socket
from contextlib import ExitStack, closing
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import yaml

from sandbox import parts
from sandbox.errors import SandboxError
from sandbox.machine.layout import PACKAGE, Layout
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sandbox.machine.processes import Processes


class Redis:
    """Answers each connection with the next of its answers, which lies ready before it is asked.

    Attributes:
        said: What the connections were sent.
    """

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self._ends: list[socket.socket] = []

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        assert address == ("127.0.0.1", 6379)
        ours, theirs = socket.socketpair()
        ours.sendall(self._answers.pop(0))
        self._ends.append(ours)
        return theirs

    @property
    def said(self) -> list[bytes]:
        return [end.recv(64) for end in self._ends]

    def close(self) -> None:
        for end in self._ends:
            end.close()


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Redis]]:
    """A Redis with such answers takes the place of every connection."""
    with ExitStack() as stack:

        def serve(*answers: bytes) -> Redis:
            made = stack.enter_context(closing(Redis(*answers)))
            monkeypatch.setattr(parts, "socket", SimpleNamespace(create_connection=made.connect))
            return made

        yield serve


def test_a_redis_that_still_loads_is_not_ready(redis: Callable[..., Redis]):
    asked = redis(b"-LOADING Redis is loading\r\n", b"+PONG\r\n")
    assert [parts.answers_ping(6379), parts.answers_ping(6379)] == [False, True]
    assert asked.said == [b"PING\r\n"] * 2


def test_a_redis_that_nobody_reaches_is_not_ready(silent: int, nobody: int):
    assert not parts.answers_ping(silent)
    assert not parts.answers_ping(nobody)


@pytest.mark.parametrize(("answer", "accepted"), [(b"+OK\r\n", True), (b"-NOPERM no\r\n", False)])
def test_a_redis_that_cannot_be_emptied_is_told(answer: bytes, accepted: bool, redis: Callable[..., Redis]):
    asked = redis(answer)
    if accepted:
        parts.empty_redis(6379)
    else:
        with pytest.raises(SandboxError, match="cannot be emptied: '-NOPERM no'"):
            parts.empty_redis(6379)
    assert asked.said == [b"FLUSHALL\r\n"]


def test_redis_keeps_its_data_and_stays_on_this_machine(layout: Layout):
    part = parts.redis(layout, 21001)
    lines = (layout.conf / "redis.conf").read_text().splitlines()
    assert {"bind 127.0.0.1", "port 21001", "appendonly yes", f'dir "{layout.data}/redis"'} <= set(lines)
    assert part.command[-1] == layout.conf / "redis.conf"


def test_the_registry_keeps_its_images_and_stays_on_this_machine(layout: Layout):
    parts.registry(layout, 21002)
    settings = yaml.safe_load((layout.conf / "registry.yaml").read_text())
    assert settings["http"]["addr"] == "127.0.0.1:21002"
    assert settings["storage"]["filesystem"]["rootdirectory"] == str(layout.data / "registry")


@pytest.mark.parametrize(("generation", "words"), [("2.x", ("run", "grpc-server")), ("1.12", ("grpc",))])
def test_services_are_started_with_their_generations_words(
    tmp_path: Path, generation: str, words: tuple[str, ...]
):
    layout = Layout.of(tmp_path, generation)
    part = parts.service(layout, "identity", {"identity": 21003})
    assert part.address == "grpc://127.0.0.1:21003"
    assert [str(word) for word in part.command] == [
        *(str(layout.venv / "bin" / "spaceone"), *words),
        *("spaceone.identity", "-p", "21003", "-c", str(layout.conf / "identity.yaml")),
    ]


def test_services_may_use_their_bytecode(layout: Layout):
    assert parts.service(layout, "identity", {"identity": 21003}).environment.get("PYTHONPATH", "") is None


def test_the_supervisor_is_started_with_its_faults_mended(either: Layout, processes: Processes):
    part = parts.background(either, "supervisor", processes)
    assert part.command[:2] == (either.python, PACKAGE / "spaceone" / "supervisor.py")
    assert "spaceone.supervisor" in part.command
    other = parts.background(either, "inventory-worker", processes)
    assert other.command[0] == either.venv / "bin" / "spaceone"
    assert "spaceone.inventory" in other.command


def test_what_does_not_listen_is_ready_with_its_children(layout: Layout, processes: Processes):
    part = parts.background(layout, "supervisor", processes)
    assert not part.ready()
    processes.start("supervisor", ["sleep", "600"])
    assert not part.ready(), "its synchronisation does not run yet"
    processes.stop(["supervisor"])
    processes.start("supervisor", ["sh", "-c", "sleep 600 & wait"])
    wait_for(part.ready)
