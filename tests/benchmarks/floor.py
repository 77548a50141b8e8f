"""`python -m tests.benchmarks.floor FILE PORT`: streams messages that were serialised before, as fast as grpcio can.

What no collector on grpcio can be faster than: the same server, the same bytes, and no work for them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

_LENGTH = 4


def store(path: Path, messages: Iterable[bytes]) -> None:
    """Writes messages, each one after its length."""
    with path.open("wb") as file:
        for message in messages:
            file.write(len(message).to_bytes(_LENGTH, "big") + message)


def load(path: Path) -> list[bytes]:
    """Reads what `store` wrote."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        start = at + _LENGTH
        at = start + int.from_bytes(data[at:start], "big")
        found.append(data[start:at])
    return found


def serve(messages: list[bytes], port: int) -> None:
    """Answer until killed."""

    def collect(_request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from messages

    # As many threads, and the same options, as the collector's server has.
    server = grpc.server(ThreadPoolExecutor(100), options=[("grpc.so_reuseport", 0)])
    # Without serialisers bytes travel as they are.
    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "collect": grpc.unary_stream_rpc_method_handler(collect)
    }
    handler = grpc.method_handlers_generic_handler("spaceone.api.inventory.plugin.Collector", methods)
    server.add_generic_rpc_handlers((handler,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    threading.Event().wait()


if __name__ == "__main__":
    serve(load(Path(sys.argv[1])), int(sys.argv[2]))
