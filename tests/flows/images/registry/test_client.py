"""Reading a registry: paging, logging in, retries, and what its errors say."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from base64 import b64encode
from dataclasses import replace
from email.utils import formatdate

import pytest

from flows.images import ImageReference, RegistryError, RegistryRefused, RegistryUnreachable, UnexpectedAnswer
from flows.images.registry import Registry
from flows.images.registry import transport
from flows.images.registry.manifests import IMAGE_TYPES, INDEX_TYPES


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def registry(stub, answer):
    stub.on("/v2/", answer(200, {}))
    with Registry(stub.address, insecure=True) as registry:
        yield registry


@pytest.fixture
def image(stub, answer):
    """One image, `team/plugin:0.1.0`, with a label; returns its manifest's bytes."""
    config = json.dumps({"config": {"Labels": {"color": "blue"}}}).encode()
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": IMAGE_TYPES[0], "config": {"digest": sha256(config)}}
    ).encode()
    stub.on(f"/v2/team/plugin/blobs/{sha256(config)}", answer(200, config))
    for name in ("0.1.0", sha256(manifest)):
        headers = {"Docker-Content-Digest": sha256(manifest)}
        stub.on(f"/v2/team/plugin/manifests/{name}", answer(200, manifest, headers))
    return manifest


class TestReads:
    def test_image(self, registry, image):
        found = registry.image("team/plugin", "0.1.0")
        assert found.digest == sha256(image) == registry.manifest_digest("team/plugin", "0.1.0")
        assert found.labels == {"color": "blue"} == registry.labels("team/plugin", "0.1.0")

    def test_digest_is_asked_for_with_all_media_types(self, stub, registry, image):
        registry.manifest_digest("team/plugin", "0.1.0")
        method, path, headers = stub.requests[-1]
        assert (method, path) == ("HEAD", "/v2/team/plugin/manifests/0.1.0")
        assert all(kind in headers["Accept"] for kind in (*IMAGE_TYPES, *INDEX_TYPES))

    def test_digest_without_the_header(self, stub, registry, image, answer):
        stub.answers["/v2/team/plugin/manifests/0.1.0"] = [answer(200, image)]
        assert registry.manifest_digest("team/plugin", "0.1.0") == sha256(image)

    def test_no_such_tag(self, registry, stub):
        assert registry.image("team/plugin", "0.1.0") is None
        assert registry.labels("team/plugin", "0.1.0") is None
        assert registry.manifest_digest("team/plugin", "0.1.0") is None

    def test_404_of_something_else_is_not_absence(self, stub):
        with (
            Registry(stub.address, insecure=True) as registry,
            pytest.raises(UnexpectedAnswer, match=r"404 .* is it the address of an image registry"),
        ):
            registry.image("team/plugin", "0.1.0")

    def test_index(self, stub, registry, image, answer):
        entries = [
            {"digest": "sha256:00", "platform": {"os": "linux", "architecture": "arm64"}},
            {"digest": sha256(image), "platform": {"os": "linux", "architecture": "amd64"}},
        ]
        index = json.dumps({"mediaType": INDEX_TYPES[0], "manifests": entries}).encode()
        stub.on("/v2/team/plugin/manifests/many", answer(200, index))
        found = registry.image("team/plugin", "many")
        assert found.digest == sha256(index)
        assert found.labels == {"color": "blue"}

    def test_index_without_our_platform(self, stub, registry, answer):
        stub.on("/v2/team/plugin/manifests/arm", answer(200, {"manifests": [{"digest": "sha256:00"}]}))
        with pytest.raises(UnexpectedAnswer, match="no linux/amd64 image"):
            registry.image("team/plugin", "arm")

    def test_schema_1(self, stub, registry, answer):
        stub.on("/v2/team/plugin/manifests/old", answer(200, {"schemaVersion": 1, "history": []}))
        with pytest.raises(UnexpectedAnswer, match=r"something else than an image .*schema 1"):
            registry.image("team/plugin", "old")

    def test_damaged_content(self, stub, registry, image, answer):
        config = next(path for path in stub.answers if "/blobs/" in path)
        stub.answers[config] = [answer(200, {"config": {"Labels": {"color": "red"}}})]
        with pytest.raises(UnexpectedAnswer, match="its storage may be damaged"):
            registry.image("team/plugin", "0.1.0")

    def test_no_json(self, stub, registry, answer):
        stub.on("/v2/team/plugin/tags/list", answer(200, b"<html>"))
        with pytest.raises(UnexpectedAnswer, match="something else than a JSON object"):
            registry.tags("team/plugin")


