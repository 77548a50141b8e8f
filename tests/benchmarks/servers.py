"""The processes that the collector's benchmarks need, and a client that only reads."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from spaceone.api.inventory.plugin.collector_pb2 import CollectRequest

from tests.benchmarks.harness import BenchmarkError
from tests.benchmarks.places import CHECKOUT, FRAMEWORK, PLUGIN

_COLLECT = "/spaceone.api.inventory.plugin.Collector/collect"
_START_SECONDS = 120.0
_COLLECT_SECONDS = 600.0


@dataclass(frozen=True)
class Server:
    """A process that listens.

    Attributes:
        port: On 127.0.0.1.
        process: The process.
        started: When, by `time.perf_counter()`.
    """

    port: int
    process: subprocess.Popen[bytes]
    started: float

    @property
    def peak(self) -> float:
        """The most memory that it has held at once, in MB (10⁶ bytes), as the kernel counts it (VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6


@contextmanager
def collector() -> Iterator[Server]:
    """The plugin as its image runs it, with its own default settings."""
    with _listening(PLUGIN / "src", ["-m", "plugin"], {"SPACEONE_HOST": "127.0.0.1"}) as server:
        yield server


@contextmanager
def framework(python: Path) -> Iterator[Server]:
    """The same records on SpaceONE's own framework, in the services' environment; on one CPU, where it is faster."""
    command = ["run", "plugin-server", "portfolio", "-s", str(FRAMEWORK), "-p"]
    with _listening(CHECKOUT, command, program=python.with_name("spaceone")) as server:
        _on_one_cpu(server.process.pid)
        yield server


@contextmanager
def floor(messages: Path) -> Iterator[Server]:
    """A server that streams a file of messages; on one CPU, as the collector does it."""
    with _listening(CHECKOUT, ["-m", "tests.benchmarks.floor", str(messages)]) as server:
        _on_one_cpu(server.process.pid)
        yield server


@contextmanager
def mongodb(data: Path) -> Iterator[Server]:
    """The sandbox's embedded database, as the sandbox starts it."""
    with _listening(CHECKOUT, ["-m", "sandbox.mongodb", "--data", str(data), "--port"]) as server:
        yield server


@contextmanager
def source(coins: int) -> Iterator[str]:
    """The stand-in's coins from memory; the base URL."""
    with _listening(CHECKOUT, ["-m", "tests.benchmarks.pages", str(coins)]) as server:
        yield f"http://127.0.0.1:{server.port}/api/v3"


@contextmanager
def _listening(
    folder: Path,
    arguments: list[str],
    variables: Mapping[str, str] | None = None,
    program: str | Path = sys.executable,
) -> Iterator[Server]:
    """A server of ours takes its port as its last argument; the collector, which has variables, by variable."""
    port = _free_port()
    command = [program, *arguments, *([] if variables else [str(port)])]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SPACEONE_")}
    environment = plain | {"SPACEONE_PORT": str(port), **(variables or {})}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(process, port, f"{Path(program).name} {' '.join(arguments[:2])}")
        yield Server(port, process, started)
    finally:
        process.kill()
        process.wait()


def _on_one_cpu(pid: int) -> None:
    one = max(os.sched_getaffinity(0))
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {one})


def _wait(process: subprocess.Popen[bytes], port: int, name: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchmarkError(f"`{name}` ended with {process.returncode} instead of listening.")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.002)
    raise BenchmarkError(f"`{name}` does not listen after {_START_SECONDS:.0f} s.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def reading(server: Server) -> Iterator[Callable[..., Iterator[bytes]]]:
    """Collects from a server: a call with options gives the messages as bytes, undecoded, as they come."""
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call: grpc.UnaryStreamMultiCallable[CollectRequest, bytes] = channel.unary_stream(
            _COLLECT, request_serializer=CollectRequest.SerializeToString
        )

        def collect(**options: Any) -> Iterator[bytes]:
            request = CollectRequest()
            request.options.update(options)
            # As inventory sends them, and the framework wants them.
            request.secret_data.SetInParent()
            request.filter.SetInParent()
            stream: Iterator[bytes] = call(request, timeout=_COLLECT_SECONDS)
            return stream

        yield collect
