"""The container's HEALTHCHECK; exit code 0 while the server serves.

    python -I -S …/plugin/serving/healthcheck.py

It runs every half minute for the life of the container, so it is a file that needs nothing but the standard library:
importing grpc alone would take ten times the CPU time of the rest. What it sends is a real call of
`grpc.health.v1.Health/Check` (HTTP/2, RFC 9113; its headers in the plainest form of RFC 7541), answered by the threads
that answer the platform, so a server that hangs or is ending is noticed.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time

TYPE_CHECKING = False  # importing typing would take a third of the CPU time
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Final

SECONDS: Final = 4.0
"""For connection and answer together."""

END_SECONDS: Final = 5
"""When the process ends in any case, well below the Dockerfile's --timeout: checks cannot pile up."""

_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _AWAY = 0, 1, 3, 4, 6, 7
_END_STREAM, _ACK, _END_HEADERS, _PADDED = 1, 1, 4, 8
_LARGEST_FRAME: Final = 16384
_SERVING: Final = b"\0\0\0\0\2\x08\1"
"""A gRPC message (not compressed, 2 bytes): HealthCheckResponse with field 1, the status, 1."""


def address(environment: Mapping[str, str]) -> tuple[str, int]:
    """Where the server of this container listens; it reads the same variables."""
    host = environment.get("SPACEONE_HOST") or "[::]"
    port = int(environment.get("SPACEONE_PORT") or 50051)
    # [::] takes IPv4, too.
    return ("127.0.0.1" if host in ("[::]", "0.0.0.0") else host.strip("[]")), port


def serving(where: tuple[str, int], seconds: float) -> bool:
    """Whether the server at an address answers SERVING within so many seconds."""
    until = time.monotonic() + seconds
    try:
        with socket.create_connection(where, seconds) as connection:
            connection.sendall(_question(f"{where[0]}:{where[1]}"))
            answer = b"".join(_message(connection, until))
    except OSError:
        return False
    return answer == _SERVING


def _question(authority: str) -> bytes:
    fields = [
        (b":authority", authority.encode()),
        (b":path", b"/grpc.health.v1.Health/Check"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    ]
    # 0x83 is `:method: POST`, 0x86 `:scheme: http`; 0x00 begins a field whose name and value are spelled out.
    headers = b"\x83\x86" + b"".join(
        b"\0%c%b%c%b" % (len(name), name, len(value), value) for name, value in fields
    )
    empty_message = b"\0\0\0\0\0"
    return b"".join(
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            _frame(_SETTINGS, 0, 0, b""),
            _frame(_HEADERS, _END_HEADERS, 1, headers),
            _frame(_DATA, _END_STREAM, 1, empty_message),
        )
    )


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + content


def _message(connection: socket.socket, until: float) -> Iterator[bytes]:
    """The data of the answer; it ends with the stream. OSError where there is none in time."""
    while True:
        head = _exactly(connection, 9, until)
        size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        if size > _LARGEST_FRAME or kind in (_RESET, _AWAY):
            raise ConnectionError
        content = _exactly(connection, size, until)
        if kind == _DATA:
            yield content[1 : size - content[0]] if flags & _PADDED else content
        elif kind in (_SETTINGS, _PING) and not flags & _ACK:
            connection.sendall(_frame(kind, _ACK, 0, content if kind == _PING else b""))
        if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
            return


def _exactly(connection: socket.socket, size: int, until: float) -> bytes:
    found = b""
    while len(found) < size:
        connection.settimeout(max(0.001, until - time.monotonic()))
        piece = connection.recv(size - len(found))
        if not piece or time.monotonic() > until:
            raise ConnectionError
        found += piece
    return found


if __name__ == "__main__":
    signal.alarm(END_SECONDS)
    sys.exit(0 if serving(address(os.environ), SECONDS) else 1)
