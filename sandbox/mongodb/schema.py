"""Collections, databases and indexes: create, list, drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .documents import Document, encode
from .errors import CommandError
from .matching import matches
from .store import ID_INDEX

if TYPE_CHECKING:
    from .context import Command, Context
    from .store import Collection


def _existing(context: Context, command: Command) -> Collection:
    collection = context.store.get(command.database, command.collection)
    if collection is None:
        raise CommandError(26, f"ns does not exist: {command.namespace}")
    return collection


def create(context: Context, command: Command) -> Document:
    """A new, empty collection."""
    context.store.journal.require_writable()
    with context.store.lock:
        if context.store.get(command.database, command.collection) is not None:
            raise CommandError(48, f"Collection {command.namespace} already exists.")
        context.store.ensure(command.database, command.collection)
    return {"ok": 1.0}


def drop(context: Context, command: Command) -> Document:
    """A collection goes; one that is not there is no error, as since MongoDB 7."""
    context.store.journal.require_writable()
    with context.store.lock:
        collection = context.store.get(command.database, command.collection)
        if collection is None:
            return {"ok": 1.0}
        indexes = len(collection.indexes) + 1
        context.store.drop(command.database, command.collection)
    return {"nIndexesWas": indexes, "ns": command.namespace, "ok": 1.0}


def drop_database(context: Context, command: Command) -> Document:
    """All collections of a database go."""
    context.store.journal.require_writable()
    with context.store.lock:
        names = [collection.name for collection in context.store.collections(command.database)]
        for name in names:
            context.store.drop(command.database, name)
    return {**({"dropped": command.database} if names else {}), "ok": 1.0}


def list_collections(context: Context, command: Command) -> Document:
    """The collections of a database that match `filter`."""
    name_only = command.flag("nameOnly")
    with context.store.lock:
        entries: list[Document] = [
            {"name": collection.name, "type": "collection"}
            | ({} if name_only else {"options": {}, "info": {"readOnly": False}, "idIndex": ID_INDEX})
            for collection in context.store.collections(command.database)
        ]
    filter_ = command.document("filter")
    results = [encode(entry) for entry in entries if matches(filter_, entry)]
    namespace = f"{command.database}.$cmd.listCollections"
    return context.cursors.open(namespace, results, command.document("cursor").get("batchSize"))


def list_databases(context: Context, command: Command) -> Document:
    """The databases that hold a collection, and the bytes of their documents."""
    with context.store.lock:
        entries: list[Document] = []
        for name in context.store.databases():
            size = sum(collection.size() for collection in context.store.collections(name))
            entries.append({"name": name, "sizeOnDisk": size, "empty": size == 0})
    filter_ = command.document("filter")
    entries = [entry for entry in entries if matches(filter_, entry)]
    if command.flag("nameOnly"):
        return {"databases": [{"name": entry["name"]} for entry in entries], "ok": 1.0}
    return {"databases": entries, "totalSize": sum(entry["sizeOnDisk"] for entry in entries), "ok": 1.0}


def create_indexes(context: Context, command: Command) -> Document:
    """New indexes; those that exist already are passed over."""
    context.store.journal.require_writable()
    definitions = command.array("indexes")
    if not definitions:
        raise CommandError(2, "Must specify at least one index to create")
    with context.store.lock:
        is_new = context.store.get(command.database, command.collection) is None
        collection = context.store.ensure(command.database, command.collection)
        before = len(collection.indexes) + 1
        for definition in definitions:
            collection.create_index(definition)
        after = len(collection.indexes) + 1
    reply: Document = {
        "numIndexesBefore": before,
        "numIndexesAfter": after,
        "createdCollectionAutomatically": is_new,
    }
    if before == after:
        reply["note"] = "all indexes already exist"
    return {**reply, "ok": 1.0}


def list_indexes(context: Context, command: Command) -> Document:
    """The indexes of a collection, that of _id among them."""
    with context.store.lock:
        collection = _existing(context, command)
        results = [encode(ID_INDEX), *(encode(spec.definition) for spec in collection.indexes.values())]
    return context.cursors.open(command.namespace, results, command.document("cursor").get("batchSize"))


def drop_indexes(context: Context, command: Command) -> Document:
    """Indexes go: one by name or key, several by name, or `*` for all but that of _id."""
    context.store.journal.require_writable()
    wanted = command.request.body.get("index")
    with context.store.lock:
        collection = _existing(context, command)
        before = len(collection.indexes) + 1
        if wanted == "*":
            names = list(collection.indexes)
        elif isinstance(wanted, dict):
            names = [
                name
                for name, spec in collection.indexes.items()
                if list(spec.key.items()) == list(wanted.items())
            ]
            if not names:
                raise CommandError(27, f"can't find index with key: {wanted}")
        else:
            names = [str(name) for name in (wanted if isinstance(wanted, list) else [wanted])]
        if "_id_" in names:
            raise CommandError(72, "cannot drop _id index")
        for name in names:
            collection.drop_index(name)
    return {"nIndexesWas": before, "ok": 1.0}
