# ruff: noqa: DTZ001 - BSON's dates are UTC without saying so
from __future__ import annotations

from datetime import datetime

import pytest
from bson import ObjectId
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.regex import Regex

from sandbox.mongodb.documents import (
    decode,
    encode,
    key_of,
    present_values_at,
    search_keys,
    unique_by_key,
    values_at,
)

EQUALS = [
    (1, 1.0),
    (1, Int64(1)),
    ("a", "a"),
    (None, None),
    ({"a": 1, "b": [1, {"c": 2}]}, {"b": [1, {"c": 2}], "a": 1}),
    ([1, [2]], [1, [2]]),
    (ObjectId("0" * 24), ObjectId("0" * 24)),
    (datetime(2024, 1, 1), datetime(2024, 1, 1)),
    (Regex("a"), Regex("a")),
    ({"d": Decimal128("1")}, {"d": Decimal128("1")}),
]


@pytest.mark.parametrize(("left", "right"), EQUALS)
def test_equal_values_have_equal_keys(left: object, right: object) -> None:
    assert left == right
    assert key_of(left) == key_of(right)
    assert hash(key_of(left)) == hash(key_of(right))


@pytest.mark.parametrize(
    ("left", "right"), [([1], {"0": 1}), ("1", 1), ([1, 2], [2, 1]), (None, 0), ({}, [])]
)
def test_different_values_have_different_keys(left: object, right: object) -> None:
    assert key_of(left) != key_of(right)


def test_values_through_arrays() -> None:
    document = {"a": [{"b": 1}, {"b": [2, 3]}, {"c": 4}, 5]}
    assert list(values_at(document, "a.b")) == [1, [2, 3], None]
    assert list(present_values_at(document, "a.b")) == [1, [2, 3]]
    assert list(values_at(document, "a.1.b")) == [[2, 3]]


@pytest.mark.parametrize("path", ["x", "x.y", "a.b.c"])
def test_missing_value_is_null(path: str) -> None:
    assert list(values_at({"a": {"b": 1}}, path)) == [None]


def test_search_keys_of_an_array_are_its_own_and_its_elements() -> None:
    assert search_keys({"a": [1, "x"]}, "a") == {key_of([1, "x"]), 1, "x"}


def test_unique_keeps_the_first_appearance() -> None:
    assert unique_by_key([3, {"a": 1}, 3.0, {"a": 1}, None, [1], None]) == [3, {"a": 1}, None, [1]]


def test_bson_round_trip() -> None:
    document = {
        "_id": ObjectId(),
        "at": datetime(2024, 1, 2, 3, 4, 5, 6000),
        "n": Int64(2**40),
        "l": [1.5, None],
    }
    assert decode(encode(document)) == document
