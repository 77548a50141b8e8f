"""Connections that are cut while something is under way on them."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
import urllib3

from plugin.connections import Connections
from plugin.errors import SourceUnreachable
from tests.plugin.calls import HANGING

ENDLESS = 3600.0
"""Seconds; a test that really waited for so long would be ended as one that hangs."""


@pytest.fixture
def silent():
    """Takes connections, and says nothing on them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def ask(connections, server, scheme):
    address = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/"
    with pytest.raises(urllib3.exceptions.HTTPError):
        connections.get(address, {}, {}, ENDLESS)


@pytest.mark.parametrize("scheme", ["http", "https"])  # the second one in the middle of TLS's first words
def test_a_question_ends_when_it_is_cut(silent, scheme):
    connections = Connections(f"{scheme}://127.0.0.1")
    asking = threading.Thread(target=ask, args=(connections, silent, scheme))
    asking.start()
    accepted, _ = silent.accept()
    with accepted:
        assert accepted.recv(1)
        connections.cut()
        asking.join(HANGING)
        assert not asking.is_alive()
        # The other side learns of it, too.
        accepted.settimeout(HANGING)
        while accepted.recv(65536):
            pass
    connections.close()


def test_once_cut_nothing_is_asked_any_more(silent):
    connections = Connections("http://127.0.0.1")
    connections.cut()
    ask(connections, silent, "http")
    connections.close()


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_connection_that_is_closed_is_let_go_of(scripted):
    scripted.answer = lambda *_: (200, {"a": 1}, {})  # as HTTP/1.0 has it, closed after each answer
    connections = Connections(scripted.url)
    before = descriptors()
    for _ in range(20):
        assert connections.get(scripted.url, {}, {}, HANGING).json() == {"a": 1}
    assert descriptors() <= before + 3
    connections.close()


def test_closed_whatever_is_under_way_ends(silent):
    connections = Connections("http://127.0.0.1")
    asking = threading.Thread(target=ask, args=(connections, silent, "http"))
    asking.start()
    accepted, _ = silent.accept()
    with accepted:
        assert accepted.recv(1)
        connections.close()
        asking.join(HANGING)
        assert not asking.is_alive()


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1", "ftp://u:secret@127.0.0.1", "http://[", "http://a:b"]
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(monkeypatch, proxy):
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(SourceUnreachable, match=r"The proxy in HTTP_PROXY cannot be used") as caught:
        Connections("http://example.org")
    assert "secret" not in str(caught.value)


def test_a_proxy_without_a_scheme_is_one_of_http(monkeypatch, scripted):
    scripted.answer = lambda *_: (200, {"a": 1}, {})
    monkeypatch.setenv("http_proxy", scripted.url.removeprefix("http://"))
    monkeypatch.delenv("no_proxy", raising=False)
    connections = Connections("http://example.org")
    assert connections.get("http://example.org/x", {}, {}, HANGING).json() == {"a": 1}
    connections.close()


def test_certificates_are_checked_by_the_environments_authorities(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    connections = Connections("https://127.0.0.1:1")
    assert connections._manager.connection_pool_kw["ca_certs"] == str(tmp_path / "none")
