"""What a registry holds, and whether one may push to it."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace

import pytest

from flows.images import ImageReference, RegistryRefused, RegistryUnreachable, UnexpectedAnswer
from flows.images.labels import SOURCE_DIGEST
from flows.images.registry import Registry
from flows.images.registry.manifests import IMAGE_TYPES, INDEX_TYPES


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


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
        assert found.labels == {"color": "blue"}
        assert found.config == json.loads(image)["config"]["digest"]

    def test_digest_is_asked_for_with_all_media_types(self, stub, registry, image):
        registry.manifest_digest("team/plugin", "0.1.0")
        method, path, headers = stub.requests[-1]
        assert (method, path) == ("HEAD", "/v2/team/plugin/manifests/0.1.0")
        assert all(kind in headers["Accept"] for kind in (*IMAGE_TYPES, *INDEX_TYPES))

    @pytest.mark.parametrize("header", ["", "x", "sha512:0", "sha256:00, sha256:00", "sha256:" + "z" * 64])
    def test_digest_without_the_header(self, stub, registry, image, answer, header):
        headed = answer(200, image, {"Docker-Content-Digest": header} if header else {})
        stub.answers["/v2/team/plugin/manifests/0.1.0"] = [headed, answer(200, image)]
        assert registry.manifest_digest("team/plugin", "0.1.0") == sha256(image)

    def test_no_such_tag(self, registry, stub):
        assert registry.image("team/plugin", "0.1.0") is None
        assert registry.manifest_digest("team/plugin", "0.1.0") is None

    def test_404_of_something_else_is_not_absence(self, stub):
        with (
            Registry(stub.address, insecure="http") as registry,
            pytest.raises(UnexpectedAnswer, match=r"404 .* Is it the address of an image registry"),
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

    @pytest.fixture
    def index(self, stub, answer):
        """Puts an index of images under a tag: each with its platform and its source's digest."""

        def index(*images):
            entries = []
            for number, (system, architecture, source) in enumerate(images):
                labels = {"color": str(number), SOURCE_DIGEST: source}
                config = json.dumps({"config": {"Labels": labels}}).encode()
                manifest = json.dumps({"config": {"digest": sha256(config)}}).encode()
                stub.on(f"/v2/team/plugin/blobs/{sha256(config)}", answer(200, config))
                stub.on(f"/v2/team/plugin/manifests/{sha256(manifest)}", answer(200, manifest))
                platform = {"os": system, "architecture": architecture}
                entries.append({"digest": sha256(manifest), "platform": platform})
            stub.on("/v2/team/plugin/manifests/many", answer(200, {"manifests": entries}))

        return index

    def test_an_index_has_the_images_of_its_platforms(self, registry, index):
        index(("unknown", "unknown", "x"), ("linux", "arm64", "a"), ("linux", "amd64", "a"))
        found = registry.image("team/plugin", "many")
        assert list(found.platforms) == list(found.manifests) == ["linux/amd64", "linux/arm64"]
        assert found.config == found.platforms["linux/amd64"]
        assert found.labels == {"color": "2", SOURCE_DIGEST: "a"}

    def test_an_index_without_amd64_is_read(self, registry, index):
        index(
            ("linux", "arm64", "a"),
        )
        assert list(registry.image("team/plugin", "many").platforms) == ["linux/arm64"]

    def test_an_index_of_two_sources_has_none(self, registry, index):
        index(("linux", "amd64", "a"), ("linux", "arm64", "b"))
        assert registry.image("team/plugin", "many").labels == {"color": "0"}

    def test_an_index_of_too_many_images_is_not_read(self, registry, index):
        index(*(("linux", f"x{number}", "a") for number in range(40)))
        with pytest.raises(UnexpectedAnswer, match="an index of 40 images"):
            registry.image("team/plugin", "many")

    def test_index_without_our_platform(self, stub, registry, answer):
        stub.on("/v2/team/plugin/manifests/arm", answer(200, {"manifests": [{"digest": "sha256:00"}]}))
        with pytest.raises(UnexpectedAnswer, match="no linux/amd64 image"):
            registry.image("team/plugin", "arm")

    def test_schema_1(self, stub, registry, answer):
        stub.on("/v2/team/plugin/manifests/old", answer(200, {"schemaVersion": 1, "history": []}))
        with pytest.raises(UnexpectedAnswer, match=r"does not hold an image .*schema 1"):
            registry.image("team/plugin", "old")

    def test_damaged_content(self, stub, registry, image, answer):
        config = next(path for path in stub.answers if "/blobs/" in path)
        stub.answers[config] = [answer(200, {"config": {"Labels": {"color": "red"}}})]
        with pytest.raises(UnexpectedAnswer, match="Its storage may be damaged"):
            registry.image("team/plugin", "0.1.0")

    def test_no_json(self, stub, registry, answer):
        stub.on("/v2/team/plugin/manifests/html", answer(200, b"<html>"))
        with pytest.raises(UnexpectedAnswer, match="with a JSON object"):
            registry.image("team/plugin", "html")


