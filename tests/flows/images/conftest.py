"""A plugin source in a folder, and a small HTTP server that answers as it is told."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from flows.images.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_login_and_no_epoch(tmp_path_factory, monkeypatch):
    """Nothing of the machine's own settings reaches a test."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path_factory.mktemp("docker")))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plugin source in SpaceONE's layout."""
    folder = tmp_path / "plugin"
    files = {
        "Dockerfile": "FROM scratch\nCOPY src /src\n",
        ".dockerignore": "# caches\n**/__pycache__\n*.log\n",
        "pkg/pip_requirements.txt": "grpcio\n",
        "src/VERSION": "0.1.0\n",
        "src/setup.py": "",
        "src/plugin/main.py": "print('hello')\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@dataclass
class Answer:
    status: int = 200
    body: bytes | dict | list = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Stub:
    """Answers of a server by path; a list is used up one by one, its last answer stays."""

    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.requests]

    def on(self, path: str, *answers: Answer) -> None:
        self.answers[path] += answers


def _serve(context: ssl.SSLContext | None):
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every answer with a body takes 40 ms

        def do_GET(self):
            stub.requests.append((self.command, self.path, dict(self.headers)))
            known = stub.answers.get(self.path) or stub.answers.get(self.path.partition("?")[0])
            answer = Answer(404, {"errors": [{"code": "NOT_FOUND", "message": "no such thing"}]})
            if known:
                answer = known.pop(0) if len(known) > 1 else known[0]
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for key, value in answer.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815 - http.server's names

        def log_message(self, *arguments):
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            """A client that tries TLS on a plain port is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    stub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


@pytest.fixture
def stub():
    """A server on plain HTTP."""
    yield from _serve(None)


@pytest.fixture
def registry(stub, answer):
    """The registry that the stub plays."""
    stub.on("/v2/", answer(200, {}))
    with Registry(stub.address, insecure="http") as registry:
        yield registry


@pytest.fixture
def certificate(tmp_path):
    """A context for a server on 127.0.0.1, with a certificate that nobody trusts: registry.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "registry")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "registry.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.fixture
def tls_stub(certificate):
    """A server on TLS."""
    yield from _serve(certificate)


@pytest.fixture
def mutual_tls_stub(certificate, tmp_path):
    """One that asks for a certificate of the client, which only its own authority may have signed: itself."""
    certificate.verify_mode = ssl.CERT_REQUIRED
    certificate.load_verify_locations(tmp_path / "registry.pem")
    yield from _serve(certificate)
