"""A resource's data as JSON: nothing but what is there, and the digits that a double does not hold."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as some
from plugin.encoding import json_object
from plugin.numbers import Number

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
def test_it_is_the_json_of_the_standard_library(values):
    exact = {}
    assert json.loads(json_object(values, exact)) == values
    assert exact == {}


def test_what_is_absent_is_left_out():
    values = {"price": None, "supply": {"max": None}, "tags": {}, "name": "x", "list": [None, 1]}
    assert json_object(values, {}) == '{"supply":{},"name":"x","list":[null,1]}'


def test_digits_are_found_by_the_keys_of_the_data():
    long = "123456789.123456789123456789"
    exact = {}
    json_object(
        {"a": Number(long), "b": {"c": Number(long)}, "d": [Number("1.0"), {"e": Number(long)}]}, exact
    )
    assert exact == {"a": long, "b": {"c": long}, "d": {"1": {"e": long}}}


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (math.inf, ValueError, "price is inf, which is no number in JSON"),
        (math.nan, ValueError, "price is nan"),
        ({1}, TypeError, "price is of type set"),
        (b"1", TypeError, "price is of type bytes"),
    ],
)
def test_what_json_cannot_say_is_an_error(value, error, words):
    with pytest.raises(error, match=words):
        json_object({"price": value}, {})
