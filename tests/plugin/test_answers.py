"""Limits of one answer as a whole, over real sockets: time, size, and what it unfolds to."""

from __future__ import annotations

import gzip
import resource
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from plugin import answers
from plugin.addresses import Address
from plugin.answers import LARGEST
from plugin.connections import Connections
from plugin.errors import SourceBroken, SourceTooLarge, SourceUnreachable
from tests.plugin.calls import HANGING

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"


class Get:
    """Asks the server once."""

    def __init__(self, connections):
        self.url = connections._address.url
        self._connections = connections

    def __call__(self, timeout=HANGING):
        return self._connections.get(self.url, {}, {}, timeout)


@contextmanager
def answering(*pieces, pause=0.0, end=b"", tls=None):
    """A server that answers with pieces, the last of them again and again where nothing ends it; with TLS if it can."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            listener.settimeout(HANGING)
            with suppress(OSError):
                while not over.is_set():
                    connection, _ = listener.accept()
                    if tls:
                        connection = tls.wrap_socket(connection, server_side=True)
                    with connection, suppress(OSError):
                        connection.recv(65536)
                        first, *rest = pieces
                        connection.sendall(first)
                        for piece in rest:
                            connection.sendall(piece)
                        while rest and not end and not over.wait(pause):
                            connection.sendall(rest[-1])
                        connection.sendall(end)

        thread = threading.Thread(target=answer)
        thread.start()
        scheme = "https" if tls else "http"
        connections = Connections(Address.parse("x", f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"))
        try:
            yield Get(connections)
        finally:
            connections.close()
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        OK + b"Content-Length: 1000\r\n\r\n",
        OK + b"\r\n",
        CHUNKED + b"\r\n5;",
        CHUNKED + b"\r\n0\r\nTrailer: ",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 ",
    ],
)
def test_an_answer_that_drips_ends_at_its_limit(monkeypatch, start):
    """Each byte comes in time, wherever it belongs; all of them never do."""
    monkeypatch.setattr(answers, "TRANSFER_SECONDS", 0.3)
    started = time.monotonic()
    with (
        answering(start, b"1", pause=0.02) as get,
        pytest.raises(SourceUnreachable, match=r"did not answer completely within 0\.5 seconds"),
    ):
        get(0.2)
    assert 0.4 < time.monotonic() - started < HANGING / 2


def test_silence_is_told_apart_from_a_drip(monkeypatch):
    with answering(OK, b"", pause=HANGING) as get, pytest.raises(urllib3.exceptions.ReadTimeoutError):
        get(0.2)


def packed(size, level=9):
    pack = zlib.compressobj(level, wbits=31)
    zeros = bytes(1 << 20)
    return b"".join(pack.compress(zeros) for _ in range(size >> 20)) + pack.flush()


GZIP = b"Content-Encoding: gzip\r\n"


@pytest.mark.parametrize(
    "head",
    [
        OK + b"Content-Length: %d\r\n\r\n" % (LARGEST + 1),
        OK + b"Content-Length: 99999999999999999999999999999\r\n\r\n",
        OK + b"\r\n",
        CHUNKED + b"\r\n",
        OK + b"X: ",
    ],
)
def test_an_answer_without_an_end_is_refused(head):
    piece = b"10000\r\n" + bytes(0x10000) + b"\r\n" if b"chunked" in head else b"X: 1\r\n" * 10_000
    with (
        answering(head, piece) as get,
        pytest.raises((SourceTooLarge, urllib3.exceptions.ProtocolError)) as caught,
    ):
        get()
    if b"X: " not in head:
        assert str(caught.value).endswith("answered with more than 4 MiB.")


@pytest.mark.parametrize("layers", [1, 3])
def test_what_unfolds_to_more_is_refused_with_no_more_memory(layers):
    bomb = packed(400 << 20)
    assert len(bomb) < 1 << 20
    body = bomb * layers
    head = OK + GZIP + b"Content-Length: %d\r\n\r\n" % len(body)
    with answering(head + body) as get:
        tracemalloc.start()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        with pytest.raises(SourceTooLarge, match="answered with more than 4 MiB"):
            get()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3 * LARGEST
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 2


def test_empty_members_without_an_end_are_refused_early():
    with answering(OK + GZIP + b"\r\n", gzip.compress(b"")) as get:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        with pytest.raises(SourceBroken, match="not gzip, though it says so"):
            get()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 2


@pytest.mark.parametrize("coding", [b"deflate", b"br", b"zstd", b"gzip, gzip", b"compress", b"\xff"])
def test_other_encodings_were_not_asked_for(coding):
    head = OK + b"Content-Encoding: " + coding + b"\r\nContent-Length: 2\r\n\r\n[]"
    with answering(head) as get, pytest.raises(SourceBroken, match="in an encoding that was not asked for"):
        get()


@pytest.mark.parametrize(
    "body", [b"[]", gzip.compress(b"[]")[:-3], gzip.compress(b"[]") + b"\x1f\x8b", b"\x1f\x8b"]
)
def test_what_is_not_gzip(body):
    head = OK + GZIP + b"Content-Length: %d\r\n\r\n" % len(body)
    with answering(head + body) as get, pytest.raises(SourceBroken, match="not gzip, though it says so"):
        get()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"", b"[1]"),
        (b"Content-Encoding: identity\r\n", b"[1]"),
        (GZIP, gzip.compress(b"[1]")),
        (b"Content-Encoding: X-GZip\r\n", gzip.compress(b"[1]")),
        (GZIP, gzip.compress(b"[") + gzip.compress(b"1]")),
    ],
)
@pytest.mark.parametrize("framed", ["length", "chunks", "close"])
def test_the_same_answer_in_every_form(head, body, framed):
    if framed == "length":
        whole = OK + head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    elif framed == "chunks":
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
        whole = CHUNKED + head + b"\r\n" + chunks + b"0\r\n\r\n"
    else:
        whole = OK + head + b"\r\n" + body
    with answering(whole, end=b"") as get:
        assert get().body == b"[1]"


def test_an_answer_of_the_largest_size_passes():
    body = gzip.compress(bytes(LARGEST), 1)
    head = OK + GZIP + b"Content-Length: %d\r\n\r\n" % len(body)
    with answering(head + body) as get:
        assert len(get().body) == LARGEST


def test_an_answer_that_breaks_off_is_none():
    with (
        answering(OK + b"Content-Length: 10\r\n\r\n[1]") as get,
        pytest.raises(urllib3.exceptions.ProtocolError),
    ):
        get()


@pytest.fixture
def tls(tmp_path, monkeypatch):
    """A server's side of TLS, with a certificate for 127.0.0.1 that clients trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "prices")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    own, trusted = tmp_path / "own.pem", tmp_path / "trusted.pem"
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    own.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form) + trusted.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    return context


