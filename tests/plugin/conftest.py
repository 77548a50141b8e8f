"""The collector, and sources for it: the stand-in as a process, and one that fails as a test tells it to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import grpc
import pytest
from hypothesis import settings

from tests.plugin.calls import HANGING, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "plugin" / "src"

# The package is not installed: its image runs it from its folder, and so do its tests.
sys.path.insert(0, str(SOURCE))

# How long one example takes says more about the machine than about the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

STOPPED_AT = "2026-01-15T12:00:00Z"


@pytest.fixture(scope="session")
def start_market() -> Iterator[Callable[..., str]]:
    """Starts the stand-in as a process of its own, with arguments; gives its base address."""
    processes = []

    def start(*arguments: str) -> str:
        port = _free_port()
        command = [sys.executable, "-m", "sandbox.market", "--port", str(port), *arguments]
        processes.append(subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL))
        deadline = time.monotonic() + HANGING
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}/api/v3"
            time.sleep(0.05)
        raise TimeoutError("the stand-in does not listen")

    yield start
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(HANGING)


@pytest.fixture(scope="session")
def market(start_market: Callable[..., str]) -> str:
    """The stand-in with its clock stopped and no limit."""
    return start_market("--at", STOPPED_AT, "--rate-limit", "0")


class Scripted:
    """A source that answers what a test says.

    `answer` takes path and query and gives (status, body, headers); a body that is no bytes is sent as JSON.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[str, dict[str, str]], tuple[int, Any, dict[str, str]]] = lambda *_: (
            200,
            [],
            {},
        )
        self.url = ""


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            script.requests.append((parts.path, query))
            script.headers.append({name.lower(): value for name, value in self.headers.items()})
            status, body, headers = script.answer(parts.path, query)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            # Who asked may have given up by now.
            with suppress(ConnectionError):
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    return f"http://127.0.0.1:{_free_port()}"


@pytest.fixture
def channel() -> Iterator[grpc.Channel]:
    """A channel to a collector that serves in this process."""
    from plugin.collector import Portfolio
    from plugin.serving.server import Server
    from plugin.serving.settings import Settings

    server = Server(Portfolio(), Settings(host="127.0.0.1", port=0, workers=8, grace=2.0))
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel
    server.stop()


@pytest.fixture
def coin() -> Callable[..., dict[str, Any]]:
    """Makes a row of `/coins/markets` in which nothing is missing, with changes."""

    def make(coin_id: str = "bitcoin", **changes: Any) -> dict[str, Any]:
        row = {
            "id": coin_id,
            "symbol": "btc",
            "name": coin_id.title(),
            "image": "https://example.org/btc.png",
            "current_price": 67187.3358936566,
            "market_cap": 1317802988326,
            "market_cap_rank": 1,
            "fully_diluted_valuation": 1407735791327,
            "total_volume": 31260929299,
            "high_24h": 69000,
            "low_24h": 65990.5,
            "price_change_24h": 131.0,
            "price_change_percentage_24h": 0.19472,
            "market_cap_change_24h": 3050000000,
            "market_cap_change_percentage_24h": 0.23,
            "circulating_supply": 19675987,
            "total_supply": 21000000,
            "max_supply": 21000000,
            "ath": 73738,
            "ath_change_percentage": -8.9,
            "ath_date": "2024-03-14T07:10:36.635Z",
            "atl": 67.81,
            "atl_change_percentage": 98955.1,
            "atl_date": "2013-07-06T00:00:00.000Z",
            "roi": None,
            "last_updated": "2024-04-07T16:49:31.736Z",
        }
        return row | changes

    return make


class Pauses(list[float]):
    """A caller that waits for nothing: what it was to wait for is recorded, and time itself moves on."""

    patient = True
    left = False
    now = 0.0

    def wait(self, seconds: float) -> bool:
        self.append(seconds)
        self.now += seconds
        return self.patient

    def on_leaving(self, act: Callable[[], None]) -> None:
        pass

    def clock(self) -> float:
        return self.now


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """For whom the source is asked, and the clock of its budgets."""
    from plugin import budget

    made = Pauses()
    budgets: dict[object, budget.Budget] = {}

    def shared(address: str, key: str | None) -> budget.Budget:
        return budgets.setdefault((address, key), budget.Budget(made.clock))

    monkeypatch.setattr(budget, "shared", shared)
    return made


_Process = tuple["subprocess.Popen[bytes]", int, Path]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[..., _Process]]:
    """Starts a collector as its image does, by variables of the environment; gives the process, its port, its log.

    It is the portfolio collector, or the one in another file.
    """
    started = []

    def start(
        file: Path | None = None, *, wait: bool = True, **environment: str
    ) -> tuple[subprocess.Popen[bytes], int, Path]:
        path = tmp_path / f"log-{len(started)}"
        variables = {
            **os.environ,
            "SPACEONE_PORT": "0",
            "SPACEONE_HOST": "127.0.0.1",
            "PYTHONPATH": str(SOURCE),
            **environment,
        }
        command = [sys.executable, *([str(file)] if file else ["-m", "plugin"])]
        with path.open("w") as log:
            child = subprocess.Popen(command, cwd=SOURCE, env=variables, stderr=log)
        started.append(child)

        def ready() -> list[dict[str, Any]]:
            return [json.loads(line) for line in path.read_text().splitlines() if '"Started"' in line]

        if wait:
            until(lambda: ready() or child.poll() is not None)
        return child, ready()[0]["port"] if ready() else 0, path

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.wait(HANGING)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
