from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
import pytest

from sandbox.mongodb import cursors
from sandbox.mongodb.dispatch import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., dict[str, Any]]


def batch(reply: dict[str, Any]) -> list[dict[str, Any]]:
    assert reply["ok"] == 1.0, reply
    cursor = reply["cursor"]
    found = cursor.get("firstBatch", cursor.get("nextBatch"))
    return [each if isinstance(each, dict) else bson.decode(each.raw) for each in found]


@pytest.fixture
def stocked(run: Run) -> Run:
    documents = [
        {"_id": number, "kind": "fern" if number % 2 else "moss", "n": number} for number in range(10)
    ]
    assert run(insert="plants", documents=documents) == {"n": 10, "ok": 1.0}
    return run


def test_every_command_that_the_services_use_is_there() -> None:
    used = {
        "hello",
        "find",
        "aggregate",
        "count",
        "distinct",
        "insert",
        "update",
        "delete",
        "findAndModify",
        "createIndexes",
        "listIndexes",
        "listCollections",
        "drop",
        "dropDatabase",
        "ping",
        "buildInfo",
        "endSessions",
        "killCursors",
        "getMore",
    }
    assert used <= set(HANDLERS)


def test_unknown_command(run: Run) -> None:
    reply = run(nonsense=1)
    assert reply == {
        "ok": 0.0,
        "errmsg": "no such command: 'nonsense'",
        "code": 59,
        "codeName": "CommandNotFound",
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"find": 5}, 14),
        ({"find": "plants", "filter": []}, 14),
        ({"find": "plants", "limit": "x"}, 14),
        ({"find": "plants", "filter": {"$nonsense": 1}}, 2),
        ({"find": "plants", "filter": {"a": {"$near": 1}}}, 238),
        ({"find": "plants", "filter": {"kind": {"$regex": "("}}}, 2),
        ({"find": "plants", "collation": {"locale": "de"}}, 238),
        ({"aggregate": 1, "pipeline": []}, 238),
        ({"insert": "$bad", "documents": [{}]}, 73),
        ({"insert": "", "documents": [{}]}, 73),
        ({"insert": "plants", "documents": [{}], "startTransaction": True}, 20),
        ({"getMore": 99, "collection": "plants"}, 43),
        ({"listIndexes": "nothing"}, 26),
        ({"createIndexes": "plants", "indexes": []}, 2),
        ({"dropIndexes": "plants", "index": "nothing"}, 27),
        ({"dropIndexes": "plants", "index": "_id_"}, 72),
        ({"create": "plants"}, 48),
        ({"findAndModify": "plants"}, 9),
        ({"findAndModify": "plants", "remove": True, "update": {}}, 9),
        ({"findAndModify": "plants", "remove": True, "new": True}, 9),
    ],
)
def test_errors(stocked: Run, body: dict[str, Any], code: int) -> None:
    reply = stocked(**body)
    assert (reply["ok"], reply["code"]) == (0.0, code)
    assert reply["errmsg"]
    assert reply["codeName"]


