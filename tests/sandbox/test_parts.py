from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from sandbox import parts
from sandbox.errors import SandboxError
from sandbox.machine.layout import PACKAGE, Layout

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.machine.processes import Processes


@pytest.fixture
def nobody() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return int(closed.getsockname()[1])


def test_a_redis_that_still_loads_is_not_ready(nobody: int):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        answers = [b"-LOADING Redis is loading\r\n", b"+PONG\r\n"]

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(64)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        assert [parts.answers_ping(port), parts.answers_ping(port)] == [False, True]
        thread.join()
    assert not parts.answers_ping(nobody)


@pytest.mark.parametrize(("answer", "accepted"), [(b"+OK\r\n", True), (b"-NOPERM no\r\n", False)])
def test_a_redis_that_cannot_be_emptied_is_told(answer: bytes, accepted: bool):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                assert connection.recv(64) == b"FLUSHALL\r\n"
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        if accepted:
            parts.empty_redis(listener.getsockname()[1])
        else:
            with pytest.raises(SandboxError, match="cannot be emptied: '-NOPERM no'"):
                parts.empty_redis(listener.getsockname()[1])
        thread.join()


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
    processes.start("supervisor", ["sleep", "60"])
    assert not part.ready(), "its synchronisation does not run yet"
    processes.stop(["supervisor"])
    processes.start("supervisor", ["sh", "-c", "sleep 60 & wait"])
    deadline = time.monotonic() + 10
    while not part.ready():
        assert time.monotonic() < deadline
        time.sleep(0.01)
