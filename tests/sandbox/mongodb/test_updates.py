from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import mongomock
import pytest
from bson.int64 import Int64
from bson.timestamp import Timestamp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sandbox.mongodb import updates
from sandbox.mongodb.errors import CommandError


def change(
    document: dict[str, Any],
    update: Any,
    filter_: dict[str, Any] | None = None,
    array_filters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    parsed = updates.parse(update, array_filters)
    return parsed.apply(copy.deepcopy(document), filter_ or {}, inserting=False)


@pytest.mark.parametrize(
    ("document", "update", "expected"),
    [
        ({}, {"$set": {"a.b": 1, "c": [1]}}, {"a": {"b": 1}, "c": [1]}),
        ({"a": [1, 2]}, {"$set": {"a.1": 5, "a.3": 6}}, {"a": [1, 5, None, 6]}),
        ({"a": [{"b": 1}]}, {"$set": {"a.0.b": 2, "a.0.c": 3}}, {"a": [{"b": 2, "c": 3}]}),
        ({"a": 1, "b": {"c": 1, "d": 2}}, {"$unset": {"a": "", "b.c": "", "x.y": ""}}, {"b": {"d": 2}}),
        ({"a": [1, 2]}, {"$unset": {"a.0": ""}}, {"a": [None, 2]}),
        ({"n": 1}, {"$inc": {"n": 2, "m.k": -1}}, {"n": 3, "m": {"k": -1}}),
        ({"n": [1, 2]}, {"$inc": {"n.1": 5}}, {"n": [1, 7]}),
        ({"n": 3}, {"$mul": {"n": 1.5, "m": 4}}, {"n": 4.5, "m": 0}),
        ({"n": 3, "m": 3}, {"$min": {"n": 1, "m": 5, "k": 7}}, {"n": 1, "m": 3, "k": 7}),
        ({"n": 3, "m": 3}, {"$max": {"n": 1, "m": 5, "k": None}}, {"n": 3, "m": 5, "k": None}),
        ({"n": 3}, {"$max": {"n": "text"}}, {"n": "text"}),
        (
            {"a": 1, "b": {"c": 2}},
            {"$rename": {"a": "x.y", "b.c": "d", "no": "z"}},
            {"b": {}, "x": {"y": 1}, "d": 2},
        ),
        ({"a": 1}, {"$setOnInsert": {"a": 2}}, {"a": 1}),
        ({"l": [1]}, {"$push": {"l": 2, "m.n": [3]}}, {"l": [1, 2], "m": {"n": [[3]]}}),
        (
            {"l": [1]},
            {"$push": {"l": {"$each": [5, 4], "$position": 0, "$sort": 1, "$slice": -2}}},
            {"l": [4, 5]},
        ),
        (
            {"l": [{"s": 2}]},
            {"$push": {"l": {"$each": [{"s": 1}, {"s": 3}], "$sort": {"s": -1}, "$slice": 2}}},
            {"l": [{"s": 3}, {"s": 2}]},
        ),
        ({"l": [1, {"a": 1}]}, {"$addToSet": {"l": {"$each": [1, {"a": 1}, 2, 2]}}}, {"l": [1, {"a": 1}, 2]}),
        ({"l": [{"t": [1]}]}, {"$addToSet": {"l.0.t": 2}}, {"l": [{"t": [1, 2]}]}),
        ({"l": [1, 5, 2, "x"]}, {"$pull": {"l": {"$gte": 2}}}, {"l": [1, "x"]}),
        ({"l": [1, [1], 1]}, {"$pull": {"l": 1}}, {"l": [[1]]}),
        ({"l": [[1], [2]]}, {"$pull": {"l": [1]}}, {"l": [[2]]}),
        ({"l": [{"a": 1, "b": 2}, {"a": 2}, 3]}, {"$pull": {"l": {"a": 1}}}, {"l": [{"a": 2}, 3]}),
        ({"l": [{"a": 1}, {"a": 5}]}, {"$pull": {"l": {"a": {"$gt": 3}}}}, {"l": [{"a": 1}]}),
        ({"a": {"l": ["x", "y"]}}, {"$pull": {"a.l": {"$in": ["x"]}, "no.l": 1}}, {"a": {"l": ["y"]}}),
        ({"l": [1, 2, 1]}, {"$pullAll": {"l": [1, 3], "m": [1]}}, {"l": [2]}),
        ({"l": [1, 2, 3], "m": [1, 2]}, {"$pop": {"l": 1, "m": -1, "n": 1}}, {"l": [1, 2], "m": [2]}),
        ({"n": 0b1100}, {"$bit": {"n": {"and": 0b0110, "or": 1}}}, {"n": 0b0101}),
        ({"a": 1}, {"$set": {}}, {"a": 1}),
        ({"_id": 1, "a": 1}, {"b": 2}, {"_id": 1, "b": 2}),
        ({"_id": 1, "a": 1}, {}, {"_id": 1}),
    ],
)
def test_operators(document: dict[str, Any], update: dict[str, Any], expected: dict[str, Any]) -> None:
    assert change(document, update) == expected


def test_long_stays_long() -> None:
    assert type(change({"n": Int64(1)}, {"$inc": {"n": 1}})["n"]) is Int64
    assert type(change({"n": 1}, {"$inc": {"n": 1}})["n"]) is int


def test_current_date() -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    changed = change({}, {"$currentDate": {"a": True, "b": {"$type": "timestamp"}}})
    after = datetime.now(UTC).replace(tzinfo=None)
    # BSON's dates count milliseconds.
    assert before - timedelta(milliseconds=1) <= changed["a"] <= after
    assert isinstance(changed["b"], Timestamp)


@pytest.mark.parametrize(
    ("document", "update", "code", "words"),
    [
        ({"a": 1}, {"$set": {"a.b": 1}}, 28, "Cannot create field 'b' in element {a: 1}"),
        ({"a": [1]}, {"$set": {"a.b": 1}}, 28, "Cannot create field 'b'"),
        ({"a": "x"}, {"$inc": {"a": 1}}, 14, "the field 'a' is str"),
        ({}, {"$inc": {"a": "x"}}, 14, "Cannot increment with non-numeric argument"),
        ({}, {"$mul": {"a": True}}, 14, "Cannot multiply"),
        ({"a": 1}, {"$push": {"a": 1}}, 2, "the field 'a' must be an array but is of type int"),
        ({"a": 1}, {"$pull": {"a": 1}}, 2, "must be an array"),
        ({"a": []}, {"$push": {"a": {"$each": [], "$max": 1}}}, 2, "Unrecognized clause in $push: $max"),
        ({"a": []}, {"$push": {"a": {"$each": 1}}}, 14, "must be an array"),
        ({"a": [1]}, {"$pop": {"a": 2}}, 9, "expects 1 or -1"),
        ({"a": [1]}, {"$pullAll": {"a": 1}}, 2, "requires an array"),
        ({}, {"$rename": {"a": 1}}, 2, "must be a string"),
        ({}, {"$currentDate": {"a": "x"}}, 2, "$currentDate takes"),
        ({"a": 1}, {"$bit": {"a": {"nand": 1}}}, 2, "and, or, xor"),
        ({"a": 1.5}, {"$bit": {"a": {"and": 1}}}, 2, "integers alone"),
        ({}, {"$nonsense": {"a": 1}}, 9, "Unknown modifier: $nonsense"),
        ({}, {"$set": 5}, 9, "Modifiers operate on fields"),
        ({}, {"$set": {"a": 1}, "b": 2}, 9, "Unknown modifier: b"),
        ({}, {"b": 2, "$set": {"a": 1}}, 52, "$set"),
        ({}, {"$set": {"a": 1}, "$inc": {"a": 1}}, 40, "conflict at 'a'"),
        ({}, {"$set": {"a.b": 1, "a": 1}}, 40, "conflict at 'a'"),
        ({}, {"$rename": {"x": "a"}, "$set": {"a.b": 1}}, 40, "conflict at 'a'"),
        ({}, {"$set": {"a..b": 1}}, 56, "empty field name"),
        ({}, {"$set": {"a.$b": 1}}, 52, "not allowed for storage"),
        ({"a": []}, {"$set": {"a.2000000": 1}}, 2, "backfill"),
        ({}, "text", 9, "either an object or an array"),
        ({}, [{"$match": {}}], 72, "not allowed to be used within an update"),
        ({}, [{}], 40323, "exactly one field"),
    ],
)
def test_refusals(document: dict[str, Any], update: Any, code: int, words: str) -> None:
    with pytest.raises(CommandError) as caught:
        change(document, update)
    assert caught.value.code == code
    assert words in caught.value.message


def test_names_that_share_a_beginning_do_not_conflict() -> None:
    assert change({}, {"$set": {"ab": 1, "a": 2, "a_b": 3}}) == {"ab": 1, "a": 2, "a_b": 3}


@pytest.mark.parametrize(
    ("update", "array_filters", "expected"),
    [
        ({"$set": {"l.$[].n": 0}}, None, [{"k": "x", "n": 0}, {"k": "y", "n": 0}]),
        ({"$inc": {"l.$[e].n": 10}}, [{"e.k": "y"}], [{"k": "x", "n": 1}, {"k": "y", "n": 12}]),
        ({"$set": {"l.$[e]": 5}}, [{"e.n": {"$gt": 1}}], [{"k": "x", "n": 1}, 5]),
        (
            {"$unset": {"l.$[e].n": 1}},
            [{"$or": [{"e.k": "x"}, {"e.n": 9}]}],
            [{"k": "x"}, {"k": "y", "n": 2}],
        ),
        ({"$set": {"l.$[e].n": 7}}, [{"e.k": "nobody"}], [{"k": "x", "n": 1}, {"k": "y", "n": 2}]),
    ],
)
def test_array_filters(update: dict[str, Any], array_filters: Any, expected: list[Any]) -> None:
    document = {"l": [{"k": "x", "n": 1}, {"k": "y", "n": 2}]}
    assert change(document, update, array_filters=array_filters) == {"l": expected}


def test_nested_array_filters() -> None:
    document = {"a": [{"k": 1, "b": [1, 5]}, {"k": 2, "b": [6]}]}
    changed = change(document, {"$set": {"a.$[x].b.$[y]": 0}}, array_filters=[{"x.k": 1}, {"y": {"$gt": 2}}])
    assert changed == {"a": [{"k": 1, "b": [1, 0]}, {"k": 2, "b": [6]}]}


@pytest.mark.parametrize(
    ("update", "array_filters", "words"),
    [
        ({"$set": {"l.$[e]": 1}}, [], "No array filter found for identifier 'e'"),
        ({"$set": {"l.$[e]": 1}}, [{"e": 1}, {"f": 1}], "identifier 'f' was not used"),
        ({"$set": {"l.$[e]": 1}}, [{"e": 1}, {"e": 2}], "multiple array filters"),
        ({"$set": {"l.$[e]": 1}}, [{"e": 1, "f": 2}], "single top-level field name"),
        ({"$set": {"no.$[]": 1}}, [], "must exist and be an array"),
    ],
)
def test_array_filters_that_are_refused(update: dict[str, Any], array_filters: Any, words: str) -> None:
    with pytest.raises(CommandError, match=words.replace("$", r"\$")):
        change({"l": [1]}, update, array_filters=array_filters)


@pytest.mark.parametrize(
    ("filter_", "update", "expected"),
    [
        ({"l.k": "y"}, {"$set": {"l.$.n": 9}}, [{"k": "x", "n": 1}, {"k": "y", "n": 9}]),
        ({"l": {"$elemMatch": {"k": "y", "n": 2}}}, {"$set": {"l.$": 5}}, [{"k": "x", "n": 1}, 5]),
        ({"$and": [{"l.n": {"$gt": 1}}]}, {"$inc": {"l.$.n": 1}}, [{"k": "x", "n": 1}, {"k": "y", "n": 3}]),
    ],
)
def test_positional(filter_: dict[str, Any], update: dict[str, Any], expected: list[Any]) -> None:
    assert change({"l": [{"k": "x", "n": 1}, {"k": "y", "n": 2}]}, update, filter_) == {"l": expected}


def test_positional_in_a_plain_array() -> None:
    assert change({"l": [1, 5, 6]}, {"$set": {"l.$": 0}}, {"l": {"$gte": 5}}) == {"l": [1, 0, 6]}


def test_positional_without_a_condition_is_refused() -> None:
    with pytest.raises(CommandError, match="did not find the match"):
        change({"l": [1]}, {"$set": {"l.$": 0}}, {"other": 1})


def test_pipeline() -> None:
    pipeline = [
        {"$set": {"total": {"$add": ["$a", "$b.c"]}, "b.d": "$a"}},
        {"$unset": "a"},
        {"$addFields": {"size": {"$cond": [{"$gt": ["$total", 2]}, "large", "small"]}}},
    ]
    assert change({"_id": 1, "a": 1, "b": {"c": 2}}, pipeline) == {
        "_id": 1,
        "b": {"c": 2, "d": 1},
        "total": 3,
        "size": "large",
    }


def test_pipeline_keeps_the_id() -> None:
    assert change({"_id": 1, "a": {"b": 2}}, [{"$replaceWith": "$a"}]) == {"_id": 1, "b": 2}


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"a": 1, "b.c": "x"}, {"a": 1, "b": {"c": "x"}}),
        ({"$and": [{"a": 1}, {"b": {"$eq": 2}}], "c": {"$gt": 3}}, {"a": 1, "b": 2}),
        ({"$or": [{"a": 1}, {"b": 1}]}, {}),
        ({"a": {"$in": [1, 2]}, "b": {"x": 1}}, {"b": {"x": 1}}),
    ],
)
def test_seed_of_an_upsert(filter_: dict[str, Any], expected: dict[str, Any]) -> None:
    assert updates.seed(filter_) == expected