SHA = "sha256:" + "0" * 64
LINUX = {"os": "linux", "architecture": "amd64"}


class TestAnswersOfAHostileRegistry:
    """Each ends in one error that names the registry."""

    @pytest.mark.parametrize(
        "manifest",
        [
            *(
                {"manifests": entries}
                for entries in (None, 5, "x", {}, [], [None], [5], [[]], [{"platform": 5}])
            ),
            {"manifests": [{"platform": LINUX}]},
            *({"manifests": [{"platform": LINUX, "digest": digest}]} for digest in (None, 5, [], "", "x")),
            *({"config": config} for config in (None, 5, "x", [], {}, {"digest": None}, {"digest": []})),
            {"config": {"digest": "../../../v2/other/manifests/1"}},
            {"config": {"digest": "sha512:" + "0" * 128}},
            {"config": {"digest": SHA + "/../x"}},
            {"config": {"digest": SHA + "\n"}},
            {"mediaType": "x" * 100_000},
            {"mediaType": {"a": ["\x1b[2J"]}},
        ],
    )
    def test_manifests(self, stub, registry, answer, manifest):
        stub.on("/v2/team/plugin/manifests/1", answer(200, manifest))
        with pytest.raises(UnexpectedAnswer, match=stub.address) as caught:
            registry.image("team/plugin", "1")
        assert len(str(caught.value)) < 300
        assert not any("/blobs/" in path or "other" in path for path in stub.paths)

    @pytest.mark.parametrize(
        ("config", "labels"),
        [
            ({}, {}),
            ({"config": 5}, {}),
            ({"config": []}, {}),
            ({"config": {"Labels": ["a"]}}, {}),
            ({"config": {"Labels": "ab"}}, {}),
            ({"config": {"Labels": {"a": "b", "c": 5, "d": None, "e": {}}}}, {"a": "b"}),
        ],
    )
    def test_labels(self, stub, registry, answer, config, labels):
        body = json.dumps(config).encode()
        stub.on("/v2/team/plugin/manifests/1", answer(200, {"config": {"digest": sha256(body)}}))
        stub.on(f"/v2/team/plugin/blobs/{sha256(body)}", answer(200, body))
        assert registry.image("team/plugin", "1").labels == labels

    def test_a_manifest_that_is_too_large_is_named(self, stub, registry, answer):
        stub.on("/v2/team/plugin/manifests/1", answer(200, bytes(4 * 2**20 + 1)))
        with pytest.raises(UnexpectedAnswer, match=r"sent more than 4 MiB .* GET \S+/manifests/1\. "):
            registry.image("team/plugin", "1")

    def test_so_is_a_configuration_which_may_be_larger(self, stub, registry, answer):
        for size in (5, 9):
            body = json.dumps({"x": "y" * size * 2**20}).encode()
            stub.on(f"/v2/team/plugin/manifests/{size}", answer(200, {"config": {"digest": sha256(body)}}))
            stub.on(f"/v2/team/plugin/blobs/{sha256(body)}", answer(200, body))
        assert registry.image("team/plugin", "5").labels == {}
        with pytest.raises(UnexpectedAnswer, match=r"sent more than 8 MiB .* GET \S+/blobs/sha256"):
            registry.image("team/plugin", "9")

    def test_a_token_that_is_too_large(self, stub, registry, answer):
        realm = f'Bearer realm="http://{stub.address}/token"'
        stub.on("/v2/team/plugin/manifests/1", answer(401, {}, {"WWW-Authenticate": realm}))
        stub.on("/token", answer(200, bytes(5 * 2**20)))
        with pytest.raises(UnexpectedAnswer, match=r"sent more than 4 MiB .* GET \S+/token\. "):
            registry.image("team/plugin", "1")

    def test_an_error_that_is_too_large_and_one_that_is_long(self, stub, registry, answer):
        stub.on("/v2/team/plugin/manifests/1", answer(500, bytes(5 * 2**20)))
        with pytest.raises(UnexpectedAnswer, match="sent more than 4 MiB"):
            registry.image("team/plugin", "1")
        stub.on("/v2/team/plugin/manifests/2", answer(400, {"errors": [{"message": "x" * 100_000}]}))
        with pytest.raises(UnexpectedAnswer, match="x…") as caught:
            registry.image("team/plugin", "2")
        assert len(str(caught.value)) < 1000

    def test_an_answer_that_drips(self, stub, registry, answer, monkeypatch):
        registry.ping()
        registry._transport._session._whole = 0
        with pytest.raises(
            RegistryUnreachable, match=r"did not complete its answer to GET \S+/v2/ with"
        ) as caught:
            registry.ping()
        assert caught.value.temporary

    def test_a_folded_manifest_is_not_unfolded(self, stub, registry, answer):
        folded = gzip.compress(bytes(300_000_000 // 10))
        stub.on("/v2/team/plugin/manifests/1", answer(200, folded, {"Content-Encoding": "gzip"}))
        with pytest.raises(UnexpectedAnswer, match="with a JSON object"):
            registry.image("team/plugin", "1")


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
        with Registry(stub.address, insecure="http", username="ann", password="hunter2") as registry:
            assert str(registry.check_push(self.REFERENCE)) == "as ann"
        assert stub.requests[-1][2]["Authorization"].startswith("Basic ")

    @pytest.mark.parametrize("user", ["ann", None])
    def test_a_token_is_asked_for_pushing_whatever_the_challenge_says(self, stub, answer, upload, user):
        """GitHub's says pull to all."""
        realm = f'Bearer realm="http://{stub.address}/token",scope="repository:team/plugin:pull"'
        stub.on(self.UPLOADS, answer(401, {}, {"WWW-Authenticate": realm}), upload)
        stub.on("/token", answer(200, {"token": "t0k3n"}))
        with Registry(stub.address, insecure="http", username=user, password="hunter2") as registry:
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
                r"refuses user 'ann' \(401: .*\)\. Check the password, and .* may push to this",
            ),
            (403, "denied", r"refuses user 'ann' \(403: denied\)\. Check the password"),
            (
                404,
                "name unknown",
                r"does not accept a push to team/plugin \(404 Not Found: name unknown\)\. Create the project",
            ),
            (
                405,
                "The operation is unsupported.",
                r"\(405 Method Not Allowed: The operation .*\)\.? \S+ is read-only or a cache",
            ),
        ],
    )
    def test_refused(self, stub, answer, status, words, advice):
        headers = {"WWW-Authenticate": 'Basic realm="x"'} if status == 401 else {}
        stub.on(self.UPLOADS, answer(status, {"errors": [{"message": words}]}, headers))
        with (
            Registry(stub.address, insecure="http", username="ann", password="hunter2") as registry,
            pytest.raises(RegistryRefused, match=advice) as caught,
        ):
            registry.check_push(replace(self.REFERENCE, registry=stub.address))
        assert "hunter2" not in str(caught.value)

    def test_nobody_to_log_in(self, stub, answer):
        stub.on(self.UPLOADS, answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'}))
        with (
            Registry(stub.address, insecure="http") as registry,
            pytest.raises(
                RegistryRefused, match=r"refuses an anonymous push \(401\)\. Give the environment's"
            ),
        ):
            registry.check_push(self.REFERENCE)
