# ruff: noqa: DTZ001 - BSON's dates are UTC without saying so
from __future__ import annotations

import copy
from datetime import datetime
from typing import TYPE_CHECKING, Any

import mongomock
import pytest
from bson.decimal128 import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.mongodb import aggregation, stages
from sandbox.mongodb.errors import CommandError, from_exception

if TYPE_CHECKING:
    from sandbox.mongodb.store import Store

ROWS: list[dict[str, Any]] = [
    {"_id": 1, "kind": "fern", "shop": "a", "price": 3, "at": datetime(2024, 1, 31, 5), "tags": ["x", "y"]},
    {"_id": 2, "kind": "moss", "shop": "a", "price": 1.5, "at": datetime(2024, 2, 1, 23, 30), "tags": []},
    {"_id": 3, "kind": "fern", "shop": "b", "price": 5, "at": datetime(2025, 2, 1), "data": {"v": {"n": 1}}},
    {"_id": 4, "kind": "palm", "shop": "b", "at": None, "tags": ["y"], "data": {"v": {"n": None}}},
]


def plain(pipeline: list[dict[str, Any]], rows: list[dict[str, Any]] = ROWS) -> list[dict[str, Any]]:
    collection = mongomock.MongoClient()["shop"]["plants"]
    if rows:
        collection.insert_many(copy.deepcopy(rows))
    return list(collection.aggregate(copy.deepcopy(pipeline)))


def sorted_rows(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)


GROUP_BY_KIND = {"$group": {"_id": {"kind": "$kind"}, "count": {"$sum": 1}, "total": {"$sum": "$price"}}}

# The pipelines that spaceone-core builds out of stat(), analyze() and query().
SPACEONE_FORMS = [
    [{"$match": {"shop": "a"}}, {"$group": {"_id": 1, "n": {"$sum": 1}}}],
    [{"$match": {"shop": "nowhere"}}, {"$group": {"_id": 1, "n": {"$sum": 1}}}],
    [{"$match": {"shop": "a"}}, {"$skip": 1}, {"$limit": 5}, {"$group": {"_id": 1, "n": {"$sum": 1}}}],
    [{"$match": {"$and": [{"shop": "a"}, {"kind": {"$ne": "palm"}}]}}, {"$count": "total_count"}],
    [GROUP_BY_KIND, {"$sort": {"count": -1, "_id.kind": 1}}, {"$skip": 1}, {"$limit": 2}],
    [
        GROUP_BY_KIND,
        {"$project": {"_id": 0, "kind": "$_id.kind", "average": {"$divide": ["$total", "$count"]}}},
    ],
    [GROUP_BY_KIND, {"$count": "total_count"}],
    [{"$unwind": "$tags"}, {"$group": {"_id": {"tag": "$tags"}, "count": {"$sum": 1}}}],
    [
        {"$unwind": "$tags"},
        {"$match": {"$and": [{"tags": {"$regex": ".*x.*"}}]}},
        {"$project": {"_id": 0, "tags": 1}},
    ],
    [{"$match": {"at": {"$ne": None}}}, {"$group": {"_id": {"y": {"$year": "$at"}, "m": {"$month": "$at"}}}}],
    [{"$match": {"at": {"$ne": None}}}, {"$group": {"_id": {"d": {"$dayOfMonth": "$at"}}, "n": {"$sum": 1}}}],
    [
        {"$match": {"at": {"$gte": datetime(2024, 1, 1), "$lt": datetime(2025, 1, 1)}}},
        {
            "$group": {
                "_id": {"date": {"$dateToString": {"format": "%Y-%m", "date": "$at"}}},
                "n": {"$sum": "$price"},
            }
        },
    ],
    [
        {
            "$group": {
                "_id": {"shop": "$shop"},
                "ferns": {"$sum": {"$cond": [{"$and": [{"$eq": ["$kind", "fern"]}]}, 1, 0]}},
                "dear": {"$sum": {"$cond": [{"$and": [{"$gt": ["$price", 2]}]}, "$price", 0]}},
                "kinds": {"$addToSet": "$kind"},
                "highest": {"$max": "$price"},
                "lowest": {"$min": "$price"},
                "mean": {"$avg": "$price"},
                "first": {"$first": "$kind"},
                "last": {"$last": "$kind"},
                "ids": {"$push": {"id": "$_id", "kind": "$kind"}},
            }
        },
        {
            "$project": {
                "_id": 0,
                "shop": "$_id.shop",
                "ferns": 1,
                "dear": 1,
                "n": {"$size": "$kinds"},
                "ids": 1,
            }
        },
    ],
    [{"$match": {"data": {"$exists": True}}}, {"$project": {"v": {"$objectToArray": "$data.v"}}}],
    [
        {"$match": {"data": {"$exists": True}}},
        {"$project": {"pairs": {"$objectToArray": "$data.v"}}},
        {"$project": {"object": {"$arrayToObject": "$pairs"}}},
    ],
    [
        {"$match": {"$nor": [{"kind": {"$regex": ".*e.*"}}, {"kind": {"$regex": ".*a.*"}}]}},
        {"$project": {"kind": 1}},
    ],
    [{"$match": {"kind": {"$not": {"$regex": ".*fern.*"}}}}, {"$project": {"kind": 1}}],
    [{"$addFields": {"cheap": {"$cond": {"if": {"$eq": ["$kind", "moss"]}, "then": "yes", "else": "no"}}}}],
    [{"$addFields": {"data.kind": "$kind"}}, {"$match": {"data.v.n": 1}}],
    [{"$project": {"data.v": 0, "tags": 0}}],
    [{"$project": {"data.v.n": 1, "sum": {"$add": [1, {"$multiply": ["$_id", 2]}]}}}],
    [{"$sort": {"price": 1, "_id": -1}}, {"$limit": 3}],
    [{"$facet": {"all": [{"$count": "n"}], "a": [{"$match": {"shop": "a"}}, {"$project": {"_id": 1}}]}}],
    [{"$bucket": {"groupBy": "$_id", "boundaries": [0, 2, 10]}}],
    [{"$replaceRoot": {"newRoot": {"k": "$kind", "missing": "$nothing"}}}],
]