def test_an_answer_with_tls(tls):
    body = gzip.compress(b"[1]" * 100_000)
    with answering(OK + GZIP + b"Content-Length: %d\r\n\r\n" % len(body) + body, tls=tls) as get:
        assert get().body == b"[1]" * 100_000
        assert get().body == b"[1]" * 100_000


@pytest.mark.parametrize("start", [b"", OK + b"\r\n"])
def test_an_answer_that_drips_with_tls(monkeypatch, tls, start):
    monkeypatch.setattr(answers, "TRANSFER_SECONDS", 0.5)
    with (
        answering(start, b"1", pause=0.02, tls=tls) as get,
        pytest.raises(SourceUnreachable, match=r"did not answer completely within 1\.5 seconds"),
    ):
        get(1.0)


def test_a_proxy_that_drips(monkeypatch):
    monkeypatch.setattr(answers, "TRANSFER_SECONDS", 0.3)
    with answering(b"HTTP/1.1 200 ", b"1", pause=0.02) as get:
        monkeypatch.setenv("https_proxy", get.url)
        monkeypatch.setenv("no_proxy", "")
        connections = Connections(Address.parse("x", "https://prices.example"))
        with pytest.raises(SourceUnreachable, match=r"did not answer completely within 0\.5 seconds"):
            connections.get("https://prices.example/", {}, {}, 0.2)
        connections.close()
