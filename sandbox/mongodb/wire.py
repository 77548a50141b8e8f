"""Messages of MongoDB's wire protocol: bytes to requests, replies to bytes.

https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ describes it. Two kinds of request are supported:
OP_MSG, and the OP_QUERY that drivers send as their first hello. The server never offers compression, so no client
uses it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from bson.errors import BSONError

from .documents import Document, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

OP_REPLY = 1
OP_QUERY = 2004
OP_MSG = 2013

CHECKSUM_PRESENT = 1 << 0
MORE_TO_COME = 1 << 1
_KNOWN_REQUIRED_FLAGS = CHECKSUM_PRESENT | MORE_TO_COME
_REQUIRED_FLAGS = 0xFFFF
"""A receiver must refuse unknown flags among the lower sixteen and may pass over the others."""

MAX_MESSAGE_BYTES = 48_000_000
_HEADER = struct.Struct("<iiii")
_INT32 = struct.Struct("<i")
_FLAGS = struct.Struct("<I")
_REPLY_PREFIX = struct.Struct("<iqii")


class ProtocolError(Exception):
    """The bytes are no message of the protocol; nothing that follows on the connection can be trusted."""


@dataclass(frozen=True)
class Request:
    """One command from a client."""

    request_id: int
    opcode: int
    body: Document
    sequences: dict[str, list[bytes]] = field(default_factory=dict)
    """Documents beside the body (OP_MSG sections of kind 1), undecoded, by the field they stand for."""
    expects_reply: bool = True

    @property
    def command(self) -> str:
        """The command's name: the body's first key."""
        return next(iter(self.body), "")


def read_message(stream: BinaryIO) -> tuple[int, int, bytes] | None:
    """The next message as (request id, opcode, payload), or None when the client closed the connection."""
    header = stream.read(_HEADER.size)
    if not header:
        return None
    if len(header) < _HEADER.size:
        raise ProtocolError(f"The connection ended inside a header ({len(header)} of {_HEADER.size} bytes)")
    length, request_id, _, opcode = _HEADER.unpack(header)
    size = length - _HEADER.size
    if not 0 <= size <= MAX_MESSAGE_BYTES:
        raise ProtocolError(
            f"A message of {length} bytes: a header of another protocol, or more than allowed"
        )
    payload = stream.read(size)
    if len(payload) < size:
        raise ProtocolError(f"The connection ended inside a message ({len(payload)} of {size} bytes)")
    return request_id, opcode, payload


def parse(request_id: int, opcode: int, payload: bytes) -> Request:
    """The request that a message carries; raises ProtocolError for another opcode or a broken message."""
    try:
        if opcode == OP_MSG:
            return _parse_msg(request_id, payload)
        if opcode == OP_QUERY:
            return _parse_query(request_id, payload)
    except (struct.error, IndexError, ValueError, BSONError) as error:
        raise ProtocolError(f"A message with opcode {opcode} is broken: {error}") from error
    raise ProtocolError(f"Opcode {opcode} is not supported (only OP_MSG and OP_QUERY are)")


def _parse_msg(request_id: int, payload: bytes) -> Request:
    (flags,) = _FLAGS.unpack_from(payload)
    if flags & _REQUIRED_FLAGS & ~_KNOWN_REQUIRED_FLAGS:
        raise ProtocolError(f"Unknown required flags in OP_MSG: {flags:#x}")
    end = len(payload) - (4 if flags & CHECKSUM_PRESENT else 0)
    body: Document | None = None
    sequences: dict[str, list[bytes]] = {}
    position = _FLAGS.size
    while position < end:
        kind = payload[position]
        position += 1
        (size,) = _INT32.unpack_from(payload, position)
        if size < 5 or position + size > end:
            raise ProtocolError(f"A section of {size} bytes at {position} leaves the message of {end} bytes")
        if kind == 0:
            body = decode(payload[position : position + size])
        elif kind == 1:
            terminator = payload.index(b"\0", position + 4, position + size)
            name = payload[position + 4 : terminator].decode()
            sequences[name] = list(_split(payload, terminator + 1, position + size))
        else:
            raise ProtocolError(f"Unknown kind of section in OP_MSG: {kind}")
        position += size
    if body is None:
        raise ProtocolError("OP_MSG without a body section")
    return Request(request_id, OP_MSG, body, sequences, expects_reply=not flags & MORE_TO_COME)


def _split(payload: bytes, position: int, end: int) -> Iterator[bytes]:
    while position < end:
        (size,) = _INT32.unpack_from(payload, position)
        if size < 5 or position + size > end:
            raise ProtocolError(f"A document of {size} bytes at {position} leaves its sequence")
        yield payload[position : position + size]
        position += size


def _parse_query(request_id: int, payload: bytes) -> Request:
    terminator = payload.index(b"\0", 4)
    namespace = payload[4:terminator].decode()
    database, _, collection = namespace.partition(".")
    if collection != "$cmd":
        raise ProtocolError(f"OP_QUERY on {namespace}: only commands are answered")
    start = terminator + 1 + 8
    (size,) = _INT32.unpack_from(payload, start)
    body = decode(payload[start : start + size])
    body.setdefault("$db", database)
    return Request(request_id, OP_QUERY, body)


def encode_reply(request: Request, reply: Document, reply_id: int) -> bytes:
    """`reply` as a message in the request's own dialect; `reply_id` is this message's number."""
    content = encode(reply)
    if request.opcode == OP_QUERY:
        prefix, opcode = _REPLY_PREFIX.pack(8, 0, 0, 1), OP_REPLY
    else:
        prefix, opcode = _FLAGS.pack(0) + b"\0", OP_MSG
    length = _HEADER.size + len(prefix) + len(content)
    return _HEADER.pack(length, reply_id, request.request_id, opcode) + prefix + content
