"""Documents in a registry: what is sent, and what is refused."""

import hashlib
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flows.images import InvalidReference, RegistryRefused, UnexpectedAnswer
from flows.images.registry import Registry
from flows.images.registry.artifacts import Descriptor
from flows.images.registry.transport import Content, FileContent

BILL = Content("application/vnd.cyclonedx+json", b'{"bomFormat": "CycloneDX"}')
SUBJECT = Descriptor("application/vnd.docker.distribution.manifest.v2+json", f"sha256:{'1' * 64}", 7)


def sha256(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Memory:
    """What a registry holds, by path."""

    def __init__(self):
        self.held, self.requests, self.refuses = {}, [], {}


@pytest.fixture
def memory():
    """A registry that takes what it is sent and gives it back."""
    memory = Memory()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do(self):
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            memory.requests.append(f"{self.command} {path}")
            if status := memory.refuses.get(self.command):
                return self.answer(status, b'{"errors": [{"message": "not here"}]}')
            if self.command == "POST":
                return self.answer(202, b"", Location=f"{path}7?state=x")
            if self.command == "PUT":
                if "/uploads/" in path:
                    digest = query.partition("digest=")[2]
                    assert sha256(body) == digest
                    path = f"{path.partition('/uploads/')[0]}/{digest}"
                else:
                    memory.held[f"{path.rpartition('/')[0]}/{sha256(body)}"] = (
                        body,
                        self.headers["Content-Type"],
                    )
                memory.held[path] = (body, self.headers["Content-Type"])
                return self.answer(201, b"")
            if path == "/v2/":
                return self.answer(200, b"{}")
            if path not in memory.held:
                return self.answer(404, b"{}")
            content, kind = memory.held[path]
            return self.answer(
                200, content, **{"Content-Type": kind, "Docker-Content-Digest": sha256(content)}
            )

        do_GET = do_HEAD = do_POST = do_PUT = do  # noqa: N815 - http.server's names

        def answer(self, status, content, **headers):
            self.send_response(status)
            for key, value in {**headers, "Content-Length": len(content)}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    memory.address = f"127.0.0.1:{server.server_address[1]}"
    yield memory
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def artifacts(memory):
    with Registry(memory.address, insecure="http") as registry:
        yield registry.artifacts("team/plugin_attestations")


def test_a_document_is_stored_as_an_artifact_and_read_again(artifacts, memory):
    assert artifacts.read("x.sbom") is None
    assert artifacts.describe("x.sbom") is None
    assert artifacts.store("x.sbom", BILL, SUBJECT, {"a": "b"})
    assert artifacts.read("x.sbom") == BILL
    manifest, kind = memory.held["/v2/team/plugin_attestations/manifests/x.sbom"]
    assert kind == "application/vnd.oci.image.manifest.v1+json"
    document = json.loads(manifest)
    assert document["artifactType"] == BILL.type
    assert document["subject"] == {"mediaType": SUBJECT.type, "digest": SUBJECT.digest, "size": 7}
    assert document["config"]["mediaType"] == "application/vnd.oci.empty.v1+json"
    assert document["annotations"] == {"a": "b"}
    for blob in (document["config"], *document["layers"]):
        content, _ = memory.held[f"/v2/team/plugin_attestations/blobs/{blob['digest']}"]
        assert len(content) == blob["size"]
    described = artifacts.describe("x.sbom")
    assert described == artifacts.describe(sha256(manifest))
    assert (described.digest, described.size) == (sha256(manifest), len(manifest))


def test_what_is_there_already_is_not_written_again(artifacts, memory):
    artifacts.store("x.sbom", BILL, SUBJECT, {})
    memory.requests.clear()
    assert not artifacts.store("x.sbom", BILL, SUBJECT, {})
    assert memory.requests == ["HEAD /v2/team/plugin_attestations/manifests/x.sbom"]


def test_another_document_replaces_it_and_the_same_blobs_are_not_sent_again(artifacts, memory):
    artifacts.store("x.sbom", BILL, SUBJECT, {})
    memory.requests.clear()
    assert artifacts.store("x.sbom", Content(BILL.type, b"{}{}"), SUBJECT, {})
    assert artifacts.read("x.sbom").data == b"{}{}"
    assert [line for line in memory.requests if line.startswith("POST")] == [
        "POST /v2/team/plugin_attestations/blobs/uploads/"
    ]


def test_a_registry_that_accepts_none_is_told_with_what_to_do(artifacts, memory):
    memory.refuses["PUT"] = 404
    with pytest.raises(
        RegistryRefused,
        match=r"does not accept team/plugin_attestations \(404 .*: not here\).*attestations: false",
    ):
        artifacts.store("x.sbom", BILL, SUBJECT, {})


def test_a_registry_that_admits_nobody_is_told(artifacts, memory):
    memory.refuses["POST"] = 403
    with pytest.raises(RegistryRefused, match="refuses an anonymous push"):
        artifacts.store("x.sbom", BILL, SUBJECT, {})


def test_tags_are_listed(memory):
    memory.held["/v2/team/plugin/tags/list"] = (b'{"tags": ["0.1.0", "latest"]}', "application/json")
    with Registry(memory.address, insecure="http") as registry:
        assert registry.artifacts("team/plugin").tags() == ["0.1.0", "latest"]
        assert registry.artifacts("team/other").tags() == []


@pytest.mark.parametrize("tags", [b'{"tags": null}', b'{"tags": 7}', b"{}"])
def test_a_repository_without_tags_has_none(memory, tags):
    memory.held["/v2/team/plugin/tags/list"] = (tags, "application/json")
    with Registry(memory.address, insecure="http") as registry:
        assert registry.artifacts("team/plugin").tags() == []


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"layers": []},
        {"layers": "x"},
        {"layers": [{"mediaType": "x", "digest": "sha256:../../../x"}]},
        {"layers": [{"mediaType": "x", "digest": f"sha512:{'1' * 128}"}]},
        {"layers": [{"mediaType": "x", "digest": SUBJECT.digest}] * 2},
    ],
)
def test_what_is_no_document_is_refused(artifacts, memory, manifest):
    path = "/v2/team/plugin_attestations/manifests/x.sbom"
    memory.held[path] = (json.dumps(manifest).encode(), "application/json")
    with pytest.raises(UnexpectedAnswer, match="other than a document as team/plugin_attestations:x.sbom"):
        artifacts.read("x.sbom")