@pytest.mark.usefixtures("embedded")
def test_internal_error_is_a_reply_too(stocked: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setitem(HANDLERS, "ping", broken)
    reply = stocked(ping=1)
    assert (reply["code"], reply["codeName"]) == (1, "InternalError")
    assert "inside" in reply["errmsg"]


def test_find(stocked: Run) -> None:
    found = batch(
        stocked(
            find="plants",
            filter={"kind": "fern"},
            sort={"n": -1},
            skip=1,
            limit=2,
            projection={"n": 1, "_id": 0},
        )
    )
    assert found == [{"n": 7}, {"n": 5}]
    assert batch(stocked(find="nothing")) == []
    assert [row["_id"] for row in batch(stocked(find="plants", filter={"n": {"$gt": 3}}, limit=1))] == [4]


def test_cursor_in_batches(stocked: Run) -> None:
    reply = stocked(find="plants", batchSize=4)
    number = reply["cursor"]["id"]
    assert len(batch(reply)) == 4
    stocked(delete="plants", deletes=[{"q": {}, "limit": 0}])  # the cursor keeps what it found
    more = stocked(getMore=number, collection="plants", batchSize=5)
    assert [row["_id"] for row in batch(more)] == [4, 5, 6, 7, 8]
    assert more["cursor"]["id"] == number
    last = stocked(getMore=number, collection="plants")
    assert [row["_id"] for row in batch(last)] == [9]
    assert last["cursor"]["id"] == 0
    assert stocked(getMore=number, collection="plants")["code"] == 43


def test_cursor_of_another_collection_is_not_found(stocked: Run) -> None:
    number = stocked(find="plants", batchSize=1)["cursor"]["id"]
    assert stocked(getMore=number, collection="others")["code"] == 43


def test_empty_first_batch_opens_a_cursor(stocked: Run) -> None:
    reply = stocked(aggregate="plants", pipeline=[{"$match": {"n": {"$lt": 2}}}], cursor={"batchSize": 0})
    assert batch(reply) == []
    assert len(batch(stocked(getMore=reply["cursor"]["id"], collection="plants"))) == 2


def test_first_batch_is_101_documents(run: Run) -> None:
    run(insert="plants", documents=[{"_id": number} for number in range(150)])
    reply = run(find="plants")
    assert len(batch(reply)) == 101
    assert len(batch(run(getMore=reply["cursor"]["id"], collection="plants"))) == 49
    assert run(find="plants", limit=1, singleBatch=True)["cursor"]["id"] == 0


@pytest.mark.usefixtures("embedded")
def test_batch_has_no_more_bytes_than_allowed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "MAX_BATCH_BYTES", 2500)
    run(insert="plants", documents=[{"_id": number, "text": "x" * 1000} for number in range(5)])
    reply = run(find="plants")
    assert len(batch(reply)) == 2
    monkeypatch.setattr(cursors, "MAX_BATCH_BYTES", 10)
    assert len(batch(run(getMore=reply["cursor"]["id"], collection="plants"))) == 1


def test_killed_cursor(stocked: Run) -> None:
    number = stocked(find="plants", batchSize=1)["cursor"]["id"]
    reply = stocked(killCursors="plants", cursors=[number, 12345])
    assert (reply["cursorsKilled"], reply["cursorsNotFound"]) == ([number], [12345])


