"""Connections that are cut while something is under way on them."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import urllib3
from plugin.connections import Connections


@pytest.fixture
def silent():
    """Takes connections, and says nothing on them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def ask(connections, server, scheme):
    address = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/"
    with pytest.raises(urllib3.exceptions.HTTPError):
        connections.get(address, {}, {}, 20)


@pytest.mark.parametrize("scheme", ["http", "https"])  # the second one in the middle of TLS's first words
def test_a_question_ends_when_it_is_cut(silent, scheme):
    connections = Connections(f"{scheme}://127.0.0.1")
    asking = threading.Thread(target=ask, args=(connections, silent, scheme))
    asking.start()
    accepted, _ = silent.accept()
    with accepted:
        assert accepted.recv(1)
        started = time.monotonic()
        connections.cut()
        asking.join(10)
        assert time.monotonic() - started < 5
        # The other side learns of it, too.
        accepted.settimeout(5)
        while accepted.recv(65536):
            pass
    connections.close()


def test_once_cut_nothing_is_asked_any_more(silent):
    connections = Connections("http://127.0.0.1")
    connections.cut()
    started = time.monotonic()
    ask(connections, silent, "http")
    assert time.monotonic() - started < 5
    connections.close()


def test_closed_nothing_stays_open(scripted):
    scripted.answer = lambda *_: (200, {"a": 1}, {})
    connections = Connections(scripted.url)
    for _ in range(3):
        assert connections.get(scripted.url, {}, {}, 5).json() == {"a": 1}
    held = list(connections._sockets)
    assert len(held) in (1, 3)
    connections.close()
    assert {each.fileno() for each in held} == {-1}
