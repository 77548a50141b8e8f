"""HTTP itself: connections that are kept, redirects, proxies and certificates."""

from __future__ import annotations

import contextlib
import gzip
import ssl
import time
import tracemalloc
from base64 import b64encode
from http.client import HTTPException
from urllib.parse import urlsplit

import pytest

from flows.images.registry.connection import TooSlow
from flows.images.registry.http import ANSWER_BYTES, MAX_REDIRECTS, Session, TooLarge
from flows.images.registry.proxy import proxy_of
from tests.listener import Listener

LOGIN = {"Authorization": "Basic eDp5"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    """Neither proxies nor authorities of the machine's own."""
    for name in ("all_proxy", "no_proxy", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def session():
    session = Session(5, 5, verify=False, trust_env=True)
    yield session
    session.close()


class Lines(Listener):
    """A server of one answer a connection, which it closes; `heard` is the first line and the headers of each."""

    def __init__(self, answer):
        self.heard = []
        self._answer = answer
        super().__init__()

    def handle(self, connection):
        self.heard.append(connection.recv(65536).decode().splitlines())
        connection.sendall(self._answer)


@pytest.fixture
def lines():
    """Makes such servers."""
    running = []

    def lines(answer):
        running.append(Lines(answer))
        return running[-1]

    yield lines
    for server in running:
        server.close()


class TestConnections:
    def test_one_is_kept(self, stub, session, answer):
        stub.on("/", answer(200, {"a": 1}))
        assert [session.request("GET", f"http://{stub.address}", {}).json() for _ in range(3)] == [
            {"a": 1}
        ] * 3
        assert len(session._connections) == 1

    def test_one_that_the_server_closed_meanwhile_is_made_again(self, lines, session):
        server = lines(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        for _ in range(3):
            assert session.request("GET", f"http://{server.address}/a?b=c", {}).content == b"ok"
            (connection,) = session._connections.values()
            connection.sock.recv(1)  # until it is closed
        assert [heard[0] for heard in server.heard] == ["GET /a?b=c HTTP/1.1"] * 3

    @pytest.mark.parametrize(
        "words", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"]
    )
    def test_an_answer_that_is_none_is_an_error_and_the_next_request_a_new_one(self, lines, session, words):
        server = lines(words)
        for asked in (1, 2):
            with pytest.raises((HTTPException, OSError)):
                session.request("GET", f"http://{server.address}", {})
            assert len(server.heard) == asked

    def test_a_body_that_is_no_json(self, stub, session, answer):
        stub.on("/", answer(200, b"\xff"))
        assert session.request("GET", f"http://{stub.address}", {}).json() is None

    def test_headers_of_one_name(self, lines, session):
        server = lines(b"HTTP/1.1 200 OK\r\nA: b\r\na: c\r\nContent-Length: 0\r\n\r\n")
        answered = session.request("GET", f"http://{server.address}", {})
        assert (answered.header("A"), answered.header("none")) == ("b, c", "")

    @pytest.mark.parametrize("url", ["ftp://example.com/", "http:///x", "http://[x", "http://x:port/"])
    def test_an_address_of_something_else(self, session, url):
        with pytest.raises(ValueError, match=r"address|IPv6|[Pp]ort"):
            session.request("GET", url, {})


class Endless(Listener):
    """A server that begins an answer and goes on with it until the client leaves, with pauses or without.

    `sent` is how many bytes left, headers aside.
    """

    def __init__(self, begin, more, pause=0.0):
        self.sent = 0
        self._begin, self._more, self._pause = begin, more, pause
        super().__init__()

    def handle(self, connection):
        connection.recv(65536)
        with contextlib.suppress(OSError):
            connection.sendall(self._begin)
            while self.sent < 100_000_000:
                connection.sendall(self._more)
                self.sent += len(self._more)
                time.sleep(self._pause)


@pytest.fixture
def endless():
    """Makes such servers."""
    running = []

    def endless(*words, **options):
        running.append(Endless(*words, **options))
        return running[-1]

    yield endless
    for server in running:
        server.close()


OK = b"HTTP/1.1 200 OK\r\n"
MEGABYTE = bytes(2**20)


class TestLimits:
    @pytest.mark.parametrize(
        ("headers", "more"),
        [
            (b"\r\n", MEGABYTE),
            (b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + MEGABYTE + b"\r\n"),
            (b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", MEGABYTE),
            (b"Content-Length: 300000000\r\n\r\n", MEGABYTE),
            (b"Content-Length: -1\r\n\r\n", MEGABYTE),
            (b"Content-Length: x\r\n\r\n", MEGABYTE),
            (b"Location: /x\r\n\r\n", MEGABYTE),
        ],
    )
    @pytest.mark.parametrize("status", [b"200", b"302", b"500"])
    def test_a_body_is_read_as_far_as_its_limit(self, endless, session, headers, more, status):
        server = endless(b"HTTP/1.1 %s Words\r\n" % status + headers, more)
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge) as caught:
                session.request("GET", f"http://{server.address}/x", {})
            assert tracemalloc.get_traced_memory()[1] < 4 * ANSWER_BYTES
        finally:
            tracemalloc.stop()
        assert (caught.value.url, caught.value.limit) == (f"http://{server.address}/x", ANSWER_BYTES)
        assert session._connections[("http", server.address)].sock is None

    def test_an_announced_size_is_refused_before_anything_is_read(self, lines, session):
        server = lines(OK + b"Content-Length: 11\r\n\r\n")
        with pytest.raises(TooLarge):
            session.request("GET", f"http://{server.address}", {}, limit=10)

    @pytest.mark.parametrize(
        "words",
        [
            b"Content-Length: 10\r\n\r\n0123456789",
            b"\r\n0123456789",
            b"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\nA: b\r\n\r\n",
        ],
    )
    def test_a_body_may_be_as_large_as_its_limit(self, lines, session, words):
        server = lines(OK + words)
        assert session.request("GET", f"http://{server.address}", {}, limit=10).content == b"0123456789"

    def test_a_head_announces_what_it_does_not_send(self, lines, session):
        server = lines(OK + b"Content-Length: 300000000\r\n\r\n")
        assert session.request("HEAD", f"http://{server.address}", {}).content == b""

    def test_a_chunk_that_breaks_off(self, lines, session):
        server = lines(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\n0123")
        with pytest.raises(HTTPException):
            session.request("GET", f"http://{server.address}", {})

    @pytest.mark.parametrize(
        ("begin", "more"),
        [
            (b"", b"H"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (OK, b"A"),
            (OK + b"Content-Length: 3000\r\n\r\n", b"x"),
            (OK + b"\r\n", b"x"),
            (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
            (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
            (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
        ],
    )
    def test_an_answer_that_drips_has_a_time_limit(self, endless, begin, more):
        server = endless(begin, more, pause=0.05)
        session = Session(5, 5, verify=False, trust_env=False, whole=0.4)
        started = time.monotonic()
        with pytest.raises(TooSlow):
            session.request("GET", f"http://{server.address}", {})
        assert time.monotonic() - started < 20

    def test_so_has_a_proxy(self, endless, monkeypatch):
        proxy = endless(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", pause=0.05)
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        session = Session(5, 5, verify=False, trust_env=True, whole=0.4)
        with pytest.raises(TooSlow):
            session.request("GET", "https://registry.invalid/v2/", {})

    def test_redirects_share_the_time(self, stub, answer):
        stub.on("/", answer(302, b"", {"Location": "/"}))
        session = Session(5, 5, verify=False, trust_env=False, whole=0)
        with pytest.raises(TooSlow):
            session.request("GET", f"http://{stub.address}", {})

    def test_silence_is_no_slow_answer(self, endless):
        server = endless(OK, b"A", pause=0.6)
        session = Session(5, 0.2, verify=False, trust_env=False)
        with pytest.raises(TimeoutError) as caught:
            session.request("GET", f"http://{server.address}", {})
        assert not isinstance(caught.value, TooSlow)

    def test_a_kept_connection_gets_the_whole_time_again(self, stub, answer):
        stub.on("/", answer(200, {"a": 1}))
        session = Session(5, 5, verify=False, trust_env=False, whole=0.3)
        for _ in range(3):
            assert session.request("GET", f"http://{stub.address}", {}).json() == {"a": 1}
            time.sleep(0.2)
        session.close()

    def test_an_encoding_that_was_not_asked_for_is_not_unfolded(self, stub, session, answer):
        folded = gzip.compress(bytes(10_000_000))
        stub.on("/", answer(200, folded, {"Content-Encoding": "gzip"}))
        answered = session.request("GET", f"http://{stub.address}", {})
        assert answered.content == folded
        assert answered.json() is None
        assert stub.requests[-1][2]["Accept-Encoding"] == "identity"

    @pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b"\xff\xfe{}"])
    def test_json_that_nobody_can_read_is_none(self, stub, session, answer, body):
        stub.on("/", answer(200, body))
        assert session.request("GET", f"http://{stub.address}", {}).json() is None


class TestRedirects:
    @pytest.mark.parametrize(
        ("status", "method", "followed"),
        [
            (301, "POST", "GET"),
            (301, "DELETE", "DELETE"),
            (302, "DELETE", "GET"),
            (303, "POST", "GET"),
            (307, "POST", "POST"),
            (308, "POST", "POST"),
            *[(status, "HEAD", "HEAD") for status in (301, 302, 303, 307, 308)],
        ],
    )
    def test_they_are_followed(self, stub, session, answer, status, method, followed):
        stub.on("/a/b", answer(status, b"gone", {"Location": "../c d?e=f%2Fg"}))
        stub.on("/c%20d", answer(200))
        answered = session.request(method, f"http://{stub.address}/a/b", LOGIN)
        assert (answered.method, answered.status) == (followed, 200)
        assert answered.url == f"http://{stub.address}/c%20d?e=f%2Fg"
        assert stub.requests[-1][:2] == (followed, "/c%20d?e=f%2Fg")
        assert stub.requests[-1][2]["Authorization"] == LOGIN["Authorization"]

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
    def test_a_login_follows_to_no_other_host_or_port(self, stub, session, answer, lines, host):
        other = lines(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        stub.on("/", answer(307, b"", {"Location": f"http://{host}:{other.address.partition(':')[2]}/x"}))
        session.request("GET", f"http://{stub.address}", {**LOGIN, "Accept": "a/b"})
        (heard,) = other.heard
        assert "Accept: a/b" in heard
        assert not any(line.startswith("Authorization") for line in heard)

    def test_a_circle_ends(self, stub, session, answer):
        stub.on("/", answer(302, b"", {"Location": "/"}))
        with pytest.raises(HTTPException, match="Exceeded 10 redirects"):
            session.request("GET", f"http://{stub.address}", {})
        assert len(stub.paths) == MAX_REDIRECTS + 1


class TestProxies:
    OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    @pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
    def test_plain_http(self, lines, session, monkeypatch, variable):
        proxy = lines(self.OK)
        monkeypatch.setenv(variable, f"http://ann:hunter%402@{proxy.address}")
        assert session.request("GET", "http://registry.invalid:5000/v2/", LOGIN).status == 200
        (heard,) = proxy.heard
        assert heard[0] == "GET http://registry.invalid:5000/v2/ HTTP/1.1"
        assert "Host: registry.invalid:5000" in heard
        assert f"Proxy-Authorization: Basic {b64encode(b'ann:hunter@2').decode()}" in heard

    def test_tls_through_a_tunnel(self, lines, session, monkeypatch):
        proxy = lines(b"HTTP/1.1 403 No\r\n\r\n")
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        with pytest.raises(OSError, match="403 No"):
            session.request("GET", "https://registry.invalid/v2/", LOGIN)
        assert [heard[0] for heard in proxy.heard] == ["CONNECT registry.invalid:443 HTTP/1.0"]
        assert not any("Authorization" in line for line in proxy.heard[0])

    def test_not_without_the_environment(self, stub, answer, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        stub.on("/", answer(200))
        session = Session(5, 5, verify=False, trust_env=False)
        assert session.request("GET", f"http://{stub.address}", {}).status == 200
        session.close()

    @pytest.mark.parametrize(
        ("exceptions", "asked"),
        [
            ("", True),
            ("*", False),
            ("example.com, registry.example.org", False),
            (".example.org", False),
            ("EXAMPLE.ORG:5000", False),
            ("example.org:443", True),
            ("other-registry.example.org,try.example.org,org.", True),
            ("10.0.0.0/8", True),
        ],
    )
    def test_exceptions_by_name(self, monkeypatch, exceptions, asked):
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
        monkeypatch.setenv("NO_PROXY", exceptions)
        found = proxy_of(urlsplit("https://registry.example.org:5000/v2/"))
        assert (found is not None and found.port == 3128) is asked

    @pytest.mark.parametrize(
        ("exceptions", "asked"),
        [
            ("10.0.0.0/8", False),
            ("10.1.2.3", False),
            ("10.1.2.3:5000", False),
            ("10.1.2.4,::/0,11.0.0.0/8", True),
        ],
    )
    def test_exceptions_by_address(self, monkeypatch, exceptions, asked):
        monkeypatch.setenv("HTTPS_PROXY", "proxy:3128")
        monkeypatch.setenv("NO_PROXY", exceptions)
        assert (proxy_of(urlsplit("https://10.1.2.3:5000/v2/")) is not None) is asked

    def test_one_that_is_no_proxy_of_http_is_named(self, session, monkeypatch):
        monkeypatch.setenv("ALL_PROXY", "socks5://ann:hunter2@proxy:1080")
        with pytest.raises(ValueError, match="the scheme socks5; only http") as caught:
            session.request("GET", "http://registry.invalid", {})
        assert "hunter2" not in str(caught.value)


class TestCertificates:
    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_authorities_of_the_environment(self, tls_stub, answer, tmp_path, monkeypatch, variable):
        tls_stub.on("/", answer(200))
        monkeypatch.setenv(variable, str(tmp_path / "registry.pem"))
        trusting, strict = (Session(5, 5, verify=True, trust_env=trusted) for trusted in (True, False))
        assert trusting.request("GET", f"https://{tls_stub.address}", {}).status == 200
        with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
            strict.request("GET", f"https://{tls_stub.address}", {})
        trusting.close()
        strict.close()

    def test_none_but_where_they_are_verified(self, tls_stub, session, answer):
        tls_stub.on("/", answer(200, {"a": 1}))
        assert session.request("GET", f"https://{tls_stub.address}", {}).json() == {"a": 1}

    def test_a_folder_of_authorities(self, tls_stub, tmp_path, monkeypatch):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
        session = Session(5, 5, verify=True, trust_env=True)
        with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
            session.request("GET", f"https://{tls_stub.address}", {})
        session.close()
