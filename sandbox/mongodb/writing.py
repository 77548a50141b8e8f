"""insert, update, delete and findAndModify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bson.objectid import ObjectId

from . import updates
from .documents import Document, Value, decode, encode
from .errors import CommandError, from_exception
from .ordering import sort_documents
from .projection import project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .context import Command, Context
    from .store import Collection, Record


def _run_statements(
    command: Command, statements: Sequence[Value], run: Callable[[int, Value], None]
) -> list[Document]:
    """Run each statement; returns the writeErrors. An ordered command (the default) stops at the first."""
    errors: list[Document] = []
    for index, statement in enumerate(statements):
        try:
            run(index, statement)
        except Exception as error:  # what MongoDB has no code for is raised again
            known = from_exception(error)
            if known is None:
                raise
            errors.append(known.write_error(index))
            if command.flag("ordered", default=True):
                break
    return errors


def _reply(reply: Document, errors: list[Document]) -> Document:
    return {**reply, **({"writeErrors": errors} if errors else {}), "ok": 1.0}


def insert(context: Context, command: Command) -> Document:
    """New documents; one without an _id gets one."""
    statements: Sequence[Value] = command.request.sequences.get("documents") or command.array("documents")
    inserted = 0

    def run(_: int, statement: Value) -> None:
        nonlocal inserted
        raw = statement if isinstance(statement, bytes) else encode(statement)
        document = decode(raw)
        if next(iter(document), None) != "_id":
            document = {"_id": document["_id"] if "_id" in document else ObjectId(), **document}
            raw = encode(document)
        collection.insert(document, raw)
        inserted += 1

    context.store.journal.require_writable()
    with context.store.lock:
        collection = context.store.ensure(command.database, command.collection)
        errors = _run_statements(command, statements, run)
    return _reply({"n": inserted}, errors)


def _upsert(context: Context, command: Command, filter_: Document, change: updates.Change) -> Document:
    """Insert what `change` makes of the filter's equalities; returns the new document."""
    document = change.apply(updates.seed(filter_), filter_, inserting=True)
    if document.get("_id") is None:
        document = {**document, "_id": ObjectId()}
    document = {"_id": document.pop("_id"), **document}
    raw = encode(document)
    context.store.ensure(command.database, command.collection).insert(decode(raw), raw)
    return document


def _modify(record: Record, filter_: Document, change: updates.Change) -> bool:
    return record.collection.replace(record, change.apply(decode(record.raw), filter_, inserting=False))


def _found(collection: Collection, filter_: Document, *, multi: bool) -> list[Record]:
    """The records that a statement is about: all that match, or the first."""
    if multi:
        return collection.find(filter_)
    first = collection.find_first(filter_)
    return [] if first is None else [first]


def update(context: Context, command: Command) -> Document:
    """Changes to the documents that match, or an upsert where none does."""
    matched = modified = 0
    upserted: list[Document] = []

    def run(index: int, statement: Value) -> None:
        nonlocal matched, modified
        filter_, multi = statement.get("q", {}), bool(statement.get("multi"))
        change = updates.parse(statement.get("u"), statement.get("arrayFilters"), multi=multi)
        collection = context.store.view(command.database, command.collection)
        found = _found(collection, filter_, multi=multi)
        for record in found:
            modified += _modify(record, filter_, change)
            matched += 1
        if not found and statement.get("upsert"):
            document = _upsert(context, command, filter_, change)
            upserted.append({"index": index, "_id": document["_id"]})

    context.store.journal.require_writable()
    with context.store.lock:
        errors = _run_statements(command, command.array("updates"), run)
    reply: Document = {"n": matched + len(upserted), "nModified": modified}
    if upserted:
        reply["upserted"] = upserted
    return _reply(reply, errors)


def delete(context: Context, command: Command) -> Document:
    """Removes one document (`limit` 1) or all that match (0)."""
    deleted = 0

    def run(_: int, statement: Value) -> None:
        nonlocal deleted
        collection = context.store.view(command.database, command.collection)
        found = _found(collection, statement.get("q", {}), multi=statement.get("limit") != 1)
        for record in found:
            record.collection.remove(record)
            deleted += 1

    context.store.journal.require_writable()
    with context.store.lock:
        errors = _run_statements(command, command.array("deletes"), run)
    return _reply({"n": deleted}, errors)


def find_and_modify(context: Context, command: Command) -> Document:
    """Changes or removes the first document that matches; returns it as it was, or with `new` as it is."""
    removing, returning_new = command.flag("remove"), command.flag("new")
    if removing == command.has("update"):
        raise CommandError(9, "findAndModify takes either an 'update' or 'remove': true")
    if removing and returning_new:
        raise CommandError(9, "findAndModify cannot return the new document of a removal")
    filter_ = command.document("query")
    change = None
    if not removing:
        change = updates.parse(command.request.body["update"], command.array("arrayFilters"))
    value: Document | None = None
    context.store.journal.require_writable()
    with context.store.lock:
        collection = context.store.view(command.database, command.collection)
        record = _first_sorted(collection, filter_, command.document("sort"))
        last_error: Document = {"n": 0 if record is None else 1}
        if record is not None:
            value = record.document
            if change is None:
                record.collection.remove(record)
            else:
                _modify(record, filter_, change)
                last_error["updatedExisting"] = True
                value = record.document if returning_new else value
        elif change is not None:
            last_error["updatedExisting"] = False
            if command.flag("upsert"):
                new = _upsert(context, command, filter_, change)
                last_error |= {"n": 1, "upserted": new["_id"]}
                value = new if returning_new else None
    projection = command.document("fields")
    if value is not None and projection:
        value = project(value, projection)
    return {"value": value, "lastErrorObject": last_error, "ok": 1.0}


def _first_sorted(collection: Collection, filter_: Document, sort: Document) -> Record | None:
    if not sort:
        return collection.find_first(filter_)
    found = sort_documents(collection.find(filter_), sort, lambda record: record.document)
    return found[0] if found else None
