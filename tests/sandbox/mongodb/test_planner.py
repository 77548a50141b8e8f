# ruff: noqa: DTZ001 - BSON's dates are UTC without saying so
from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import mongomock
import pytest
from bson.regex import Regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.mongodb.planner import candidates

if TYPE_CHECKING:
    from sandbox.mongodb.store import Collection, Store

SCALARS = st.sampled_from([None, 0, 1, 2.5, "", "a", "b", "ab", datetime(2024, 1, 1)])
VALUES = SCALARS | st.lists(SCALARS, max_size=3)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES,
        "b": SCALARS,
        "c": st.fixed_dictionaries({}, optional={"d": VALUES, "e": SCALARS}) | SCALARS,
        "list": st.lists(st.fixed_dictionaries({}, optional={"d": SCALARS, "e": SCALARS}), max_size=2),
    },
)
PATHS = st.sampled_from(["a", "b", "c.d", "c.e", "c", "list.d", "list.0.e", "nothing"])
NUMBERS = st.sampled_from([0, 1, 2.5])
CONDITIONS = (
    VALUES
    | st.builds(lambda v: {"$eq": v}, SCALARS)
    | st.builds(lambda v: {"$ne": v}, SCALARS)
    | st.builds(lambda v: {"$in": v}, st.lists(SCALARS, max_size=3))
    | st.builds(lambda v: {"$nin": v}, st.lists(SCALARS, max_size=3))
    | st.builds(lambda v, w: {"$in": v, "$ne": w}, st.lists(SCALARS, max_size=3), SCALARS)
    | st.builds(lambda op, v: {op: v}, st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), NUMBERS)
    | st.builds(lambda v: {"$exists": v}, st.booleans())
    | st.builds(lambda v: {"$regex": v, "$options": "i"}, st.sampled_from(["A", "b$"]))
    | st.builds(lambda v: {"$not": {"$in": v}}, st.lists(SCALARS, min_size=1, max_size=2))
)
FIELDS = st.dictionaries(PATHS, CONDITIONS, max_size=2)
FILTERS = st.recursive(
    FIELDS,
    lambda inner: st.builds(
        lambda fields, op, clauses: {**fields, op: clauses},
        FIELDS,
        st.sampled_from(["$and", "$or", "$nor"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)


@pytest.fixture
def plants(store: Store) -> Collection:
    collection = store.ensure("shop", "plants")
    for key in (
        {"a": 1},
        {"b": 1, "c.d": -1},
        {"list.d": 1},
        {"list.0.e": 1},
        {"c": 1},
        {"nothing": 1, "c.e": 1},
    ):
        collection.create_index({"key": key, "name": str(key)})
    return collection


@settings(
    max_examples=400,
    suppress_health_check=[*settings.default.suppress_health_check, HealthCheck.function_scoped_fixture],
)
@given(documents=st.lists(DOCUMENTS, max_size=8), filter_=FILTERS)
def test_finds_what_plain_mongomock_finds(
    plants: Collection, documents: list[dict[str, Any]], filter_: dict[str, Any]
) -> None:
    for record in plants.find({}):
        plants.remove(record)
    plain = mongomock.MongoClient()["shop"]["plants"]
    for number, document in enumerate(documents):
        plants.insert({"_id": number, **document})
        plain.insert_one({"_id": number, **document})
    expected = [document["_id"] for document in plain.find(filter_)]
    assert [record.document["_id"] for record in plants.find(filter_)] == expected
    assert plants.count(filter_) == len(expected)
    first = plants.find_first(filter_)
    assert (None if first is None else first.document["_id"]) == next(iter(expected), None)


@settings(
    max_examples=200,
    suppress_health_check=[*settings.default.suppress_health_check, HealthCheck.function_scoped_fixture],
)
@given(changes=st.lists(st.tuples(st.integers(0, 3), DOCUMENTS | st.none()), max_size=12), filter_=FILTERS)
def test_indexes_follow_inserts_changes_and_removals(
    plants: Collection, changes: list[tuple[int, dict[str, Any] | None]], filter_: dict[str, Any]
) -> None:
    for record in plants.find({}):
        plants.remove(record)
    for number, document in changes:
        record = plants.find_first({"_id": number})
        if record is None and document is not None:
            plants.insert({"_id": number, **document})
        elif record is not None and document is None:
            plants.remove(record)
        elif record is not None and document is not None:
            plants.replace(record, {"_id": number, **document})
    plain = mongomock.MongoClient()["shop"]["plants"]
    for record in plants.find({}):
        plain.insert_one(dict(record.document))
    assert [record.document for record in plants.find(filter_)] == list(plain.find(filter_))


@pytest.fixture
def stocked(plants: Collection) -> Collection:
    for number in range(100):
        plants.insert({"_id": number, "a": number % 10, "b": number % 4, "c": {"d": [number, "x"]}})
    return plants


@pytest.mark.parametrize(
    ("filter_", "size"),
    [
        ({"_id": 3}, 1),
        ({"_id": {"$in": [3, 4, 400]}, "a": 3}, 2),
        ({"a": 3}, 10),
        ({"a": {"$eq": 3}}, 10),
        ({"a": {"$in": [3, 4]}}, 20),
        ({"$and": [{"a": 3}, {"b": 3}]}, 5),
        ({"a": 3, "b": 3, "c.d": {"$gt": 7}}, 5),
        ({"c.d": 7}, 1),
        ({"c.d": [7, "x"]}, 1),
        ({"$or": [{"a": 3}, {"c.d": 8}]}, 11),
        ({"a": "nowhere"}, 0),
        ({"a": {"$in": []}}, 0),
        ({"unindexed": 1, "a": 3}, 10),
    ],
)
def test_equalities_narrow(stocked: Collection, filter_: dict[str, Any], size: int) -> None:
    found = candidates(filter_, stocked._postings)
    assert found is not None
    assert len(found) == size


@pytest.mark.parametrize(
    "filter_",
    [
        {"unindexed": 1},
        {"a": {"$gt": 1}},
        {"a": {"$ne": 1}},
        {"$or": [{"a": 1}, {"unindexed": 1}]},
        {"$nor": [{"a": 1}]},
        {"$and": 5},
        {"a": {"$regex": "x"}},
    ],
)
def test_others_do_not(stocked: Collection, filter_: dict[str, Any]) -> None:
    assert candidates(filter_, stocked._postings) is None


def test_regular_expression_on_the_id(plants: Collection) -> None:
    for name in ("ab", "b", "ac"):
        plants.insert({"_id": name})
    assert [record.document["_id"] for record in plants.find({"_id": Regex("^a")})] == ["ab", "ac"]


def test_a_lookup_does_not_change_the_index(stocked: Collection) -> None:
    before = set(stocked._postings.find("a", 3))
    stocked.find({"a": 3, "b": 3})
    stocked.find({"a": {"$in": [3]}, "b": 3})
    assert stocked._postings.find("a", 3) == before


@pytest.mark.parametrize("filter_", [{"a": {"$nonsense": 1}}, {"$nonsense": 1}])
def test_broken_filter_is_refused_also_where_nothing_is_found(store: Store, filter_: dict[str, Any]) -> None:
    empty = store.ensure("shop", "empty")
    empty.create_index({"key": {"b": 1}, "name": "b"})
    with pytest.raises(mongomock.OperationFailure):
        empty.find(filter_)
