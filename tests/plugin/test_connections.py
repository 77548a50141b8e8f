"""Connections that are cut while something is under way on them."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
import urllib3

from plugin.addresses import Address
from plugin.connections import Connections
from plugin.errors import SourceUnreachable
from plugin.serving import InvalidParameter
from tests.listener import full_queue
from tests.plugin.calls import HANGING, until

ENDLESS = 3600.0
"""Seconds; a test that really waited for so long would be ended as one that hangs."""


@pytest.fixture
def silent():
    """Takes connections, and says nothing on them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def at(url):
    return Address.parse("options.base_url", url)


def ask(connections, server, scheme):
    address = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/"
    with pytest.raises(urllib3.exceptions.HTTPError):
        connections.get(address, {}, {}, ENDLESS)


@pytest.mark.parametrize("scheme", ["http", "https"])  # the second one in the middle of TLS's first words
def test_a_question_ends_when_it_is_cut(silent, scheme):
    connections = Connections(at(f"{scheme}://127.0.0.1"))
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
    connections = Connections(at("http://127.0.0.1"))
    connections.cut()
    ask(connections, silent, "http")
    connections.close()


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_connection_that_is_closed_is_let_go_of(scripted):
    scripted.answer = lambda *_: (200, {"a": 1}, {})  # as HTTP/1.0 has it, closed after each answer
    connections = Connections(at(scripted.url))
    before = descriptors()
    for _ in range(20):
        assert connections.get(scripted.url, {}, {}, HANGING).body == b'{"a": 1}'
    assert descriptors() <= before + 3
    connections.close()


def test_closed_whatever_is_under_way_ends(silent):
    connections = Connections(at("http://127.0.0.1"))
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
        Connections(at("http://example.org"))
    assert "secret" not in str(caught.value)


def test_a_proxy_without_a_scheme_is_one_of_http(monkeypatch, scripted):
    scripted.answer = lambda *_: (200, {"a": 1}, {})
    monkeypatch.setenv("http_proxy", scripted.url.removeprefix("http://"))
    monkeypatch.delenv("no_proxy", raising=False)
    connections = Connections(at("http://example.org"))
    assert connections.get("http://example.org/x", {}, {}, HANGING).body == b'{"a": 1}'
    connections.close()


def test_certificates_are_checked_by_the_environments_authorities(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    connections = Connections(at("https://127.0.0.1:1"))
    assert connections._manager.connection_pool_kw["ca_certs"] == str(tmp_path / "none")


def test_waiting_for_a_connection_ends_when_it_is_cut():
    with full_queue() as full:
        connections = Connections(at("http://127.0.0.1"))
        asking = threading.Thread(target=ask, args=(connections, full, "http"))
        asking.start()
        assert until(lambda: connections._held)
        asking.join(0.3)  # until it waits; where it does not yet, it is cut before
        connections.cut()
        asking.join(HANGING)
        assert not asking.is_alive()
        connections.close()


@pytest.fixture
def names(monkeypatch):
    """What names lead to, instead of what this machine knows; and how often they were looked up."""
    known, looked_up = {}, []
    real = socket.getaddrinfo

    def look_up(host, port, *arguments, **named):
        looked_up.append(host)
        if host not in known:
            return real(host, port, *arguments, **named)
        here = known[host] if len(looked_up) == 1 else known.get("later", known[host])
        return [entry for address in here for entry in real(address, port, *arguments, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for variable in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    known["looked up"] = looked_up
    return known


METADATA = ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "0xa9fea9fe"]


@pytest.mark.parametrize("address", METADATA)
@pytest.mark.parametrize("others", [[], ["127.0.0.1"]])
def test_a_name_of_a_metadata_service_is_not_connected_to(names, scripted, address, others):
    names["prices.example"] = [*others, address]
    url = scripted.url.replace("127.0.0.1", "prices.example")
    connections = Connections(at(url))
    with pytest.raises(
        InvalidParameter, match=r"options\.base_url.*name the server in the secret as api_server"
    ):
        connections.get(url, {}, {}, 1.0)
    assert scripted.requests == []
    connections.close()


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "2852039166", "0xa9.0xfe.43518", "[::ffff:a9fe:a9fe]", "[fe80::1]"]
)
def test_a_metadata_service_by_its_address(host):
    url = f"http://{host}/latest"
    with pytest.raises(InvalidParameter, match=r"options\.base_url"):
        Connections(at(url)).get(url, {}, {}, 1.0)


def test_it_connects_to_the_address_that_it_judged(names, scripted):
    """A name may lead elsewhere a moment later."""
    names["prices.example"] = ["127.0.0.1"]
    names["later"] = ["169.254.169.254"]
    scripted.answer = lambda *_: (200, [], {})
    url = scripted.url.replace("127.0.0.1", "prices.example")
    connections = Connections(at(url))
    assert connections.get(url, {}, {}, HANGING).body == b"[]"
    assert names["looked up"] == ["prices.example"]
    connections.close()


def test_a_server_that_the_secret_names_may_be_anywhere(names, scripted, monkeypatch):
    names["prices.example"] = ["127.0.0.1"]
    monkeypatch.setattr("plugin.connections.is_metadata", lambda _: True)
    scripted.answer = lambda *_: (200, [], {})
    url = scripted.url.replace("127.0.0.1", "prices.example")
    connections = Connections(at(url), anywhere=True)
    assert connections.get(url, {}, {}, HANGING).body == b"[]"
    connections.close()


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "prices.example"])
def test_a_proxy_is_not_asked_for_it_either(names, scripted, monkeypatch, host):
    names["prices.example"] = ["169.254.169.254"]
    monkeypatch.setenv("http_proxy", scripted.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    url = f"http://{host}/latest"
    connections = Connections(at(url))
    with pytest.raises(InvalidParameter, match=r"options\.base_url"):
        connections.get(url, {}, {}, 1.0)
    assert scripted.requests == []
    connections.close()


def test_the_next_address_of_a_name_is_tried(names, scripted):
    names["prices.example"] = ["127.0.0.2", "127.0.0.1"]  # nobody listens on the first one
    scripted.answer = lambda *_: (200, [], {})
    url = scripted.url.replace("127.0.0.1", "prices.example")
    before = descriptors()
    connections = Connections(at(url))
    assert connections.get(url, {}, {}, HANGING).body == b"[]"
    connections.close()
    assert until(lambda: descriptors() <= before)  # the other end is in this process as well
