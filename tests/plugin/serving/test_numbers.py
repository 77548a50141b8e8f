"""Numbers by their digits: what travels as a number, and when its digits travel beside it."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import msgspec
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import example, given
from hypothesis import strategies as some

from plugin.serving import wire
from plugin.serving.numbers import number, storable

WHOLE = some.integers(-(10**30), 10**30).map(str)
DECIMAL = some.decimals(allow_nan=False, allow_infinity=False).map(lambda value: f"{value:E}")
DOUBLE = some.floats(allow_nan=False, allow_infinity=False).map(repr)
# What JSON calls a number: no leading zeros, no plus before it.
NUMBERS = some.one_of(WHOLE, DECIMAL, DOUBLE).filter(lambda text: "N" not in text and "I" not in text)


def travelled(text):
    """What inventory reads of a number, and its digits where they travel, too."""
    exact = {}
    held = storable({"price": json.loads(text, parse_float=number)}, exact)
    read = json.loads(msgspec.json.encode(held))
    # 1.12 is told the same, in doubles.
    told = MessageToDict(Struct.FromString(wire.fields(held)))
    assert told == {name: float(value) for name, value in read.items()}
    return read.get("price"), exact.get("price")


@pytest.mark.parametrize(
    ("text", "stored", "digits"),
    [
        ("67187.3358936566", 67187.3358936566, None),
        ("5.21e-9", 5.21e-9, None),
        ("1E5", 100000.0, None),
        ("0.1", 0.1, None),
        ("-0", 0, None),
        ("9007199254740992", 2**53, None),
        ("9007199254740993", 2**53 + 1, "9007199254740993"),
        ("2500000000000000123", 2_500_000_000_000_000_123, "2500000000000000123"),
        ("1000000000000000000", 10**18, None),
        # MongoDB has whole numbers of 64 bits and no more: beyond, the nearest double.
        ("100000000000000000000", 1e20, None),
        ("100000000000000000001", 1e20, "100000000000000000001"),
        ("0.1234567890123456789", 0.12345678901234568, "0.1234567890123456789"),
        ("1.2345678901234568e-10", 1.2345678901234568e-10, None),
        ("1e400", None, "1E+400"),
        ("-1e-400", None, "-1E-400"),
        ("5e-324", 5e-324, None),
        ("6e-324", 5e-324, "6E-324"),
    ],
)
def test_what_becomes_of_a_number(text, stored, digits):
    assert travelled(text) == (stored, digits)


@given(NUMBERS)
@example("1.7976931348623159e308")
@example("2.2250738585072011e-308")
@example("9223372036854775808")
@example("123456789.1234567")
@example("12345678901234.5")
@example("1.0000000000000000000000")
def test_no_number_is_lost(text):
    stored, digits = travelled(text)
    assert digits is None or Decimal(digits) == Decimal(text)
    if digits is None:
        # Whoever prints the double reads the source's own number.
        assert Decimal(repr(float(stored))) == Decimal(text)
    else:
        assert stored is None or Decimal(repr(float(stored))) != Decimal(text)
    if isinstance(stored, int):
        assert -(2**63) <= stored < 2**63


@given(NUMBERS)
def test_the_number_beside_the_digits_is_the_nearest(text):
    stored, _ = travelled(text)
    assert stored is None or float(stored) == float(text)


@given(NUMBERS.filter(lambda text: not text.strip("-").isdigit()))
def test_a_float_is_the_number_itself(text):
    read = number(text)
    assert Decimal(repr(read) if isinstance(read, float) else read) == Decimal(text)
    assert isinstance(read, float) == (Decimal(repr(float(text))) == Decimal(text))


def test_a_whole_number_beyond_all_doubles_is_digits_alone():
    assert travelled("1" + "0" * 400) == (None, "1" + "0" * 400)


def test_an_exponent_beyond_all_reason_is_no_number():
    with pytest.raises(ValueError, match="1e99999999999999999999 is not a number that can be kept"):
        number("1e99999999999999999999")


KEYS = some.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=12)
VALUES = some.recursive(
    some.one_of(
        some.text(),
        some.booleans(),
        some.floats(allow_nan=False, allow_infinity=False),
        some.integers(-(2**53), 2**53),
    ),
    lambda below: some.one_of(
        some.lists(below, max_size=4), some.dictionaries(KEYS, below, min_size=1, max_size=4)
    ),
    max_leaves=20,
)


@given(some.dictionaries(KEYS, VALUES))
def test_what_can_be_stored_stays_as_it_is(values):
    exact = {}
    assert storable(values, exact) == values
    assert exact == {}


def test_what_is_absent_is_left_out():
    values = {"price": None, "supply": {"max": None}, "tags": {}, "name": "x", "list": [None, 1]}
    assert storable(values, {}) == {"supply": {}, "tags": {}, "name": "x", "list": [None, 1]}


def test_digits_are_found_by_the_keys_of_the_data():
    long = Decimal("123456789.123456789123456789")
    exact = {}
    storable({"a": long, "b": {"c": long}, "d": [Decimal("1.0"), {"e": long}]}, exact)
    assert exact == {"a": str(long), "b": {"c": str(long)}, "d": {"1": {"e": str(long)}}}


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (math.inf, ValueError, "price is inf, which is not a number in JSON"),
        (math.nan, ValueError, "price is nan"),
        ({1}, TypeError, "price is of type set"),
        (b"1", TypeError, "price is of type bytes"),
    ],
)
def test_what_json_cannot_say_is_an_error(value, error, words):
    with pytest.raises(error, match=words):
        storable({"price": value}, {})