class TestTags:
    def test_pages(self, stub, registry, answer):
        following = {"Link": '</v2/team/plugin/tags/list?last=b&n=2>; rel="next"'}
        stub.on("/v2/team/plugin/tags/list?n=1000", answer(200, {"tags": ["a", "b"]}, following))
        stub.on("/v2/team/plugin/tags/list?last=b&n=2", answer(200, {"tags": ["c"]}))
        assert registry.tags("team/plugin") == ["a", "b", "c"]

    def test_page_that_points_to_itself(self, stub, registry, answer):
        following = {"Link": '</v2/team/plugin/tags/list?n=1000>; rel="next"'}
        stub.on("/v2/team/plugin/tags/list?n=1000", answer(200, {"tags": ["a"]}, following))
        assert registry.tags("team/plugin") == ["a"]

    def test_page_at_another_host(self, stub, registry, answer):
        following = {"Link": '<http://127.0.0.1:1/v2/team/plugin/tags/list>; rel="next"'}
        stub.on("/v2/team/plugin/tags/list", answer(200, {"tags": ["a"]}, following))
        with pytest.raises(UnexpectedAnswer, match=r"at another address, http://127\.0\.0\.1:1/"):
            registry.tags("team/plugin")

    def test_none(self, stub, registry, answer):
        stub.on("/v2/team/empty/tags/list", answer(200, {"tags": None}))
        assert registry.tags("team/empty") == []
        assert registry.tags("team/unknown") == []


