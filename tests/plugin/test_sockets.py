"""No connection to the source outlives the call that it was made for, however that ends: counted at the source."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress

import pytest
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc, job_pb2, job_pb2_grpc

from tests.plugin.calls import HANGING, collect, failure, request, until

pytestmark = pytest.mark.integration

AT_ONCE = 10.0
"""Seconds, for a busy machine; where a connection is left to the garbage collector, it stays for minutes."""


class Source:
    """Answers each request on a connection that it would keep, and knows which ones are open.

    Attributes:
        answer: The bytes of an answer, for each request; None says nothing.
        asked: How many requests came.
        open: The connections whose other end has not closed them.
    """

    def __init__(self):
        self.answer = b""
        self.asked = 0
        self.open = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, suppress(OSError):
            while connection.recv(65536):
                self.asked += 1
                if self.answer:
                    connection.sendall(self.answer)
        self.open.discard(connection)

    def close(self):
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def source():
    made = Source()
    yield made
    made.close()


def http(body, status="200 OK", head=""):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


def closed(source):
    started = time.monotonic()
    assert until(lambda: not source.open)
    assert time.monotonic() - started < AT_ONCE


FAILURES = {
    "refused": http({}, "401 No"),
    "rejected": http({}, "422 No"),
    "limited": http({}, "429 No", "Retry-After: 99\r\n"),
    "redirected": http(b"", "302 Found", "Location: /x\r\n"),
    "no JSON": http(b"<html>"),
    "not gzip": http(b"[]", head="Content-Encoding: gzip\r\n"),
    "another encoding": http(b"[]", head="Content-Encoding: br\r\n"),
    "too large": b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n[",
    "no HTTP": b"\x16\x03\x01\r\n\r\n",
    "odd rows": http([{"name": "x"}] * 7),
}


@pytest.mark.parametrize("answer", FAILURES.values(), ids=FAILURES)
def test_a_call_that_fails_leaves_none(channel, source, answer):
    source.answer = answer
    stub = collector_pb2_grpc.CollectorStub(channel)
    options = {"base_url": source.url, "count": 5}
    assert collect(channel, **options)[-1]["state"] == "FAILURE"
    closed(source)
    failure(lambda: stub.verify(request(collector_pb2.VerifyRequest, options=options), timeout=HANGING))
    closed(source)
    wish = request(job_pb2.GetTaskRequest, options=options | {"count": 600})
    if answer is not FAILURES["odd rows"]:
        failure(lambda: job_pb2_grpc.JobStub(channel).get_tasks(wish, timeout=HANGING))
    closed(source)
    assert source.asked


def test_a_server_without_tls_leaves_none(channel, source):
    source.answer = http({})
    options = {"base_url": source.url.replace("http:", "https:")}
    assert collect(channel, **options)[-1]["state"] == "FAILURE"
    closed(source)


def test_a_collection_that_succeeds_leaves_none(channel, source, coin):
    source.answer = http([coin(f"coin-{rank}") for rank in range(5)])
    assert {message["state"] for message in collect(channel, base_url=source.url)} == {"SUCCESS"}
    closed(source)


WAITING = {
    "silence": b"",
    "half of the head": b"HTTP/1.1 200 OK\r\n",
    "half of the body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[",
    "a pause": http({}, "503 No", "Retry-After: 20\r\n"),
}


@pytest.mark.parametrize("count", [5, 1000])
@pytest.mark.parametrize("answer", WAITING.values(), ids=WAITING)
def test_a_call_that_is_cancelled_leaves_none(channel, source, answer, count):
    source.answer = answer
    options = {"base_url": source.url, "request_timeout": 120, "count": count}
    stream = collector_pb2_grpc.CollectorStub(channel).collect(
        request(collector_pb2.CollectRequest, options=options)
    )
    assert until(lambda: source.asked)
    stream.cancel()
    closed(source)


def test_a_reader_that_leaves_a_large_collection_leaves_none(channel, source, coin):
    """The page that is asked for ahead has a thread of its own."""
    source.answer = http([coin(f"coin-{rank}") for rank in range(250)])
    options = {"base_url": source.url, "count": 100_000}
    stream = collector_pb2_grpc.CollectorStub(channel).collect(
        request(collector_pb2.CollectRequest, options=options)
    )
    for _ in range(20):
        next(stream)
    assert source.asked
    stream.cancel()
    closed(source)