@pytest.mark.usefixtures("embedded")
def test_idle_cursors_are_forgotten(stocked: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    number = stocked(find="plants", batchSize=1)["cursor"]["id"]
    monkeypatch.setattr(cursors, "IDLE_SECONDS", -1.0)
    stocked(find="plants", batchSize=1)
    assert stocked(getMore=number, collection="plants")["code"] == 43


def test_count_and_distinct(stocked: Run) -> None:
    assert stocked(count="plants")["n"] == 10
    assert stocked(count="plants", query={"kind": "fern"}, skip=1, limit=3)["n"] == 3
    assert stocked(count="nothing")["n"] == 0
    assert stocked(distinct="plants", key="kind", query={})["values"] == ["moss", "fern"]
    stocked(
        insert="plants",
        documents=[{"tags": ["a", "b"]}, {"tags": ["b", None]}, {"sub": [{"k": 1}, {"k": [2]}]}],
    )
    assert stocked(distinct="plants", key="tags")["values"] == ["a", "b", None]
    assert stocked(distinct="plants", key="sub.k")["values"] == [1, 2]


def test_insert_gives_an_id_and_puts_it_first(run: Run) -> None:
    run(insert="plants", documents=[{"a": 1}, {"a": 2, "_id": 0}])
    first, second = batch(run(find="plants"))
    assert list(first) == ["_id", "a"]
    assert isinstance(first["_id"], bson.ObjectId)
    assert list(second.items()) == [("_id", 0), ("a", 2)]


@pytest.mark.parametrize(("ordered", "inserted", "failed"), [(True, 1, [1]), (False, 3, [1, 2])])
def test_duplicates_among_many(run: Run, ordered: bool, inserted: int, failed: list[int]) -> None:
    documents = [bson.encode({"_id": number}) for number in (1, 1, 1, 2, 3)]
    reply = run({"documents": documents}, insert="plants", ordered=ordered)
    assert reply["n"] == inserted
    assert [error["index"] for error in reply["writeErrors"]] == failed
    assert reply["writeErrors"][0]["code"] == 11000
    assert reply["writeErrors"][0]["keyValue"] == {"_id": 1}


@pytest.mark.usefixtures("embedded")
def test_broken_document_is_a_write_error(run: Run) -> None:
    broken = bytearray(bson.encode({"a": "x"}))
    broken[4] = 0x7A
    reply = run({"documents": [bytes(broken)]}, insert="plants")
    assert (reply["n"], reply["writeErrors"][0]["code"]) == (0, 2)


def test_update_counts(stocked: Run) -> None:
    reply = stocked(
        update="plants",
        updates=[
            {"q": {"kind": "fern"}, "u": {"$set": {"kind": "fern", "n": 5}}, "multi": True},
            {"q": {"kind": "fern"}, "u": {"$set": {"x": 1}}},
            {"q": {"kind": "none"}, "u": {"$set": {"x": 1}}},
        ],
    )
    assert reply == {"n": 6, "nModified": 5, "ok": 1.0}


def test_update_that_fails_does_not_stop_an_unordered_command(stocked: Run) -> None:
    reply = stocked(
        update="plants",
        ordered=False,
        updates=[{"q": {"_id": 1}, "u": {"$inc": {"kind": 1}}}, {"q": {"_id": 2}, "u": {"$set": {"x": 1}}}],
    )
    assert reply["nModified"] == 1
    assert [(error["index"], error["code"]) for error in reply["writeErrors"]] == [(0, 14)]


def test_id_cannot_be_changed(stocked: Run) -> None:
    reply = stocked(update="plants", updates=[{"q": {"_id": 1}, "u": {"$set": {"_id": 99}}}])
    assert reply["writeErrors"][0]["code"] == 66
    assert (
        stocked(update="plants", updates=[{"q": {"_id": 1}, "u": {"_id": 99}}])["writeErrors"][0]["code"]
        == 66
    )


def test_multi_replacement_is_refused(stocked: Run) -> None:
    reply = stocked(update="plants", updates=[{"q": {}, "u": {"a": 1}, "multi": True}])
    assert reply["writeErrors"][0]["code"] == 9


def test_upserts(run: Run) -> None:
    reply = run(
        update="plants",
        updates=[
            {
                "q": {"kind": "fern", "n": {"$gt": 1}},
                "u": {"$set": {"a": 1}, "$setOnInsert": {"b": 2}},
                "upsert": True,
            },
            {"q": {"_id": 7, "kind": "moss"}, "u": {"c": 3}, "upsert": True},
            {"q": {"kind": "fern"}, "u": {"$setOnInsert": {"b": 9}}, "upsert": True},
        ],
    )
    assert (reply["n"], reply["nModified"]) == (3, 0)
    assert [entry["index"] for entry in reply["upserted"]] == [0, 1]
    first, second = batch(run(find="plants"))
    assert {**first, "_id": None} == {"_id": None, "kind": "fern", "a": 1, "b": 2}
    assert second == {"_id": 7, "c": 3}


def test_delete(stocked: Run) -> None:
    assert stocked(delete="plants", deletes=[{"q": {"kind": "fern"}, "limit": 1}])["n"] == 1
    assert stocked(delete="plants", deletes=[{"q": {"kind": "fern"}, "limit": 0}])["n"] == 4
    assert stocked(delete="nothing", deletes=[{"q": {}, "limit": 0}])["n"] == 0
    assert stocked(count="plants")["n"] == 5


def test_find_and_modify(stocked: Run) -> None:
    reply = stocked(
        findAndModify="plants",
        query={"kind": "fern"},
        sort={"n": -1},
        update={"$inc": {"n": 100}},
        fields={"n": 1},
    )
    assert reply == {
        "value": {"_id": 9, "n": 9},
        "lastErrorObject": {"n": 1, "updatedExisting": True},
        "ok": 1.0,
    }
    assert stocked(findAndModify="plants", query={"_id": 9}, update={"x": 1}, new=True)["value"] == {
        "_id": 9,
        "x": 1,
    }
    assert stocked(findAndModify="plants", query={"_id": 9}, remove=True)["value"] == {"_id": 9, "x": 1}
    nothing = stocked(findAndModify="plants", query={"_id": 9}, update={"$set": {"x": 1}})
    assert nothing["value"] is None
    assert nothing["lastErrorObject"] == {"n": 0, "updatedExisting": False}
    new = stocked(findAndModify="plants", query={"_id": 9}, update={"$set": {"x": 1}}, upsert=True, new=True)
    assert new["value"] == {"_id": 9, "x": 1}
    assert new["lastErrorObject"] == {"n": 1, "updatedExisting": False, "upserted": 9}


def test_collections_and_databases(stocked: Run) -> None:
    stocked(create="empty")
    entries = batch(stocked(listCollections=1, nameOnly=True))
    assert entries == [{"name": "empty", "type": "collection"}, {"name": "plants", "type": "collection"}]
    (entry,) = batch(stocked(listCollections=1, filter={"name": "plants"}))
    assert entry["idIndex"] == {"v": 2, "key": {"_id": 1}, "name": "_id_"}
    databases = stocked(listDatabases=1)
    assert databases["databases"][0]["name"] == "shop"
    assert databases["totalSize"] > 100
    assert stocked(drop="plants") == {"nIndexesWas": 1, "ns": "shop.plants", "ok": 1.0}
    assert stocked(drop="plants") == {"ok": 1.0}
    assert stocked(dropDatabase=1)["dropped"] == "shop"
    assert stocked(listDatabases=1, nameOnly=True)["databases"] == []


def test_indexes(run: Run) -> None:
    definitions = [
        {"key": {"a": 1}, "name": "a_1"},
        {"key": {"b": -1, "c": 1}, "name": "two", "unique": True},
    ]
    created = run(createIndexes="plants", indexes=definitions)
    assert (created["numIndexesBefore"], created["numIndexesAfter"]) == (1, 3)
    assert created["createdCollectionAutomatically"] is True
    again = run(createIndexes="plants", indexes=definitions)
    assert again["note"] == "all indexes already exist"
    assert [index["name"] for index in batch(run(listIndexes="plants"))] == ["_id_", "a_1", "two"]
    assert run(dropIndexes="plants", index={"a": 1})["nIndexesWas"] == 3
    assert run(dropIndexes="plants", index="*")["nIndexesWas"] == 2
    assert [index["name"] for index in batch(run(listIndexes="plants"))] == ["_id_"]


def test_hello_in_both_dialects(run: Run) -> None:
    hello = run(hello=1)
    assert (hello["isWritablePrimary"], hello["maxWireVersion"], "ismaster" in hello) == (True, 21, False)
    assert "topologyVersion" not in hello
    legacy = run(ismaster=1, saslSupportedMechs="admin.u")
    assert legacy["ismaster"] is True
    assert legacy["saslSupportedMechs"] == ["SCRAM-SHA-256"]
    assert run(buildInfo=1)["versionArray"] == [7, 0, 0, 0]


def test_too_large_document_is_refused(stocked: Run) -> None:
    text = "x" * (16 * 1024 * 1024)
    assert stocked(insert="plants", documents=[{"t": text}])["writeErrors"][0]["code"] == 10334
    reply = stocked(update="plants", updates=[{"q": {"_id": 1}, "u": {"$set": {"t": text}}}])
    assert reply["writeErrors"][0]["code"] == 10334
