"""Numbers by their digits: what travels as a number, and when its digits travel beside it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import example, given
from hypothesis import strategies as some
from plugin.encoding import json_object
from plugin.numbers import Number, stored

from plugin import wire

WHOLE = some.integers(-(10**30), 10**30).map(str)
DECIMAL = some.decimals(allow_nan=False, allow_infinity=False).map(lambda value: f"{value:E}")
DOUBLE = some.floats(allow_nan=False, allow_infinity=False).map(repr)
# What JSON calls a number: no leading zeros, no plus before it.
NUMBERS = some.one_of(WHOLE, DECIMAL, DOUBLE).filter(lambda text: "N" not in text and "I" not in text)


def travelled(text):
    """What inventory 2.x reads of a number, and its digits where they travel, too."""
    exact, again = {}, {}
    values = json.loads(f'{{"price": {text}}}', parse_float=Number)
    read = json.loads(json_object(values, exact))
    # 1.12 is told the same, in doubles.
    told = MessageToDict(Struct.FromString(wire.fields(values, again)))
    assert (told, again) == ({name: float(value) for name, value in read.items()}, exact)
    return read.get("price"), exact.get("price")


@pytest.mark.parametrize(
    ("text", "number", "digits"),
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
        ("1e400", None, "1e400"),
        ("-1e-400", None, "-1e-400"),
        ("5e-324", 5e-324, None),
        ("6e-324", 5e-324, "6e-324"),
    ],
)
def test_what_becomes_of_a_number(text, number, digits):
    assert travelled(text) == (number, digits)


@given(NUMBERS)
@example("1.7976931348623159e308")
@example("2.2250738585072011e-308")
@example("9223372036854775808")
def test_no_number_is_lost(text):
    number, digits = travelled(text)
    assert digits is None or digits == text
    if digits is None:
        # Whoever prints the double reads the source's own number.
        assert Decimal(repr(float(number))) == Decimal(text)
    else:
        assert number is None or Decimal(repr(float(number))) != Decimal(text)
    if isinstance(number, int):
        assert -(2**63) <= number < 2**63


@given(NUMBERS)
def test_the_number_beside_the_digits_is_the_nearest(text):
    held, _ = stored(Number(text))
    assert held is None or float(held) == float(text)


def test_a_whole_number_beyond_all_doubles_is_digits_alone():
    assert travelled("1" + "0" * 400) == (None, "1" + "0" * 400)
