"""What is written by hand is read by the generated classes, for anything that JSON can say."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as some

from plugin.serving import wire

VALUES = some.recursive(
    some.one_of(
        some.none(),
        some.booleans(),
        some.floats(allow_nan=False, allow_infinity=False),
        some.integers(-(2**53), 2**53),
        some.text(),
        some.text("x", min_size=100, max_size=150),
    ),
    lambda below: some.one_of(
        some.lists(below, max_size=4), some.dictionaries(some.text(), below, max_size=4)
    ),
    max_leaves=30,
)
ITEMS = some.dictionaries(some.text(), VALUES, max_size=6)


@given(ITEMS)
def test_a_struct_is_read_as_it_was_meant(values):
    assert MessageToDict(Struct.FromString(wire.fields(values))) == values


@given(ITEMS, ITEMS)
def test_what_is_appended_is_merged(first, second):
    both = Struct.FromString(wire.fields(first) + wire.fields(second))
    assert MessageToDict(both) == first | second


@given(some.text(max_size=300), some.text(max_size=300))
def test_a_text_of_any_length(key, value):
    made = Struct.FromString(wire.text_entry(wire.KEYS[key], value))
    assert MessageToDict(made) == {key: value}


@given(some.text(max_size=30), ITEMS)
def test_a_struct_of_any_length(key, values):
    made = Struct.FromString(wire.struct_entry(wire.KEYS[key], wire.fields(values)))
    assert MessageToDict(made) == {key: values}


@pytest.mark.parametrize("name", ["", "k" * 9, "k" * 130])
@pytest.mark.parametrize(
    "size", [0, 1, 120, 127, 128, 129, 900, 16_200, 16_360, 16_372, 16_383, 16_384, 70_000]
)
def test_a_long_text_is_as_any_other(name, size):
    key, content = wire.KEYS[name], b"x" * size
    assert wire.long_text_entry(key, content) == wire.entry(key, wire.text(content))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16383, 16384, 2**21, 2**28])
def test_a_length_is_protobufs_varint(size):
    from google.protobuf.internal.encoder import _VarintBytes

    assert wire.length(size) == _VarintBytes(size)


@pytest.mark.parametrize("value", [b"1", [{1}]])
def test_what_a_struct_cannot_hold_is_an_error(value):
    with pytest.raises(TypeError, match="a Struct cannot hold a"):
        wire.fields({"price": value})


def test_half_a_character_is_an_error_of_its_resource():
    with pytest.raises(ValueError, match="surrogates not allowed"):
        wire.fields({"name": "\ud800"})
