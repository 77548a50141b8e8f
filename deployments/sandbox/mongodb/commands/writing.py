"""insert, update, delete and findAndModify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bson.objectid import ObjectId

from .. import updates
from ..documents import Document, Value, decode, encode
from ..errors import CommandError, from_exception
from ..ordering import sort_records
from ..projection import project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..store import Collection, Record
    from .context import Command, Context


def _run_statements(
    context: Context, command: Command, statements: Sequence[Value], run: Callable[[int, Value], None]
) -> list[Document]:
    """Run each statement; returns the writeErrors. An ordered command (the default) stops at the first."""
    errors: list[Document] = []
    for index, statement in enumerate(statements):
        try:
            run(index, statement)
        except Exception as error:
            known = from_exception(error)
            if known is None:
                raise
            errors.append(known.write_error(index))
            if command.flag("ordered", default=True):
                break
    if command.document("writeConcern").get("j"):
        context.store.journal.flush()
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
            document = {"_id": document.get("_id", None) or ObjectId(), **document}
            raw = encode(document)
        collection.insert(document, raw)
        inserted += 1

    context.store.journal.require_writable()
    with context.store.lock:
        collection = context.store.ensure(command.database, command.collection)
        errors = _run_statements(context, command, statements, run)
    return _reply({"n": inserted}, errors)


def _upsert(
    context: Context, command: Command, filter_: Document, update: Value, array_filters: list[Document]
) -> Document:
    """Insert what `update` makes of the filter's equalities; returns the new document."""
    document = updates.seed(filter_)
    document = updates.apply(update, document, filter_, array_filters, inserting=True)
    if document.get("_id") is None:
        document = {**document, "_id": ObjectId()}
    document = {"_id": document.pop("_id"), **document}
    raw = encode(document)
    context.store.ensure(command.database, command.collection).insert(decode(raw), raw)
    return document


def _modify(
    collection: Collection, record: Record, filter_: Document, update: Value, array_filters: list[Document]
) -> bool:
    document = updates.apply(update, decode(record.raw), filter_, array_filters, inserting=False)
    return collection.replace(record, document)


def update(context: Context, command: Command) -> Document:
    """Changes to the documents that match, or an upsert where none does."""
    matched = modified = 0
    upserted: list[Document] = []

    def run(index: int, statement: Value) -> None:
        nonlocal matched, modified
        filter_, changes = statement.get("q", {}), statement.get("u")
        array_filters = statement.get("arrayFilters") or []
        multi = bool(statement.get("multi"))
        updates.validate(changes, multi=multi)
        collection = context.store.get(command.database, command.collection)
        found: list[Record] = []
        if collection is not None and multi:
            found = collection.find(filter_)
        elif collection is not None:
            first = collection.find_first(filter_)
            found = [] if first is None else [first]
        for record in found if collection is not None else []:
            modified += _modify(collection, record, filter_, changes, array_filters)
            matched += 1
        if not found and statement.get("upsert"):
            document = _upsert(context, command, filter_, changes, array_filters)
            upserted.append({"index": index, "_id": document["_id"]})

    context.store.journal.require_writable()
    with context.store.lock:
        errors = _run_statements(context, command, command.array("updates"), run)
    reply: Document = {"n": matched + len(upserted), "nModified": modified}
    if upserted:
        reply["upserted"] = upserted
    return _reply(reply, errors)


def delete(context: Context, command: Command) -> Document:
    """Removes one document (`limit` 1) or all that match (0)."""
    deleted = 0

    def run(_: int, statement: Value) -> None:
        nonlocal deleted
        collection = context.store.get(command.database, command.collection)
        if collection is None:
            return
        if statement.get("limit") == 1:
            first = collection.find_first(statement.get("q", {}))
            found = [] if first is None else [first]
        else:
            found = collection.find(statement.get("q", {}))
        for record in found:
            collection.remove(record)
            deleted += 1

    context.store.journal.require_writable()
    with context.store.lock:
        errors = _run_statements(context, command, command.array("deletes"), run)
    return _reply({"n": deleted}, errors)


def find_and_modify(context: Context, command: Command) -> Document:
    """Changes or removes the first document that matches, and returns it as it was (or, with `new`, as it is)."""
    removing, has_update = command.flag("remove"), command.has("update")
    if removing == has_update:
        raise CommandError(9, "findAndModify takes either an 'update' or 'remove': true")
    if removing and command.flag("new"):
        raise CommandError(9, "findAndModify cannot return the new document of a removal")
    filter_, changes = command.document("query"), command.request.body.get("update")
    array_filters = command.array("arrayFilters")
    projection = command.document("fields")
    context.store.journal.require_writable()
    with context.store.lock:
        collection = context.store.get(command.database, command.collection)
        sort = command.document("sort")
        if collection is None:
            record = None
        elif sort:
            record = next(iter(sort_records(collection.find(filter_), sort)), None)
        else:
            record = collection.find_first(filter_)
        last_error: Document = {"n": 0 if record is None else 1}
        value: Document | None = None
        if record is None or collection is None:
            if not removing:
                last_error["updatedExisting"] = False
            if command.flag("upsert") and not removing:
                updates.validate(changes, multi=False)
                document = _upsert(context, command, filter_, changes, array_filters)
                last_error |= {"n": 1, "upserted": document["_id"]}
                value = document if command.flag("new") else None
        else:
            value = record.document
            if removing:
                collection.remove(record)
            else:
                updates.validate(changes, multi=False)
                _modify(collection, record, filter_, changes, array_filters)
                last_error["updatedExisting"] = True
                value = record.document if command.flag("new") else value
        if value is not None and projection:
            value = project(value, projection)
        if command.document("writeConcern").get("j"):
            context.store.journal.flush()
    return {"value": value, "lastErrorObject": last_error, "ok": 1.0}
