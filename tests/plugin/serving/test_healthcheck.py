"""The container's health check."""

from __future__ import annotations

import ast
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from grpc_health.v1 import health_pb2

from plugin.serving import healthcheck
from plugin.serving.healthcheck import END_SECONDS, SECONDS, address, serving
from plugin.serving.server import Server
from plugin.serving.settings import Settings
from tests.plugin.calls import HANGING
from tests.plugin.conftest import SOURCE

COMMAND = [sys.executable, "-I", "-S", str(SOURCE / "plugin" / "serving" / "healthcheck.py")]
"""As the Dockerfile has it; tests/plugin/test_packaging.py compares the two."""


def test_it_looks_where_the_server_listens():
    assert address({}) == ("127.0.0.1", 50051)
    assert address({"SPACEONE_HOST": "0.0.0.0", "SPACEONE_PORT": "7"}) == ("127.0.0.1", 7)
    assert address({"SPACEONE_HOST": "127.0.0.2"}) == ("127.0.0.2", 50051)
    assert address({"SPACEONE_HOST": "[::1]"}) == ("::1", 50051)


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "[::]", "0.0.0.0"])
def test_it_asks_without_the_proxy(monkeypatch, bare, host):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    try:
        server = Server(bare, Settings(host=host, port=0))
    except RuntimeError:
        pytest.skip("this machine has no IPv6")
    server.start()
    where = address({"SPACEONE_HOST": host, "SPACEONE_PORT": str(server.port)})
    assert serving(where, HANGING)
    server.stop()
    assert not serving(where, 0.5)


@pytest.mark.parametrize("status", ["NOT_SERVING", "UNKNOWN", "SERVICE_UNKNOWN"])
def test_a_server_that_does_not_serve_is_not_healthy(bare, status):
    server = Server(bare, Settings(host="127.0.0.1", port=0))
    server.start()
    server._health.set("", health_pb2.HealthCheckResponse.ServingStatus.Value(status))
    assert not serving(("127.0.0.1", server.port), HANGING)
    server._health.set("", health_pb2.HealthCheckResponse.SERVING)
    assert serving(("127.0.0.1", server.port), HANGING)
    server.stop()


SETTINGS = bytes.fromhex("000000040000000000")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n",
        SETTINGS,
        SETTINGS + bytes.fromhex("ffffff000000000001"),  # a frame that would take 16 MB
        SETTINGS + bytes.fromhex("000004030000000001") + bytes(4),  # a reset
        SETTINGS + bytes.fromhex("000000010500000001"),  # headers that end the stream
        SETTINGS + bytes.fromhex("000007000100000001") + b"\0\0\0\0\2\x08\2",  # NOT_SERVING
    ],
)
def test_what_is_no_answer_of_a_healthy_server(said):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        assert not serving(listener.getsockname(), HANGING)
        thread.join()


def test_it_ends_in_time_whatever_it_hears():
    """A server that sends some bytes now and then is no reason to wait for longer."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip():
            connection, _ = listener.accept()
            with connection:
                while not over.wait(0.05):
                    try:
                        connection.sendall(SETTINGS[:3])
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        started = time.monotonic()
        assert not serving(listener.getsockname(), 0.5)
        assert 0.4 < time.monotonic() - started < HANGING / 2
        over.set()
        thread.join()


def test_its_limits_stand_in_order():
    assert SECONDS < END_SECONDS


def check(port):
    variables = {**os.environ, "SPACEONE_HOST": "127.0.0.1", "SPACEONE_PORT": str(port)}
    return subprocess.run(COMMAND, env=variables, check=False, timeout=HANGING).returncode


def test_its_exit_code_is_the_containers_health(process, minimal):
    child, port, _ = process(minimal)
    assert check(port) == 0
    child.send_signal(signal.SIGSTOP)  # it hangs: the kernel still takes connections for it
    started = time.monotonic()
    assert check(port) == 1
    assert time.monotonic() - started >= SECONDS - 1
    child.send_signal(signal.SIGCONT)
    assert check(port) == 0
    child.kill()
    child.wait(HANGING)
    assert check(port) == 1


def test_it_needs_the_standard_library_alone():
    tree = ast.parse((SOURCE / "plugin" / "serving" / "healthcheck.py").read_text())
    imported = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"os", "signal", "socket", "sys", "time"}
    assert healthcheck.TYPE_CHECKING is False


def test_it_takes_little_cpu_time(process, minimal):
    """It runs every half minute. Its CPU time in relation to that of a program that does nothing: about 3."""
    _, port, _ = process(minimal)

    def cpu(act):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        act()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    nothing = [sys.executable, "-I", "-S", "-c", "pass"]
    least = min(cpu(lambda: subprocess.run(nothing, check=True)) for _ in range(7))
    assert min(cpu(lambda: check(port)) for _ in range(7)) < 6 * least