def test_a_document_that_was_exchanged_is_refused(artifacts, memory):
    artifacts.store("x.sbom", BILL, SUBJECT, {})
    memory.held[f"/v2/team/plugin_attestations/blobs/{sha256(BILL.data)}"] = (b"else", "x")
    with pytest.raises(UnexpectedAnswer, match="instead of"):
        artifacts.read("x.sbom")


def test_a_document_that_is_lost_is_told(artifacts, memory):
    artifacts.store("x.sbom", BILL, SUBJECT, {})
    del memory.held[f"/v2/team/plugin_attestations/blobs/{sha256(BILL.data)}"]
    with pytest.raises(UnexpectedAnswer, match="has lost the document"):
        artifacts.read("x.sbom")


def test_an_upload_that_continues_elsewhere_is_refused(stub, answer):
    """A login must not be sent to another host."""
    stub.on("/v2/", answer(200, {}))
    stub.on("/v2/team/x/blobs/uploads/", answer(202, b"", {"Location": "http://198.51.100.1/take"}))
    with (
        Registry(stub.address, insecure="http") as registry,
        pytest.raises(UnexpectedAnswer, match="continues its answer at another address"),
    ):
        registry.artifacts("team/x").store("y", BILL, SUBJECT, {})


def test_an_absent_repository_that_a_token_server_refuses_has_nothing(stub, answer):
    stub.on("/v2/", answer(200, {}))
    realm = f'Bearer realm="http://{stub.address}/token",service="x",scope="y",error="insufficient_scope"'
    stub.on("/v2/team/x/manifests/y", answer(401, {}, {"WWW-Authenticate": realm}))
    stub.on("/token", answer(200, {"token": "t"}))
    with Registry(stub.address, insecure="http", username="ann", password="p") as registry:
        assert registry.artifacts("team/x").read("y") is None


def test_a_file_is_uploaded_once_and_from_its_start(artifacts, memory):
    data = b"x" * 3_000_000
    with io.BytesIO(data) as file:
        file.seek(7)
        content = FileContent("application/gzip", file, sha256(data), len(data))
        assert artifacts.upload(content)
        assert not artifacts.upload(content)
    assert any(held == data for held, _ in memory.held.values())


def test_a_manifest_is_put_under_its_digest_or_a_tag(artifacts, memory):
    manifest = Content("application/x", b"{}")
    artifacts.put(sha256(b"{}"), manifest)
    artifacts.put("0.1.0", manifest)
    with pytest.raises(InvalidReference):
        artifacts.put("../x", manifest)
