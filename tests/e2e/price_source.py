"""A source of prices for the plugin's containers, whose answers a test decides."""

from __future__ import annotations

import json
import socket
import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import psutil

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker


COINS = [
    {
        "id": f"coin-{number}",
        "symbol": f"c{number}",
        "name": f"Coin {number}",
        "current_price": price,
        "market_cap_rank": number,
        "price_change_percentage_24h": change,
    }
    for number, price, change in ((1, 64321.5, 1.25), (2, 3000.125, -0.5), (3, 0.000012, 0.0), (4, 1.0, 7.75))
]


class PriceSource(ABC):
    """An HTTP server on the address of this machine that containers reach.

    Attributes:
        address: For the option `base_url`; empty until it serves.
    """

    address = ""

    @abstractmethod
    def answer(self, query: dict[str, str]) -> tuple[int, str]:
        """Status and JSON for a question of whatever path, but for the currencies; called in a thread of its own."""

    @contextmanager
    def serving(self, engine: docker.DockerClient) -> Iterator[None]:
        """Answers meanwhile."""
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(asked.query).items()}
                status, text = source.answer(query)
                if status == HTTPStatus.OK and asked.path.endswith("/supported_vs_currencies"):
                    text = '["usd"]'  # what the plugin's `verify` asks for
                content = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Not on the tests' standard error."""

        host = _gateway(engine)
        with ThreadingHTTPServer((host, 0), Handler) as server:
            self.address = f"http://{host}:{server.server_port}/api/v3"
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


class Held(PriceSource):
    """Answers every question with the same coins, and holds its answers back while it is told to.

    Attributes:
        open: Cleared, answers are held back.
        asked: Set when somebody asks.
        says: Status and body.
    """

    def __init__(self) -> None:
        self.open, self.asked = threading.Event(), threading.Event()
        self.reset()

    def answer(self, query: dict[str, str]) -> tuple[int, str]:
        self.asked.set()
        self.open.wait(PATIENCE)
        status, body = self.says
        return status, json.dumps(body)

    def reset(self) -> None:
        self.open.set()
        self.asked.clear()
        self.says: tuple[int, object] = (200, COINS)


def _gateway(engine: docker.DockerClient) -> str:
    """The address at which containers reach this machine. Engines of version 20.10 do not always tell it."""
    attributes = engine.networks.get("bridge").attrs
    told = [each["Gateway"] for each in attributes["IPAM"]["Config"] or [] if "Gateway" in each]
    if told:
        return str(told[0])
    name = attributes["Options"].get("com.docker.network.bridge.name", "docker0")
    (address,) = [each.address for each in psutil.net_if_addrs()[name] if each.family == socket.AF_INET]
    return str(address)
