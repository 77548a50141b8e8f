"""Servers before the real ones that refuse the first call of each kind and repeat in the refusal all that was sent.

Most refusals are temporary, so that one run, which tries again, meets several of them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from enum import StrEnum
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import grpc

_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_metadata_size", 2**20)]
_LONGEST = 4000  # characters that are repeated: a status has to fit into the limit of a client


class Refusal(StrEnum):
    """How a call is refused."""

    FOR_NOW = "for now"
    FOR_GOOD = "for good"


IN_TURN = (Refusal.FOR_NOW, Refusal.FOR_NOW, Refusal.FOR_GOOD)
"""A step is tried three times at least: it outlives two refusals."""


class Refused:
    """What was refused already. All servers of one test share it.

    Attributes:
        kinds: By server and method.
    """

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self._lock = Lock()

    def refuse(self, kind: str) -> Refusal | None:
        """How the first call of a kind is refused; None if it is not the first one."""
        with self._lock:
            if kind in self.kinds:
                return None
            self.kinds.append(kind)
            return IN_TURN[len(self.kinds) % len(IN_TURN)]


_STATUS = {
    Refusal.FOR_NOW: grpc.StatusCode.UNAVAILABLE,
    Refusal.FOR_GOOD: grpc.StatusCode.INVALID_ARGUMENT,
}
_HTTP = {Refusal.FOR_NOW: HTTPStatus.SERVICE_UNAVAILABLE, Refusal.FOR_GOOD: HTTPStatus.BAD_REQUEST}


class _Service(grpc.GenericRpcHandler):
    """Takes every method: a call with one message is on the wire what a stream of one message is."""

    def __init__(self, channel: grpc.Channel, refused: Refused) -> None:
        self._channel, self._refused = channel, refused

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        method = str(details.method)

        def handle(messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            sent = [(key, value) for key, value in context.invocation_metadata() if key == "token"]
            if refusal := self._refused.refuse(method):
                said = [repr(sent), *(message.decode(errors="replace") for message in _one(messages, method))]
                text = " ".join(said)[:_LONGEST].encode("ascii", "backslashreplace").decode()
                context.abort(_STATUS[refusal], f"ERROR_REFUSED: {text}")
            call = self._channel.stream_stream(method)(
                _until_it_ends(messages), metadata=sent, timeout=context.time_remaining()
            )
            try:
                yield from call
            except grpc.RpcError as error:
                context.abort(error.code(), error.details() or "")

        return grpc.stream_stream_rpc_method_handler(handle)


def _until_it_ends(messages: Iterator[bytes]) -> Iterator[bytes]:
    with suppress(grpc.RpcError):  # the client has left
        yield from messages


def _one(messages: Iterator[bytes], method: str) -> Iterable[bytes]:
    # Who asks for descriptors keeps the stream open, and sends one message at a time.
    return [next(messages)] if "reflection" in method else messages


@contextmanager
def echoing_service(address: str, refused: Refused) -> Iterator[str]:
    """A gRPC server before the one at `address`; gives its own `host:port`."""
    with grpc.insecure_channel(address, options=_OPTIONS) as channel:
        server = grpc.server(ThreadPoolExecutor(16), [_Service(channel, refused)], options=_OPTIONS)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


@contextmanager
def echoing_registry(address: str, login: str, refused: Refused) -> Iterator[str]:
    """A registry before the one at `address` that lets in `login` (`user:password`); gives its own `host:port`."""
    basic = f"Basic {base64.b64encode(login.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self._body()
            if self.headers.get("Authorization") != basic:
                self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="test"'})
            elif refusal := refused.refuse(self._kind()):
                said = f"{self.headers} {login} {body[:1000].decode(errors='replace')}"
                error = {"code": "DENIED", "message": said, "detail": said}
                document = json.dumps({"errors": [error]}).encode()
                self._answer(_HTTP[refusal], document, {"Content-Type": "application/json"})
            else:
                self._forward(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815 - the base's names

        def _kind(self) -> str:
            parts = self.path.partition("?")[0].split("/")
            kinds = [each for each in ("uploads", "blobs", "manifests", "tags") if each in parts]
            return f"{self.command} {'/'.join(kinds) or self.path}"

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _forward(self, body: bytes) -> None:
            host, _, port = address.rpartition(":")
            kept = {"authorization", "transfer-encoding", "content-length", "connection"}
            headers = {key: value for key, value in self.headers.items() if key.lower() not in kept}
            connection = HTTPConnection(host, int(port))
            try:
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                hop = {"transfer-encoding", "content-length", "connection"}
                more = {key: value for key, value in answer.getheaders() if key.lower() not in hop}
                length = answer.headers.get("Content-Length") if self.command == "HEAD" else None
                self._answer(answer.status, content, more, length)
            finally:
                connection.close()

        def _answer(
            self, status: int, content: bytes, headers: dict[str, Any], length: str | None = None
        ) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            if status != HTTPStatus.NO_CONTENT:
                self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
