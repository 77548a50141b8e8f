"""HTTP itself: connections that are kept, redirects, proxies and certificates."""

from __future__ import annotations

import ssl
from base64 import b64encode
from http.client import HTTPException
from urllib.parse import urlsplit

import pytest

from flows.images.registry.http import MAX_REDIRECTS, Session
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
        with pytest.raises(HTTPException, match="Exceeded 30 redirects"):
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
