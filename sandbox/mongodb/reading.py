"""find, aggregate, count, distinct, getMore and killCursors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import aggregation
from .documents import Document, Value, encode, present_values_at, unique_by_key
from .errors import CommandError
from .ordering import sort_documents
from .projection import project

if TYPE_CHECKING:
    from .context import Command, Context
    from .store import Record


def find(context: Context, command: Command) -> Document:
    """Documents by filter, sort, skip, limit and projection."""
    skip = command.number("skip") or 0
    limit = command.number("limit") or 0
    single = command.flag("singleBatch") or limit < 0
    limit = abs(limit)
    projection = command.document("projection")
    with context.store.lock:
        collection = context.store.view(command.database, command.collection)
        found: list[Record]
        if limit == 1 and not skip and not command.document("sort"):
            first = collection.find_first(command.document("filter"))
            found = [] if first is None else [first]
        else:
            found = collection.find(command.document("filter"))
            found = sort_documents(found, command.document("sort"), lambda record: record.document)
            found = found[skip : skip + limit if limit else None]
        if projection:
            results = [encode(project(record.document, projection)) for record in found]
        else:
            results = [record.raw for record in found]
    return context.cursors.open(command.namespace, results, command.number("batchSize"), single=single)


def aggregate(context: Context, command: Command) -> Document:
    """What comes out of a pipeline."""
    pipeline = command.array("pipeline")
    batch_size = command.document("cursor").get("batchSize")
    if not isinstance(command.request.body[command.name], str):
        raise CommandError(238, "Aggregations of a whole database are not supported by the embedded MongoDB")
    with context.store.lock:
        results = [
            encode(document)
            for document in aggregation.run(context.store, command.database, command.collection, pipeline)
        ]
    return context.cursors.open(command.namespace, results, batch_size)


def count(context: Context, command: Command) -> Document:
    """How many documents match `query`, within `skip` and `limit`."""
    with context.store.lock:
        collection = context.store.view(command.database, command.collection)
        found = collection.count(command.document("query"))
    found = max(found - (command.number("skip") or 0), 0)
    limit = abs(command.number("limit") or 0)
    return {"n": min(found, limit) if limit else found, "ok": 1.0}


def distinct(context: Context, command: Command) -> Document:
    """The different values at `key` in the documents that match `query`; of arrays their elements."""
    key = command.text("key")
    values: list[Value] = []
    with context.store.lock:
        collection = context.store.view(command.database, command.collection)
        for record in collection.find(command.document("query")):
            for value in present_values_at(record.document, key):
                values.extend(value if isinstance(value, list) else [value])
        return {"values": unique_by_key(values), "ok": 1.0}


def get_more(context: Context, command: Command) -> Document:
    """The next batch of a cursor."""
    number = command.number("getMore") or 0
    namespace = f"{command.database}.{command.text('collection')}"
    return context.cursors.more(number, namespace, command.number("batchSize"))


def kill_cursors(context: Context, command: Command) -> Document:
    """Close cursors."""
    killed, unknown = context.cursors.kill(command.array("cursors"))
    return {
        "cursorsKilled": killed,
        "cursorsNotFound": unknown,
        "cursorsAlive": [],
        "cursorsUnknown": [],
        "ok": 1.0,
    }
