"""How requests travel to a registry: each is sent once, in the right scheme, with the right login."""

from __future__ import annotations

import contextlib
import socket
from base64 import b64encode
from contextlib import ExitStack
from email.utils import formatdate
from types import SimpleNamespace

import pytest

from flows.images import RegistryError, RegistryRefused, RegistryUnreachable, UnexpectedAnswer
from flows.images.registry import Registry, transport
from tests.listener import Listener

MANIFEST = "/v2/team/plugin/manifests/0.1.0"
DIGEST = "sha256:" + "0" * 64
NOW = 1_700_000_000.0


def read(registry):
    """Whatever is under the tag; what counts is the way there."""
    return registry.image("team/plugin", "0.1.0")


@pytest.fixture
def there(answer):
    """The answer to a HEAD of a manifest that is there."""
    return answer(200, headers={"Docker-Content-Digest": DIGEST})


class Closing(Listener):
    """A registry that closes connections; `heard` is what each began with.

    Args:
        speaks: Whether plain HTTP is answered, with "no such tag".
    """

    def __init__(self, *, speaks=False):
        self.heard = []
        self._speaks = speaks
        super().__init__()

    def handle(self, connection):
        words = connection.recv(65536)
        self.heard.append("http" if words.startswith(b"GET /v2/") else "tls" if words else "nothing")
        if self._speaks and words.startswith(b"GET /v2/"):
            status = b"200 OK" if words.startswith(b"GET /v2/ ") else b"404 Not Found"
            connection.sendall(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def closing():
    """Makes registries that close connections."""
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(contextlib.closing(Closing(**more)))


class TestOnce:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_a_busy_registry_is_asked_once_and_may_be_asked_again(
        self, stub, registry, answer, there, status
    ):
        stub.on(MANIFEST, answer(status), there)
        with pytest.raises(RegistryUnreachable, match=rf"answered {status} .* Try again later\.") as caught:
            registry.manifest_digest("team/plugin", "0.1.0")
        assert stub.paths.count(MANIFEST) == 1
        assert (caught.value.temporary, caught.value.retry_after) == (True, None)
        assert registry.manifest_digest("team/plugin", "0.1.0") == DIGEST

    def test_it_is_quoted(self, stub, registry, answer):
        words = {"errors": [{"code": "UNAVAILABLE", "message": "storage is away"}]}
        stub.on(MANIFEST, answer(503, words))
        with pytest.raises(RegistryUnreachable, match="503 Service Unavailable: storage is away") as caught:
            read(registry)
        assert caught.value.address == stub.address

    @pytest.mark.parametrize(
        ("seconds", "temporary"), [(0, True), (7, True), (30, True), (31, False), (3600, False)]
    )
    @pytest.mark.parametrize("dated", [False, True])
    def test_a_registry_that_asks_to_wait_is_waited_for_where_it_is_not_long(
        self, stub, registry, answer, monkeypatch, seconds, temporary, dated
    ):
        monkeypatch.setattr(transport, "time", SimpleNamespace(time=lambda: NOW))
        after = formatdate(NOW + seconds, usegmt=True) if dated else str(seconds)
        stub.on(MANIFEST, answer(429, headers={"Retry-After": after}))
        with pytest.raises(RegistryUnreachable) as caught:
            read(registry)
        assert (caught.value.temporary, caught.value.retry_after) == (temporary, seconds)
        assert stub.paths.count(MANIFEST) == 1
        assert caught.value.advice == (f"Try again in {seconds} s" if seconds else "Try again later")

    @pytest.mark.parametrize(
        "after", ["", "soon", "-5", "Mon, 99999999999999999999999 Nov 2020 00:00:00 GMT"]
    )
    def test_a_time_to_wait_that_nobody_can_read_is_none(self, stub, registry, answer, after):
        stub.on(MANIFEST, answer(429, headers={"Retry-After": after}))
        with pytest.raises(RegistryUnreachable) as caught:
            read(registry)
        assert (caught.value.temporary, caught.value.retry_after) == (True, None)

    def test_other_errors_are_not_temporary(self, stub, registry, answer):
        stub.on(MANIFEST, answer(400, {"errors": [{"code": "NAME_INVALID"}]}))
        with pytest.raises(UnexpectedAnswer, match="400 Bad Request: NAME_INVALID") as caught:
            read(registry)
        assert not caught.value.temporary
        assert stub.paths.count(MANIFEST) == 1

    @pytest.mark.parametrize("insecure", ["http", "tls", None])
    def test_one_that_closes_the_connection_gets_one_a_call(self, closing, insecure):
        registry = closing()
        with Registry(registry.address, insecure=insecure) as reader:
            for calls in (1, 2, 3):
                with pytest.raises(RegistryUnreachable):
                    read(reader)
                assert len(registry.heard) == calls

    @pytest.mark.parametrize("insecure", ["http", "tls", None])
    def test_nobody_listens(self, insecure):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        with (
            Registry(address, insecure=insecure) as registry,
            pytest.raises(
                RegistryUnreachable, match=r"registry 127.*Connection refused.*Check the address"
            ) as caught,
        ):
            registry.ping()
        assert caught.value.temporary

    def test_unknown_host(self):
        with (
            Registry("registry.invalid") as registry,
            pytest.raises(RegistryUnreachable, match=r"cannot be reached \(.*[Nn]ame.*\)"),
        ):
            registry.ping()

    def test_silence(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            with (
                Registry(address, insecure="http", timeout=0.2) as registry,
                pytest.raises(RegistryUnreachable, match=r"did not answer within 0\.2 s") as caught,
            ):
                registry.ping()
        assert caught.value.temporary


class TestScheme:
    @pytest.mark.parametrize("insecure", ["tls", None])
    def test_plain_http_is_spoken_only_on_request(self, stub, insecure):
        with (
            Registry(stub.address, insecure=insecure, username="ann", password="hunter2") as registry,
            pytest.raises(RegistryUnreachable, match="trusted TLS") as caught,
        ):
            registry.ping()
        assert not caught.value.temporary
        assert stub.requests == []

    def test_what_to_write_is_said(self, stub):
        with (
            Registry(stub.address) as registry,
            pytest.raises(RegistryUnreachable, match="root_certificates .*write `insecure: http`"),
        ):
            registry.ping()

    def test_unknown_certificate_needs_insecure(self, tls_stub, answer):
        tls_stub.on("/v2/", answer(200, {}))
        with (
            Registry(tls_stub.address) as strict,
            pytest.raises(RegistryUnreachable, match="trusted TLS") as caught,
        ):
            strict.ping()
        assert not caught.value.temporary
        with Registry(tls_stub.address, insecure="tls") as lenient:
            lenient.ping()

    def test_a_private_authority(self, tls_stub, answer, tmp_path):
        tls_stub.on("/v2/", answer(200, {}))
        with Registry(tls_stub.address, root_certificates=str(tmp_path / "registry.pem")) as registry:
            registry.ping()

    def test_a_certificate_of_the_client(self, mutual_tls_stub, answer, tmp_path):
        mutual_tls_stub.on("/v2/", answer(200, {}))
        pem = str(tmp_path / "registry.pem")
        with Registry(mutual_tls_stub.address, root_certificates=pem, client_certificate=pem) as registry:
            registry.ping()
        with (
            Registry(mutual_tls_stub.address, root_certificates=pem) as without,
            pytest.raises(RegistryUnreachable),
        ):
            without.ping()

    @pytest.mark.parametrize("content", [None, "no certificate"])
    def test_an_authority_that_cannot_be_read_is_named(self, tmp_path, content):
        path = tmp_path / "ca.pem"
        if content:
            path.write_text(content)
        with (
            Registry("127.0.0.1:1", root_certificates=str(path)) as registry,
            pytest.raises(RegistryUnreachable, match=r"ca\.pem"),
        ):
            registry.ping()

    @pytest.mark.parametrize("insecure", ["tls", None])
    def test_who_breaks_tls_gets_no_password(self, closing, insecure):
        """A downgrade: whoever sits in between answers the handshake with plain HTTP, or closes."""
        registry = closing(speaks=True)
        with Registry(registry.address, insecure=insecure, username="ann", password="hunter2") as reader:
            for _ in range(3):
                with pytest.raises(RegistryUnreachable):
                    read(reader)
        assert registry.heard == ["tls"] * 3

    def test_tls_is_never_spoken_to_a_registry_without_it(self, closing):
        registry = closing()
        with Registry(registry.address, insecure="http") as reader:
            for _ in range(2):
                with pytest.raises(RegistryUnreachable) as caught:
                    read(reader)
                assert caught.value.temporary
        assert registry.heard == ["http", "http"]

    @pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
    def test_a_password_leaves_this_machine_without_tls_only_on_request(
        self, stub, answer, there, monkeypatch, scheme
    ):
        monkeypatch.setattr(transport, "_is_loopback", lambda address: False)
        realm = f'Bearer realm="http://{stub.address}/token"' if scheme == "Bearer" else "Basic"
        stub.on(MANIFEST, answer(401, {}, {"WWW-Authenticate": realm}))
        stub.on("/token", answer(200, {"token": "t0k3n"}))
        user = {"username": "ann", "password": "hunter2"}
        stub.on("/v2/", answer(401, {}, {"WWW-Authenticate": realm}))
        with (
            Registry(stub.address, insecure="http", **user) as registry,
            pytest.raises(UnexpectedAnswer, match=r"nothing was sent.*unencrypted: \[registry-login\]"),
        ):
            read(registry)
        assert all("Authorization" not in headers for _, _, headers in stub.requests)
        stub.answers[MANIFEST] = [answer(401, {}, {"WWW-Authenticate": realm}), there]
        with Registry(stub.address, insecure="http", unencrypted_login=True, **user) as registry:
            assert registry.manifest_digest("team/plugin", "0.1.0") == DIGEST

    def test_docker_hub(self, stub, there, monkeypatch):
        monkeypatch.setattr(transport, "_HUB_API", f"http://{stub.address}")
        stub.on("/v2/library/alpine/manifests/3", there)
        stub.on(MANIFEST, there)
        with Registry(None, insecure="http") as registry:
            assert str(registry) == "docker.io"
            assert not registry.insecure
            assert registry.manifest_digest("alpine", "3") == DIGEST
            assert registry.manifest_digest("team/plugin", "0.1.0") == DIGEST

    def test_proxy_is_not_asked_for_this_machine(self, registry, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        registry.ping()


class TestLogin:
    @pytest.fixture
    def tokens(self, stub, answer, there):
        """A registry whose reads ask for a token of its own token server."""
        realm = f'Bearer realm="http://{stub.address}/token",service="reg",scope="repository:team/plugin:pull,push"'
        stub.on("/v2/", answer(401, {}, {"WWW-Authenticate": realm}))
        stub.on(MANIFEST, answer(401, {}, {"WWW-Authenticate": realm}), there)
        stub.on("/token", answer(200, {"token": "t0k3n"}))
        return stub

    def test_token(self, tokens):
        with Registry(tokens.address, insecure="http", username="ann", password="hunter2") as registry:
            for _ in range(2):
                assert registry.manifest_digest("team/plugin", "0.1.0") == DIGEST
        asked = [request for request in tokens.requests if request[1].startswith("/token")]
        assert len(asked) == 1
        assert asked[0][1] == "/token?service=reg&scope=repository%3Ateam%2Fplugin%3Apull%2Cpush"
        assert asked[0][2]["Authorization"] == "Basic " + b64encode(b"ann:hunter2").decode()
        assert tokens.requests[-1][2]["Authorization"] == "Bearer t0k3n"

    def test_token_without_a_user(self, tokens):
        with Registry(tokens.address, insecure="http") as registry:
            assert registry.manifest_digest("team/plugin", "0.1.0") == DIGEST
        asked = next(request for request in tokens.requests if request[1].startswith("/token"))
        assert "Authorization" not in asked[2]

    def test_old_token_is_renewed(self, tokens, answer, there):
        realm = tokens.answers["/v2/"][0].headers
        with Registry(tokens.address, insecure="http") as registry:
            registry.manifest_digest("team/plugin", "0.1.0")
            tokens.answers[MANIFEST] = [answer(401, {}, realm), there]
            tokens.answers["/token"] = [answer(200, {"access_token": "n3w"})]
            assert registry.manifest_digest("team/plugin", "0.1.0") == DIGEST
        assert tokens.requests[-1][2]["Authorization"] == "Bearer n3w"

    def test_a_repository_that_is_not_there_yet(self, tokens, answer):
        """A registry with a token server says the same of it as of one that the user may not read."""
        realm = tokens.answers["/v2/"][0].headers["WWW-Authenticate"]
        refused = answer(401, {}, {"WWW-Authenticate": f'{realm},error="insufficient_scope"'})
        tokens.on("/v2/team/new/manifests/1", refused)
        with Registry(tokens.address, insecure="http", username="ann", password="hunter2") as registry:
            assert registry.manifest_digest("team/new", "1") is None
        with Registry(tokens.address, insecure="http") as registry, pytest.raises(RegistryRefused):
            registry.manifest_digest("team/new", "1")

    def test_a_signature_of_storage_is_not_shown(self, stub, registry, answer):
        stub.on(MANIFEST, answer(307, b"", {"Location": "/s3?X-Amz-Signature=SECRETSIG"}))
        stub.on("/s3", answer(400, {}))
        with pytest.raises(RegistryError) as caught:
            read(registry)
        assert "/s3" in str(caught.value)
        assert "SECRETSIG" not in str(caught.value)

    def test_token_server_refuses(self, tokens, answer):
        tokens.answers["/token"] = [answer(401, {"errors": [{"message": "incorrect password"}]})]
        with (
            Registry(tokens.address, insecure="http", username="ann", password="hunter2") as registry,
            pytest.raises(RegistryRefused, match=r"refuses user 'ann' \(401: incorrect password\)") as caught,
        ):
            read(registry)
        assert "hunter2" not in str(caught.value)
        assert "hunter2" not in repr(registry.credentials)

    def test_token_server_that_is_busy_may_be_asked_again(self, tokens, answer):
        tokens.answers["/token"] = [answer(503, headers={"Retry-After": "9"})]
        with (
            Registry(tokens.address, insecure="http") as registry,
            pytest.raises(RegistryUnreachable) as caught,
        ):
            read(registry)
        assert (caught.value.temporary, caught.value.retry_after) == (True, 9)
        assert len([path for path in tokens.paths if path.startswith("/token")]) == 1

    def test_token_server_that_gives_no_token(self, tokens, answer):
        tokens.answers["/token"] = [answer(200, {})]
        with (
            Registry(tokens.address, insecure="http") as registry,
            pytest.raises(UnexpectedAnswer, match="token server, .*/token, that returned no token"),
        ):
            read(registry)

    def test_password_never_goes_to_plain_http_unasked(self, tls_stub, answer, monkeypatch):
        realm = {"WWW-Authenticate": 'Bearer realm="http://127.0.0.1:1/token"'}
        tls_stub.on("/v2/", answer(401, {}, realm))
        with Registry(tls_stub.address, insecure="tls", username="ann", password="hunter2") as registry:
            registry._transport._insecure = None
            registry._transport._session.verify = False
            monkeypatch.setattr(registry._transport, "_send", _unverified(registry))
            with pytest.raises(UnexpectedAnswer, match=r"'http://127\.0\.0\.1:1/token', which is not HTTPS"):
                registry.ping()

    def test_basic(self, stub, answer):
        challenge = answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'})
        stub.on("/v2/", challenge, answer(200, {}))
        with Registry(stub.address, insecure="http", username="ann", password="hünter") as registry:
            registry.ping()
        assert stub.requests[-1][2]["Authorization"] == "Basic " + b64encode("ann:hünter".encode()).decode()

    @pytest.mark.parametrize("challenge", [{"WWW-Authenticate": 'Basic realm="x"'}, {}])
    def test_nobody_to_log_in(self, stub, answer, challenge):
        stub.on("/v2/", answer(401, {}, challenge))
        with (
            Registry(stub.address, insecure="http") as registry,
            pytest.raises(RegistryRefused, match=r"refuses an anonymous reader .*docker login 127"),
        ):
            registry.ping()

    def test_forbidden(self, stub, registry, answer):
        stub.on(MANIFEST, answer(403, {"errors": [{"code": "DENIED", "message": "not yours"}]}))
        with pytest.raises(RegistryRefused, match=r"\(403: not yours\)") as caught:
            read(registry)
        assert not caught.value.temporary

    def test_netrc_is_not_used(self, stub, registry, tmp_path, monkeypatch):
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password x")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        registry._transport._session.trust_env = True
        registry.ping()
        assert all("Authorization" not in headers for _, _, headers in stub.requests)


def _unverified(registry):
    """Send without verifying the test's certificate, as a strict registry with a trusted one would."""
    transport_ = registry._transport
    send = type(transport_)._send

    def sending(*arguments, **options):
        transport_._insecure = "http"
        try:
            return send(transport_, *arguments, **options)
        finally:
            transport_._insecure = None

    return sending