class TestRetries:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_busy_is_tried_again(self, stub, registry, answer, status):
        busy = answer(status, headers={"Retry-After": "0"})
        stub.on("/v2/team/plugin/tags/list", busy, busy, answer(200, {"tags": ["a"]}))
        assert registry.tags("team/plugin") == ["a"]
        assert len([path for path in stub.paths if "tags" in path]) == 3

    def test_gives_up(self, stub, registry, answer):
        words = {"errors": [{"code": "UNAVAILABLE", "message": "storage is away"}]}
        stub.on("/v2/team/plugin/tags/list", answer(503, words, {"Retry-After": "0"}))
        with pytest.raises(RegistryUnreachable, match="503 Service Unavailable: storage is away") as caught:
            registry.tags("team/plugin")
        assert caught.value.temporary
        assert caught.value.address == stub.address
        assert len([path for path in stub.paths if "tags" in path]) == 4

    def test_waits_as_long_as_asked(self, stub, registry, answer):
        stub.on(
            "/v2/team/plugin/tags/list", answer(429, headers={"Retry-After": "1"}), answer(200, {"tags": []})
        )
        start = time.monotonic()
        registry.tags("team/plugin")
        assert time.monotonic() - start >= 1

    @pytest.mark.parametrize("dated", [False, True])
    def test_does_not_wait_for_hours(self, stub, registry, answer, dated):
        after = formatdate(time.time() + 3600, usegmt=True) if dated else "3600"
        stub.on("/v2/team/plugin/tags/list", answer(429, headers={"Retry-After": after}))
        with pytest.raises(RegistryUnreachable, match=r"try again in 3\d\d\d s") as caught:
            registry.tags("team/plugin")
        assert caught.value.retry_after > 3500
        assert len([path for path in stub.paths if "tags" in path]) == 1

    def test_other_errors_are_not_tried_again(self, stub, registry, answer):
        stub.on("/v2/team/plugin/tags/list", answer(400, {"errors": [{"code": "NAME_INVALID"}]}))
        with pytest.raises(UnexpectedAnswer, match="400 Bad Request: NAME_INVALID"):
            registry.tags("team/plugin")
        assert len([path for path in stub.paths if "tags" in path]) == 1

    @pytest.mark.parametrize("insecure", [True, False])
    def test_nobody_listens(self, insecure):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        with (
            Registry(address, insecure=insecure, attempts=2) as registry,
            pytest.raises(
                RegistryUnreachable, match=r"registry 127.*Connection refused.*check the address"
            ) as caught,
        ):
            registry.ping()
        assert caught.value.temporary

    def test_unknown_host(self):
        with (
            Registry("registry.invalid", attempts=1) as registry,
            pytest.raises(RegistryUnreachable, match=r"cannot be reached \(.*[Nn]ame.*\)"),
        ):
            registry.ping()

    def test_silence(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            address = f"127.0.0.1:{silent.getsockname()[1]}"
            with (
                Registry(address, insecure=True, timeout=0.2, attempts=1) as registry,
                pytest.raises(RegistryUnreachable, match=r"did not answer within 0\.2 s"),
            ):
                registry.ping()


class TestScheme:
    def test_plain_http_needs_insecure(self, stub):
        with (
            Registry(stub.address) as registry,
            pytest.raises(RegistryUnreachable, match=r"no trusted TLS .*set `insecure: true`") as caught,
        ):
            registry.ping()
        assert not caught.value.temporary
        assert stub.requests == []

    def test_unknown_certificate_needs_insecure(self, tls_stub, answer):
        tls_stub.on("/v2/", answer(200, {}))
        with Registry(tls_stub.address) as strict, pytest.raises(RegistryUnreachable, match="no trusted TLS"):
            strict.ping()
        with Registry(tls_stub.address, insecure=True) as lenient:
            lenient.ping()

    def test_docker_hub(self, stub, answer, monkeypatch):
        monkeypatch.setattr(transport, "_HUB_API", f"http://{stub.address}")
        stub.on("/v2/library/alpine/tags/list", answer(200, {"tags": ["3"]}))
        stub.on("/v2/team/plugin/tags/list", answer(200, {"tags": ["1"]}))
        with Registry(None, insecure=True) as registry:
            assert str(registry) == "docker.io"
            assert not registry.insecure
            assert registry.tags("alpine") == ["3"]
            assert registry.tags("team/plugin") == ["1"]

    def test_proxy_is_not_asked_for_this_machine(self, stub, registry, answer, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        registry.ping()


class TestLogin:
    @pytest.fixture
    def tokens(self, stub, answer):
        """A registry whose reads ask for a token of its own token server."""
        realm = f'Bearer realm="http://{stub.address}/token",service="reg",scope="repository:team/plugin:pull,push"'
        stub.on("/v2/", answer(401, {}, {"WWW-Authenticate": realm}))
        stub.on(
            "/v2/team/plugin/tags/list",
            answer(401, {}, {"WWW-Authenticate": realm}),
            answer(200, {"tags": ["a"]}),
        )
        stub.on("/token", answer(200, {"token": "t0k3n"}))
        return stub

    def test_token(self, tokens):
        with Registry(tokens.address, insecure=True, username="ann", password="hunter2") as registry:
            assert registry.tags("team/plugin") == ["a"]
            assert registry.tags("team/plugin") == ["a"]
        asked = [request for request in tokens.requests if request[1].startswith("/token")]
        assert len(asked) == 1
        assert asked[0][1] == "/token?service=reg&scope=repository%3Ateam%2Fplugin%3Apull%2Cpush"
        assert asked[0][2]["Authorization"] == "Basic " + b64encode(b"ann:hunter2").decode()
        assert tokens.requests[-1][2]["Authorization"] == "Bearer t0k3n"

    def test_token_without_a_user(self, tokens):
        with Registry(tokens.address, insecure=True) as registry:
            assert registry.tags("team/plugin") == ["a"]
        asked = next(request for request in tokens.requests if request[1].startswith("/token"))
        assert "Authorization" not in asked[2]

    def test_old_token_is_renewed(self, tokens, answer):
        realm = tokens.answers["/v2/"][0].headers
        with Registry(tokens.address, insecure=True) as registry:
            registry.tags("team/plugin")
            tokens.answers["/v2/team/plugin/tags/list"] = [
                answer(401, {}, realm),
                answer(200, {"tags": ["b"]}),
            ]
            assert registry.tags("team/plugin") == ["b"]

    def test_a_repository_that_is_not_there_yet(self, tokens, answer):
        """A registry with a token server says the same of it as of one that the user may not read."""
        realm = tokens.answers["/v2/"][0].headers["WWW-Authenticate"]
        refused = answer(401, {}, {"WWW-Authenticate": f'{realm},error="insufficient_scope"'})
        tokens.on("/v2/team/new/manifests/1", refused)
        with Registry(tokens.address, insecure=True, username="ann", password="hunter2") as registry:
            assert registry.manifest_digest("team/new", "1") is None
        with Registry(tokens.address, insecure=True) as registry, pytest.raises(RegistryRefused):
            registry.manifest_digest("team/new", "1")

    def test_a_signature_of_storage_is_not_shown(self, stub, answer):
        stub.on("/v2/", answer(200, {}))
        stub.on("/v2/team/plugin/tags/list", answer(307, b"", {"Location": "/s3?X-Amz-Signature=SECRETSIG"}))
        stub.on("/s3", answer(400, {}))
        with Registry(stub.address, insecure=True) as registry, pytest.raises(RegistryError) as caught:
            registry.tags("team/plugin")
        assert "/s3" in str(caught.value)
        assert "SECRETSIG" not in str(caught.value)

    def test_token_server_refuses(self, tokens, answer):
        tokens.answers["/token"] = [answer(401, {"errors": [{"message": "incorrect password"}]})]
        with (
            Registry(tokens.address, insecure=True, username="ann", password="hunter2") as registry,
            pytest.raises(RegistryRefused, match=r"refuses user 'ann' \(401: incorrect password\)") as caught,
        ):
            registry.tags("team/plugin")
        assert "hunter2" not in str(caught.value)
        assert "hunter2" not in repr(registry.credentials)

    def test_password_never_goes_to_plain_http_unasked(self, tls_stub, answer, monkeypatch):
        realm = {"WWW-Authenticate": 'Bearer realm="http://127.0.0.1:1/token"'}
        tls_stub.on("/v2/", answer(401, {}, realm))
        with Registry(tls_stub.address, insecure=True, username="ann", password="hunter2") as registry:
            registry._transport._insecure = False
            registry._transport._session.verify = False
            monkeypatch.setattr(registry._transport, "_send", _unverified(registry))
            with pytest.raises(UnexpectedAnswer, match=r"'http://127\.0\.0\.1:1/token', which is not HTTPS"):
                registry.ping()

    def test_basic(self, stub, answer):
        challenge = answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'})
        stub.on("/v2/", challenge, challenge, answer(200, {}))  # the first is for the choice of the scheme
        with Registry(stub.address, insecure=True, username="ann", password="hünter") as registry:
            registry.ping()
        assert stub.requests[-1][2]["Authorization"] == "Basic " + b64encode("ann:hünter".encode()).decode()

    @pytest.mark.parametrize("challenge", [{"WWW-Authenticate": 'Basic realm="x"'}, {}])
    def test_nobody_to_log_in(self, stub, answer, challenge):
        stub.on("/v2/", answer(401, {}, challenge))
        with (
            Registry(stub.address, insecure=True) as registry,
            pytest.raises(RegistryRefused, match=r"refuses an anonymous reader .*docker login 127"),
        ):
            registry.ping()

    def test_forbidden(self, stub, registry, answer):
        stub.on(
            "/v2/team/plugin/tags/list", answer(403, {"errors": [{"code": "DENIED", "message": "not yours"}]})
        )
        with pytest.raises(RegistryRefused, match=r"\(403: not yours\)"):
            registry.tags("team/plugin")

    def test_netrc_is_not_used(self, stub, answer, tmp_path, monkeypatch):
        (tmp_path / ".netrc").write_text("machine example.com login eve password x")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        stub.on("/v2/", answer(200, {}))
        with Registry(stub.address, insecure=True) as registry:
            registry._transport._session.trust_env = True
            registry.ping()
        assert all("Authorization" not in headers for _, _, headers in stub.requests)

    def test_docker_login(self, stub, answer, tmp_path, monkeypatch):
        auths = {stub.address: {"auth": b64encode(b"ann:hunter2").decode()}}
        (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        with Registry(stub.address) as registry, Registry("example.com") as other:
            assert registry.credentials.username == "ann"
            assert registry.credentials.password == "hunter2"
            assert other.credentials is None

    def test_broken_docker_config_is_no_login(self, tmp_path, monkeypatch):
        (tmp_path / "config.json").write_text("{")
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        with Registry("example.com") as registry:
            assert registry.credentials is None


class TestCheckPush:
    UPLOADS = "/v2/team/plugin/blobs/uploads/"
    REFERENCE = ImageReference(None, "team/plugin", "0.1.0")

    @pytest.fixture
    def upload(self, stub, answer):
        """Where an upload that was begun continues."""
        stub.on(self.UPLOADS + "1", answer(204))
        return answer(202, b"", {"Location": f"{self.UPLOADS}1?state=x"})

    def test_an_upload_is_begun_and_given_up(self, stub, registry, upload):
        stub.on(self.UPLOADS, upload)
        login = registry.check_push(self.REFERENCE)
        assert [(method, path) for method, path, _ in stub.requests if "uploads" in path] == [
            ("POST", self.UPLOADS),
            ("DELETE", f"{self.UPLOADS}1?state=x"),
        ]
        assert str(login) == "anonymous: no login is asked for"

    def test_an_upload_that_cannot_be_given_up_is_no_harm(self, stub, registry, answer):
        for where in ("http://example.com/x", "/v2/locked"):
            stub.answers[self.UPLOADS] = [answer(202, b"", {"Location": where})]
            stub.on("/v2/locked", answer(403, {}))
            assert registry.check_push(self.REFERENCE).username is None

    def test_as_a_user(self, stub, answer, upload):
        challenge = answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'})
        stub.on("/v2/", challenge)
        stub.on(self.UPLOADS, challenge, upload)
        with Registry(stub.address, insecure=True, username="ann", password="hunter2") as registry:
            assert str(registry.check_push(self.REFERENCE)) == "as ann"
        assert stub.requests[-1][2]["Authorization"].startswith("Basic ")

    @pytest.mark.parametrize("user", ["ann", None])
    def test_a_token_is_asked_for_pushing_whatever_the_challenge_says(self, stub, answer, upload, user):
        """GitHub's says pull to all."""
        realm = f'Bearer realm="http://{stub.address}/token",scope="repository:team/plugin:pull"'
        stub.on(self.UPLOADS, answer(401, {}, {"WWW-Authenticate": realm}), upload)
        stub.on("/token", answer(200, {"token": "t0k3n"}))
        with Registry(stub.address, insecure=True, username=user, password="hunter2") as registry:
            assert (
                str(registry.check_push(self.REFERENCE)) == f"{'as ann' if user else 'anonymous'}, by token"
            )
        (asked,) = (path for path in stub.paths if path.startswith("/token"))
        assert asked == "/token?scope=repository%3Ateam%2Fplugin%3Apull%2Cpush"

    @pytest.mark.parametrize(
        ("status", "words", "advice"),
        [
            (
                401,
                "unauthorized",
                r"refuses user 'ann' \(401: .*\); check the password, and .* may push to this",
            ),
            (403, "denied", r"refuses user 'ann' \(403: denied\); check the password"),
            (
                404,
                "name unknown",
                r"takes no push to team/plugin \(404 Not Found: name unknown\); create the project",
            ),
            (
                405,
                "The operation is unsupported.",
                r"\(405 Method Not Allowed: The .*\); \S+ is read-only or a cache",
            ),
        ],
    )
    def test_refused(self, stub, answer, status, words, advice):
        headers = {"WWW-Authenticate": 'Basic realm="x"'} if status == 401 else {}
        stub.on(self.UPLOADS, answer(status, {"errors": [{"message": words}]}, headers))
        with (
            Registry(stub.address, insecure=True, username="ann", password="hunter2") as registry,
            pytest.raises(RegistryRefused, match=advice) as caught,
        ):
            registry.check_push(replace(self.REFERENCE, registry=stub.address))
        assert "hunter2" not in str(caught.value)

    def test_nobody_to_log_in(self, stub, answer):
        stub.on(self.UPLOADS, answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'}))
        with (
            Registry(stub.address, insecure=True) as registry,
            pytest.raises(
                RegistryRefused, match=r"refuses an anonymous push \(401\); give the environment's"
            ),
        ):
            registry.check_push(self.REFERENCE)


def _unverified(registry):
    """Send without verifying the test's certificate, as a strict registry with a trusted one would."""
    transport_ = registry._transport
    send = type(transport_)._send

    def sending(*arguments, **options):
        transport_._insecure = True
        try:
            return send(transport_, *arguments, **options)
        finally:
            transport_._insecure = False

    return sending
