from __future__ import annotations

import io
import struct

import bson
import pytest

from sandbox.mongodb import wire


def message(payload: bytes, opcode: int = wire.OP_MSG, request_id: int = 7) -> bytes:
    return struct.pack("<iiii", 16 + len(payload), request_id, 0, opcode) + payload


def body_section(document: dict[str, object]) -> bytes:
    return b"\0" + bson.encode(document)


def sequence_section(name: str, documents: list[dict[str, object]]) -> bytes:
    content = name.encode() + b"\0" + b"".join(bson.encode(document) for document in documents)
    return b"\1" + struct.pack("<i", 4 + len(content)) + content


def flags(value: int = 0) -> bytes:
    return struct.pack("<I", value)


def parse(payload: bytes, opcode: int = wire.OP_MSG) -> wire.Request:
    read = wire.read_message(io.BytesIO(message(payload, opcode)))
    assert read is not None
    return wire.parse(*read)


def test_body_of_op_msg() -> None:
    request = parse(flags() + body_section({"ping": 1, "$db": "admin"}))
    assert (request.command, request.request_id, request.expects_reply) == ("ping", 7, True)
    assert request.body == {"ping": 1, "$db": "admin"}


def test_document_sequence_stays_undecoded() -> None:
    documents: list[dict[str, object]] = [{"_id": 1}, {"_id": 2, "name": "fern"}]
    request = parse(
        flags() + sequence_section("documents", documents) + body_section({"insert": "plants", "$db": "shop"})
    )
    assert request.command == "insert"
    assert request.sequences == {"documents": [bson.encode(document) for document in documents]}


def test_checksum_is_not_read_as_a_section() -> None:
    request = parse(flags(wire.CHECKSUM_PRESENT) + body_section({"ping": 1}) + b"\xde\xad\xbe\xef")
    assert request.body == {"ping": 1}


def test_more_to_come_wants_no_reply() -> None:
    assert not parse(flags(wire.MORE_TO_COME) + body_section({"insert": "plants"})).expects_reply


def test_optional_flags_are_passed_over() -> None:
    exhaust_allowed = 1 << 16
    assert parse(flags(exhaust_allowed) + body_section({"hello": 1})).command == "hello"


def test_op_query_is_a_command_on_the_database_in_its_namespace() -> None:
    payload = (
        struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + bson.encode({"ismaster": 1})
    )
    request = parse(payload, wire.OP_QUERY)
    assert (request.command, request.body["$db"]) == ("ismaster", "admin")


@pytest.mark.parametrize(
    ("payload", "opcode", "words"),
    [
        (flags(1 << 5) + body_section({"ping": 1}), wire.OP_MSG, "Unknown required flags"),
        (flags(), wire.OP_MSG, "without a body"),
        (flags() + b"\2" + bson.encode({}), wire.OP_MSG, "Unknown kind of section"),
        (flags() + b"\0" + struct.pack("<i", 999), wire.OP_MSG, "leaves the message"),
        (flags() + b"\0", wire.OP_MSG, "is broken"),
        (flags() + b"\1" + struct.pack("<i", 12) + b"docs\0\x09\0\0", wire.OP_MSG, "broken|leaves"),
        (b"", 2012, "Opcode 2012 is not supported"),
        (
            struct.pack("<i", 0) + b"shop.plants\0" + b"\0" * 8 + bson.encode({}),
            wire.OP_QUERY,
            "only commands",
        ),
    ],
)
def test_broken_messages_are_refused(payload: bytes, opcode: int, words: str) -> None:
    with pytest.raises(wire.ProtocolError, match=words):
        parse(payload, opcode)


def test_undecodable_body_is_a_protocol_error() -> None:
    broken = bytearray(bson.encode({"ping": "x"}))
    broken[4] = 0x7A  # no such BSON type
    with pytest.raises(wire.ProtocolError, match="broken"):
        parse(flags() + b"\0" + bytes(broken))


@pytest.mark.parametrize("cut", [3, 20])
def test_connection_that_ends_in_the_middle(cut: int) -> None:
    whole = message(flags() + body_section({"ping": 1}))
    with pytest.raises(wire.ProtocolError, match="ended inside"):
        wire.read_message(io.BytesIO(whole[:cut]))


def test_http_on_the_port_is_no_message() -> None:
    with pytest.raises(wire.ProtocolError, match="another protocol"):
        wire.read_message(io.BytesIO(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"))


def test_closed_connection_is_the_end() -> None:
    assert wire.read_message(io.BytesIO(b"")) is None


def test_reply_to_op_msg() -> None:
    request = parse(flags() + body_section({"ping": 1}))
    length, reply_id, answers, opcode = struct.unpack(
        "<iiii", (raw := wire.encode_reply(request, {"ok": 1.0}, 3))[:16]
    )
    assert (length, reply_id, answers, opcode) == (len(raw), 3, 7, wire.OP_MSG)
    assert raw[16:21] == b"\0\0\0\0\0"
    assert bson.decode(raw[21:]) == {"ok": 1.0}


def test_reply_to_op_query() -> None:
    payload = (
        struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + bson.encode({"ismaster": 1})
    )
    raw = wire.encode_reply(parse(payload, wire.OP_QUERY), {"ok": 1.0}, 1)
    assert struct.unpack("<iiii", raw[:16]) == (len(raw), 1, 7, wire.OP_REPLY)
    assert struct.unpack("<iqii", raw[16:36]) == (8, 0, 0, 1)
    assert bson.decode(raw[36:]) == {"ok": 1.0}