SCALARS = st.sampled_from([0, 1, 2.5, "a", "b"])
FIELDS = st.sampled_from(["a", "b", "c.d", "c.e"])
UPDATES = st.one_of(
    st.builds(lambda f, v: {"$set": {f: v}}, FIELDS, SCALARS | st.lists(SCALARS, max_size=2)),
    st.builds(lambda f: {"$unset": {f: ""}}, FIELDS),
    st.builds(lambda f, v: {"$inc": {f: v}}, st.just("n"), st.integers(-5, 5)),
    st.builds(lambda op, v: {op: {"n": v}}, st.sampled_from(["$min", "$max"]), st.integers(-5, 5)),
    st.builds(lambda op, v: {op: {"list": v}}, st.sampled_from(["$push", "$addToSet", "$pull"]), SCALARS),
    st.builds(lambda v: {"$push": {"list": {"$each": v}}}, st.lists(SCALARS, max_size=3)),
    st.builds(lambda v: {"$pullAll": {"list": v}}, st.lists(SCALARS, max_size=3)),
    st.builds(lambda v: {"$pop": {"list": v}}, st.sampled_from([1, -1])),
    st.builds(lambda v: {"x": v}, SCALARS),
)
DOCUMENTS = st.fixed_dictionaries(
    {"_id": st.just(1), "list": st.lists(SCALARS, max_size=4), "n": st.integers(-5, 5)},
    optional={
        "a": SCALARS,
        "b": SCALARS,
        "c": st.fixed_dictionaries({}, optional={"d": SCALARS, "e": SCALARS}),
    },
)


@settings(max_examples=400)
@given(document=DOCUMENTS, update=UPDATES)
def test_changes_what_plain_mongomock_changes(document: dict[str, Any], update: dict[str, Any]) -> None:
    assume("list" in document)
    plain = mongomock.MongoClient()["shop"]["plants"]
    plain.insert_one(copy.deepcopy(document))
    if "x" in update:
        plain.replace_one({"_id": 1}, update)
    else:
        plain.update_one({"_id": 1}, update)
    assert change(document, update) == plain.find_one({"_id": 1})
