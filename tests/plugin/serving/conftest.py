"""Collectors of a few lines, served in this process."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from plugin.serving import Collector
from plugin.serving.server import Server
from plugin.serving.settings import Settings

MINIMAL = Path(__file__).with_name("minimal_collector.py")


@pytest.fixture
def minimal():
    """The file of the minimal collector."""
    return MINIMAL


@pytest.fixture
def bare():
    """A collector with nothing to collect."""

    class Bare(Collector):
        def collect(self, call):
            yield from ()

    return Bare()


@pytest.fixture
def serve():
    """Serves a collector; gives a channel to it."""
    started = []

    def start(collector, **settings):
        server = Server(
            collector, Settings(**{"host": "127.0.0.1", "port": 0, "workers": 4, "grace": 2.0} | settings)
        )
        server.start()
        channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
        started.append((channel, server))
        return channel

    yield start
    for channel, server in started:
        channel.close()
        server.stop()