@pytest.mark.parametrize(
    "pipeline", SPACEONE_FORMS, ids=[str(list(map(list, form))) for form in SPACEONE_FORMS]
)
def test_same_as_plain_mongomock(store: Store, pipeline: list[dict[str, Any]]) -> None:
    plants = store.ensure("shop", "plants")
    plants.create_index({"key": {"shop": 1, "kind": 1}, "name": "i"})
    for row in ROWS:
        plants.insert(copy.deepcopy(row))
    found = aggregation.run(store, "shop", "plants", copy.deepcopy(pipeline))
    if any("$sort" in stage for stage in pipeline):
        assert found == plain(pipeline)
    assert sorted_rows(found) == sorted_rows(plain(pipeline))


@pytest.mark.parametrize(
    "pipeline", SPACEONE_FORMS, ids=[str(list(map(list, form))) for form in SPACEONE_FORMS]
)
def test_stored_documents_are_not_changed(store: Store, pipeline: list[dict[str, Any]]) -> None:
    plants = store.ensure("shop", "plants")
    for row in ROWS:
        plants.insert(copy.deepcopy(row))
    aggregation.run(store, "shop", "plants", pipeline)
    assert [record.document for record in plants.find({})] == ROWS


def run(rows: list[dict[str, Any]], *pipeline: dict[str, Any]) -> list[dict[str, Any]]:
    return stages.run(rows, list(pipeline))


def grouped(rows: list[dict[str, Any]], accumulator: dict[str, Any]) -> Any:
    ((result),) = run(rows, {"$group": {"_id": None, "value": accumulator}})
    return result["value"]


@pytest.mark.parametrize(
    ("accumulator", "expected"),
    [
        ({"$first": "$a"}, None),
        ({"$last": "$a"}, "x"),
        ({"$addToSet": "$a"}, [0, "", "x"]),
        (
            {"$push": {"a": "$a", "i": "$i"}},
            [{"i": 1}, {"a": 0, "i": 2}, {"a": "", "i": 3}, {"a": "x", "i": 4}],
        ),
        ({"$push": {"$dateToString": {"format": "%Y", "date": "$no"}}}, [None] * 4),
        ({"$max": "$a"}, "x"),
        ({"$min": "$a"}, 0),
        ({"$sum": "$flag"}, 0),
        ({"$avg": "$no"}, None),
        ({"$count": {}}, 4),
        ({"$stdDevPop": "$i"}, 1.118033988749895),
        ({"$stdDevSamp": "$no"}, None),
        ({"$sum": "$decimal"}, Decimal128("0.3")),
        ({"$mergeObjects": "$o"}, {"p": 1, "q": 2}),
    ],
)
def test_accumulators_by_mongodbs_rules(accumulator: dict[str, Any], expected: Any) -> None:
    rows: list[dict[str, Any]] = [
        {"i": 1, "flag": True, "decimal": Decimal128("0.1")},
        {"i": 2, "a": 0, "decimal": Decimal128("0.2"), "o": {"p": 1}},
        {"i": 3, "a": "", "o": None},
        {"i": 4, "a": "x", "o": {"q": 2}},
    ]
    assert grouped(rows, accumulator) == expected


