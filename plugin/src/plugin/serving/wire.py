"""The wire format of protobuf's Struct and Value, as far as a resource needs it.

The generated classes take three times as long for a resource as the source takes to send it. They read what is written
here, which tests/plugin/serving/test_wire.py checks for anything that JSON can express. The format itself never
changes: https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from struct import Struct as Layout
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A tag is the field's number << 3 | its wire type; 2 is "length, then so many bytes".
_FIELDS: Final = b"\x0a"  # Struct.fields = 1, a map: each entry is a message of key = 1 and value = 2
_KEY: Final = b"\x0a"
_VALUE: Final = b"\x12"
_NULL: Final = b"\x08\x00"  # Value.null_value = 1, wire type 0: a varint
_NUMBER: Final = b"\x11"  # Value.number_value = 2, wire type 1: eight bytes
_STRING: Final = b"\x1a"  # Value.string_value = 3
_BOOLEAN: Final = b"\x20"  # Value.bool_value = 4, wire type 0: a varint
_STRUCT: Final = b"\x2a"  # Value.struct_value = 5
_LIST: Final = b"\x32"  # Value.list_value = 6
_VALUES: Final = b"\x0a"  # ListValue.values = 1

_double: Final = Layout("<d").pack
_ONE_BYTE: Final = tuple(bytes([number]) for number in range(128))


def length(number: int) -> bytes:
    """A varint: seven bits a byte, the lowest first, the highest bit set where more follow."""
    if number < 0x80:
        return _ONE_BYTE[number]
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    return bytes((number & 0x7F | 0x80,)) + length(number >> 7)


def delimited(tag: bytes, content: bytes) -> bytes:
    """A field of wire type 2."""
    return tag + length(len(content)) + content


def entry(key: bytes, value: bytes) -> bytes:
    """An entry of a Struct: the key as KEYS gives it, and a Value."""
    content = key + _VALUE + length(len(value)) + value
    return _FIELDS + length(len(content)) + content


def text(content: bytes) -> bytes:
    """A Value that is a text, in UTF-8."""
    return _STRING + length(len(content)) + content


def struct(entries: bytes) -> bytes:
    """A Value that is a Struct with these entries."""
    return delimited(_STRUCT, entries)


def fields(values: Mapping[str, Any]) -> bytes:
    """The entries of a Struct: appended to a Struct that is encoded already, they are merged into it.

    Args:
        values: Texts, numbers, booleans, None, and dicts and lists of them.

    Raises:
        TypeError: A Struct cannot hold a value.
    """
    parts = []
    for name, value in values.items():
        kind = type(value)
        if kind is str:
            parts.append(text_entry(KEYS[name], value))
        elif kind is float or kind is int:
            parts.append(_NUMBERS[name] + _double(value))
        else:
            parts.append(entry(KEYS[name], _value(value)))
    return b"".join(parts)


def text_entry(key: bytes, value: str) -> bytes:
    """`entry(key, text(value))`, in one step where all lengths take one byte."""
    content = value.encode()
    size = len(content)
    if len(key) + size > 0x7F - 4:
        return entry(key, text(content))
    return b"\x0a%c%b\x12%c\x1a%c%b" % (len(key) + size + 4, key, size + 2, size, content)


def struct_entry(key: bytes, entries: bytes) -> bytes:
    """`entry(key, struct(entries))`, in one step where all lengths take one byte."""
    size = len(entries)
    if len(key) + size > 0x7F - 4:
        return entry(key, struct(entries))
    return b"\x0a%c%b\x12%c\x2a%c%b" % (len(key) + size + 4, key, size + 2, size, entries)


def long_text_entry(key: bytes, content: bytes) -> bytes:
    """`entry(key, text(content))`, in one step where all lengths take two bytes."""
    size = len(content)
    value = size + 3
    whole = len(key) + value + 3
    if size < 0x80 or whole >= 0x4000:
        return entry(key, text(content))
    return b"\x0a%c%c%b\x12%c%c\x1a%c%c%b" % (
        whole & 0x7F | 0x80,
        whole >> 7,
        key,
        value & 0x7F | 0x80,
        value >> 7,
        size & 0x7F | 0x80,
        size >> 7,
        content,
    )


def _value(value: Any) -> bytes:
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return _BOOLEAN + _ONE_BYTE[value]
    if isinstance(value, int | float):
        return _NUMBER + _double(value)
    if isinstance(value, str):
        return text(value.encode())
    if isinstance(value, dict):
        return struct(fields(value))
    if isinstance(value, list):
        return delimited(_LIST, b"".join([delimited(_VALUES, _value(item)) for item in value]))
    raise TypeError(f"a Struct cannot hold a {type(value).__name__}")


class _Keys(dict[str, bytes]):
    """Encoded once for each name: they are few, and the same in each resource."""

    def __init__(self, make: Callable[[str], bytes]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> bytes:
        made = self._make(name)
        if len(self) < 4096:
            self[name] = made
        return made


KEYS: Final = _Keys(lambda name: delimited(_KEY, name.encode()))
"""An entry's key, by its name."""

_NUMBERS: Final = _Keys(lambda name: entry(KEYS[name], _NUMBER + bytes(8))[:-8])
"""The entry of a number without the number itself, which always takes eight bytes."""
