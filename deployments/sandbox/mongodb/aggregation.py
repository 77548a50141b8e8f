"""Pipelines: the leading part from the indexes, the rest by mongomock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongomock import aggregate

from .documents import Document, decode

if TYPE_CHECKING:
    from .store import Collection, Store


class _Foreign:
    """What $lookup asks another collection through."""

    def __init__(self, collection: Collection | None) -> None:
        self._collection = collection

    def find(self, filter_: Document) -> list[Document]:
        if self._collection is None:
            return []
        return [decode(record.raw) for record in self._collection.find(filter_)]


class _Foreigners:
    def __init__(self, store: Store, database: str) -> None:
        self._store = store
        self._database = database

    def get_collection(self, name: str) -> _Foreign:
        return _Foreign(self._store.get(self._database, name))


def run(store: Store, database: str, name: str, pipeline: list[Document]) -> list[Document]:
    """The documents that come out of `pipeline`."""
    rest = list(pipeline)
    clauses = []
    while rest and list(rest[0]) == ["$match"]:
        clauses.append(rest.pop(0)["$match"])
    filter_ = {"$and": clauses} if len(clauses) > 1 else clauses[0] if clauses else {}
    collection = store.get(database, name)
    skip, limit = 0, None
    paging = list(rest)
    if paging and list(paging[0]) == ["$skip"]:
        skip = paging.pop(0)["$skip"]
    if paging and list(paging[0]) == ["$limit"]:
        limit = paging.pop(0)["$limit"]
    counted = _counts(paging)
    if counted is not None:
        found = 0 if collection is None else max(collection.count(filter_) - skip, 0)
        found = found if limit is None else min(found, limit)
        return [{**counted[1], counted[0]: found}] if found else []
    documents = [] if collection is None else [decode(record.raw) for record in collection.find(filter_)]
    return list(aggregate.process_pipeline(documents, _Foreigners(store, database), rest, None))


def _counts(stages: list[Document]) -> tuple[str, Document] | None:
    if len(stages) != 1:
        return None
    if list(stages[0]) == ["$count"] and isinstance(stages[0]["$count"], str):
        return stages[0]["$count"], {}
    group = stages[0].get("$group")
    if isinstance(group, dict) and len(group) == 2 and "_id" in group:
        name = next(key for key in group if key != "_id")
        if group[name] == {"$sum": 1} and not isinstance(group["_id"], (str, dict, list)):
            return name, {"_id": group["_id"]}
    return None