def test_group_without_keys_has_an_empty_id() -> None:
    assert run([{"a": 1}], {"$group": {"_id": {}, "n": {"$sum": 1}}}) == [{"_id": {}, "n": 1}]


def test_group_of_nothing_is_nothing() -> None:
    assert run([], {"$group": {"_id": None, "n": {"$sum": 1}}}) == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"$sum": "$n"}, 3),
        ({"$sum": "$list"}, 6),
        ({"$avg": ["$n", 5]}, 4.0),
        ({"$max": {"$map": {"input": "$list", "as": "x", "in": {"$multiply": ["$$x", 2]}}}}, 6),
        ({"$year": "$nothing"}, None),
        ({"$lt": ["$nothing", 1]}, True),
        ({"$eq": ["$nothing", None]}, False),
        ({"$cmp": ["a", 5]}, 1),
        ({"$ifNull": ["$nothing", "other"]}, "other"),
        ({"$dateToString": {"date": "$at"}}, "2024-02-01T23:30:00.125Z"),
        (
            {"$dateToString": {"date": "$at", "format": "%d.%m.%Y %H:%M %z", "timezone": "+09:00"}},
            "02.02.2024 08:30 +0900",
        ),
        ({"$dateToString": {"date": "$at", "format": "%H %j %w %%", "timezone": "Asia/Seoul"}}, "08 033 6 %"),
        ({"$dateToString": {"date": "$nothing", "format": "%Y", "onNull": "never"}}, "never"),
        ({"$arrayElemAt": ["$list", -1]}, 3),
    ],
)
def test_expressions_by_mongodbs_rules(expression: Any, expected: Any) -> None:
    row = {"n": 3, "list": [1, 2, 3], "at": datetime(2024, 2, 1, 23, 30, 0, 125000)}
    assert run([row], {"$project": {"value": expression}}) == [{"value": expected}]


