"""Pipelines over a collection: first the part that the store can answer itself, then the other stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import stages
from .errors import CommandError

if TYPE_CHECKING:
    from .documents import Document, Value
    from .store import Store


class _Database:
    """A database as its pipelines' joins see it."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    def find(self, name: str, filter_: Document) -> list[Document]:
        return [record.document for record in self._store.view(self._name, name).find(filter_)]


def run(store: Store, database: str, name: str, pipeline: list[Document]) -> list[Document]:
    """What comes out of `pipeline` over a collection (nothing goes in when there is none). Holds no lock.

    The leading $match goes to the store's indexes. A pipeline that only counts then (drivers count so, and
    services count before every read) copies and collects nothing.
    """
    rest = list(pipeline)
    clauses: list[Document] = []
    while rest and isinstance(rest[0], dict) and list(rest[0]) == ["$match"]:
        clauses.append(_clause(rest.pop(0)["$match"]))
    filter_ = clauses[0] if len(clauses) == 1 else {"$and": clauses} if clauses else {}
    collection = store.view(database, name)
    counting = _counting(rest)
    if counting is not None:
        before, result, field = counting
        found = collection.count(filter_)
        counted = stages.run([{}] * found, before) if before else None
        total = found if counted is None else len(counted)
        return [{**result, field: total}] if total else []
    documents = [record.document for record in collection.find(filter_)]
    return stages.run(documents, rest, _Database(store, database))


def _clause(filter_: Value) -> Document:
    if not isinstance(filter_, dict):
        raise CommandError(15959, "the match filter must be an expression in an object")
    return filter_


def _counting(pipeline: list[Document]) -> tuple[list[Document], Document, str] | None:
    """Of a pipeline that only skips, limits and counts: first stages, rest of the result, field."""
    if not pipeline or not all(isinstance(stage, dict) and len(stage) == 1 for stage in pipeline):
        return None
    before, last = pipeline[:-1], pipeline[-1]
    if any(next(iter(stage)) not in ("$skip", "$limit") for stage in before):
        return None
    if isinstance(name := last.get("$count"), str):
        stages.run([], [last])  # refuses a broken name
        return before, {}, name
    group = last.get("$group")
    if not isinstance(group, dict) or len(group) != 2 or not _is_constant(group.get("_id", {})):
        return None
    field = next((name for name in group if name != "_id"), "_id")
    return (before, {"_id": group["_id"]}, field) if group[field] == {"$sum": 1} else None


def _is_constant(identity: Value) -> bool:
    return identity is None or isinstance(identity, int | float)