def test_missing_value_leaves_the_field_out() -> None:
    assert run([{"a": 1}], {"$project": {"x": "$nothing", "a": 1}}) == [{"a": 1}]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"a.b": "$n"}, {"_id": 1, "a": {"b": 5}}),
        ({"_id": 0, "a.x": "$n", "a.y": 1}, {"a": {"y": 2, "x": 5}}),
        ({"_id": 0}, {"n": 5, "a": {"y": 2}}),
        ({"_id": 1}, {"_id": 1}),
        ({"_id": "$n"}, {"_id": 5}),
        ({"a": 0, "_id": 0}, {"n": 5}),
        ({"a": 0, "_id": 1}, {"_id": 1, "n": 5}),
    ],
)
def test_project(options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert run([{"_id": 1, "n": 5, "a": {"y": 2}}], {"$project": options}) == [expected]


def test_unwind_options() -> None:
    rows = [{"i": 1, "l": {"m": ["a", "b"]}}, {"i": 2, "l": {"m": []}}, {"i": 3}, {"i": 4, "l": {"m": "c"}}]
    options = {"path": "$l.m", "preserveNullAndEmptyArrays": True, "includeArrayIndex": "at"}
    assert run(rows, {"$unwind": options}) == [
        {"i": 1, "l": {"m": "a"}, "at": 0},
        {"i": 1, "l": {"m": "b"}, "at": 1},
        {"i": 2, "l": {}, "at": None},
        {"i": 3, "at": None},
        {"i": 4, "l": {"m": "c"}, "at": None},
    ]


def test_add_fields_reaches_into_arrays() -> None:
    assert run([{"a": [{"b": 1}, 2]}], {"$set": {"a.c": 3}}) == [{"a": [{"b": 1, "c": 3}, {"c": 3}]}]


def test_sort_by_count() -> None:
    assert run(ROWS, {"$sortByCount": "$kind"})[0] == {"_id": "fern", "count": 2}


def test_lookup(store: Store) -> None:
    for row in ROWS:
        store.ensure("shop", "plants").insert(copy.deepcopy(row))
    for number, name in enumerate(["a", "b", "b"]):
        store.ensure("shop", "shops").insert({"_id": number, "name": name})
    lookup = {"$lookup": {"from": "shops", "localField": "shop", "foreignField": "name", "as": "where"}}
    found = aggregation.run(store, "shop", "plants", [lookup, {"$project": {"where._id": 1}}])
    assert [[entry["_id"] for entry in row["where"]] for row in found] == [[0], [0], [1, 2], [1, 2]]
    assert aggregation.run(store, "shop", "nowhere", [lookup]) == []


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ({"$nonsense": 1}, "Unrecognized pipeline stage name: '\\$nonsense'"),
        ({"$out": "x"}, "does not write collections"),
        ({"$match": 1}, "must be an expression in an object"),
        ({"$group": {"n": {"$sum": 1}}}, "must include an _id"),
        ({"$group": {"_id": 1, "n": 1}}, "must be an accumulator"),
        ({"$group": {"_id": 1, "n": {"$nonsense": 1}}}, "unknown group operator"),
        ({"$project": {}}, "at least one field"),
        ({"$project": {"a": 1, "b": 0}}, "not both"),
        ({"$limit": 0}, "at least 1"),
        ({"$skip": "x"}, "at least 0"),
        ({"$count": "a.b"}, "count field"),
        ({"$unwind": "tags"}, "prefixed"),
        ({"$lookup": {"from": "x", "let": {}, "pipeline": [], "as": "y"}}, "takes as, foreignField"),
        ({"$addFields": {}}, "at least one field"),
        ({"$replaceRoot": {"newRoot": "$kind"}}, "must evaluate to an object"),
        ({"$sort": {}}, "at least one sort key"),
        ({"$sort": {"a": "up"}}, "1 or -1"),
        ({"$facet": {}}, "non-empty"),
        ({"$project": {"x": {"$nonsense": 1}}}, "Unrecognized expression"),
        ({"$project": {"x": {"$dateToString": {"date": "$kind"}}}}, "to Date"),
        ({"$project": {"x": {"$dateToString": {"date": "$at", "timezone": "Moon/Base"}}}}, "time zone"),
        ({"$project": {"x": {"$divide": [1, 0]}}}, "division by zero"),
    ],
)
def test_refusals(stage: dict[str, Any], words: str) -> None:
    with pytest.raises(Exception, match=words) as caught:
        run(copy.deepcopy(ROWS), stage)
    known = from_exception(caught.value)
    assert known is not None
    assert isinstance(known, CommandError)


def test_two_operators_in_a_stage_are_refused() -> None:
    with pytest.raises(CommandError, match="exactly one field"):
        run([], {"$match": {}, "$limit": 1})


VALUES = st.sampled_from([1, 2.5, "a", "b", None])
RANDOM_ROWS = st.lists(
    st.fixed_dictionaries(
        {}, optional={"k": VALUES, "n": st.integers(-3, 3), "l": st.lists(st.integers(0, 2), max_size=2)}
    ),
    max_size=8,
)
STAGES = st.sampled_from(
    [
        {"$match": {"k": "a"}},
        {"$match": {"n": {"$gt": 0}}},
        {"$unwind": "$l"},
        {"$project": {"k": 1, "n": 1, "l": 1}},
        {"$addFields": {"m": {"$add": ["$n", 1]}}},
        {"$sort": {"n": 1, "_id": 1}},
    ]
)
LAST = st.sampled_from(
    [
        {
            "$group": {
                "_id": "$k",
                "n": {"$sum": "$n"},
                "c": {"$sum": 1},
                "m": {"$max": "$n"},
                "a": {"$avg": "$n"},
            }
        },
        {"$group": {"_id": {"k": "$k", "n": "$n"}, "ids": {"$push": "$_id"}}},
        {"$count": "n"},
        {"$sort": {"k": -1, "_id": 1}},
    ]
)


@settings(max_examples=300)
@given(rows=RANDOM_ROWS, first=st.lists(STAGES, max_size=3), last=LAST)
def test_random_pipelines_are_plain_mongomocks(
    rows: list[dict[str, Any]], first: list[dict[str, Any]], last: dict[str, Any]
) -> None:
    numbered = [{"_id": number, **row} for number, row in enumerate(rows)]
    pipeline = [*first, last]
    expected = [
        row for row in plain(pipeline, numbered) if row != {"n": 0}
    ]  # MongoDB counts nothing as nothing
    assert sorted_rows(run(numbered, *pipeline)) == sorted_rows(expected)
