"""Databases, collections and records in memory. Changes also update the indexes and the journal.

Nothing here takes the lock: the user of a Store must hold its `lock` while it uses records.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import planner
from .documents import MAX_DOCUMENT_BYTES, Document, decode, encode, key_of
from .errors import CommandError, DuplicateKeyError
from .indexes import IndexSpec, Postings, UniqueIndex
from .matching import matches

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from .journal import Journal

ID_INDEX: Document = {"v": 2, "key": {"_id": 1}, "name": "_id_"}


@dataclass(slots=True)
class Record:
    """A stored document. `document` is for reading alone: who changes one decodes `raw` again."""

    collection: Collection
    sequence: int
    document: Document
    raw: bytes


class Collection:
    """The records of one collection, in natural (insertion) order, and its indexes."""

    def __init__(self, store: Store, number: int, database: str, name: str) -> None:
        self.number = number
        self.database = database
        self.name = name
        self.indexes: dict[str, IndexSpec] = {}
        self._store = store
        self._records: dict[int, Record] = {}
        self._by_id: dict[Hashable, int] = {}
        self._postings = Postings()
        self._postings.add_path("_id", ())
        self._uniques: dict[str, UniqueIndex] = {}

    @property
    def namespace(self) -> str:
        """Database and name, as error messages and cursors tell it."""
        return f"{self.database}.{self.name}"

    def __len__(self) -> int:
        return len(self._records)

    def size(self) -> int:
        """The bytes of all documents."""
        return sum(len(record.raw) for record in self._records.values())

    def find(self, filter_: Document) -> list[Record]:
        """The records that match, in natural order."""
        if not filter_:
            return list(self._records.values())
        return [record for record in self._candidates(filter_) if matches(filter_, record.document)]

    def find_first(self, filter_: Document) -> Record | None:
        """The first record that matches, in natural order."""
        return next(
            (record for record in self._candidates(filter_) if matches(filter_, record.document)), None
        )

    def count(self, filter_: Document) -> int:
        """How many records match."""
        if not filter_:
            return len(self._records)
        return sum(1 for record in self._candidates(filter_) if matches(filter_, record.document))

    def _candidates(self, filter_: Document) -> Iterable[Record]:
        found = planner.candidates(filter_, self._postings)
        if found is None:
            records = list(self._records.values())
        else:
            records = [self._records[sequence] for sequence in sorted(found)]
        if not records:
            matches(filter_, {})  # refuses a broken filter, whatever is stored
        return records

    def insert(self, document: Document, raw: bytes | None = None) -> Record:
        """Store a new document, which has an _id; `raw` is its BSON. Raises DuplicateKeyError."""
        raw = encode(document) if raw is None else raw
        self._require_size(raw)
        record = Record(self, self._store.next_sequence(), document, raw)
        identity = key_of(document["_id"])
        if identity in self._by_id:
            raise DuplicateKeyError(self.namespace, "_id_", {"_id": 1}, {"_id": document["_id"]})
        for unique in self._uniques.values():
            unique.check(record.sequence, document)
        self.add(record)
        self._store.journal.write(self.number, record.sequence, raw)
        return record

    def add(self, record: Record) -> None:
        """Put a record in that violates no index, as when the data file is read."""
        self._records[record.sequence] = record
        self._by_id[key_of(record.document["_id"])] = record.sequence
        for unique in self._uniques.values():
            unique.claim(record.sequence, record.document)
        self._postings.add(record.sequence, record.document)

    def replace(self, record: Record, document: Document) -> bool:
        """Give a record new content; False when that is what it had.

        Raises DuplicateKeyError, or CommandError for another _id; the record then stays as it was.
        """
        raw = encode(document)
        if raw == record.raw:
            return False
        self._require_size(raw)
        new = decode(raw)
        old = record.document
        if new.get("_id") != old["_id"]:
            raise CommandError(
                66,
                "After applying the update, the (immutable) field '_id' was found to have been altered to "
                f"_id: {new.get('_id')!r}",
            )
        for unique in self._uniques.values():
            unique.check(record.sequence, new)
        for unique in self._uniques.values():
            unique.move(record.sequence, old, new)
        self._postings.move(record.sequence, old, new)
        record.document, record.raw = new, raw
        self._store.journal.write(self.number, record.sequence, raw)
        return True

    def remove(self, record: Record) -> None:
        """Delete a record."""
        del self._records[record.sequence]
        del self._by_id[key_of(record.document["_id"])]
        for unique in self._uniques.values():
            unique.release(record.sequence, record.document)
        self._postings.discard(record.sequence, record.document)
        self._store.journal.remove(self.number, record.sequence)

    def _require_size(self, raw: bytes) -> None:
        if len(raw) > MAX_DOCUMENT_BYTES:
            raise CommandError(
                10334,
                f"A document of {self.namespace} has {len(raw)} bytes; {MAX_DOCUMENT_BYTES} are allowed",
            )

    def create_index(self, definition: Document) -> bool:
        """Add an index; False when the same one exists.

        Raises CommandError 85 or 86 for another index with that name or key, DuplicateKeyError when what is
        stored violates it.
        """
        spec = IndexSpec.parse(definition)
        if list(spec.key) == ["_id"]:
            return False
        if not self._is_new(spec):
            return False
        self.add_index(spec)
        self._store.journal.create_index(self.number, spec.name, spec.definition)
        return True

    def _is_new(self, spec: IndexSpec) -> bool:
        same_name = self.indexes.get(spec.name)
        if same_name is not None:
            if same_name.is_same_as(spec):
                return False
            code = 85 if list(same_name.key.items()) == list(spec.key.items()) else 86
            raise CommandError(
                code,
                f"An existing index of {self.namespace} has the same name as the requested index and another "
                f"key or other options. Requested: {spec.definition}, existing: {same_name.definition}",
            )
        for other in self.indexes.values():
            if list(other.key.items()) == list(spec.key.items()) and other.partial == spec.partial:
                raise CommandError(
                    85, f"Index of {self.namespace} already exists with a different name: {other.name}"
                )
        return True

    def add_index(self, spec: IndexSpec) -> None:
        """Put an index in that is noted in the data file already. Raises DuplicateKeyError."""
        if spec.unique:
            unique = UniqueIndex(spec, self.namespace)
            for record in self._records.values():
                unique.claim(record.sequence, record.document)
            self._uniques[spec.name] = unique
        for path in spec.paths:
            self._postings.add_path(
                path, ((record.sequence, record.document) for record in self._records.values())
            )
        self.indexes[spec.name] = spec

    def drop_index(self, name: str) -> None:
        """Remove an index; raises CommandError 27 when there is none of that name."""
        if name not in self.indexes:
            raise CommandError(27, f"index not found with name [{name}]")
        del self.indexes[name]
        self._uniques.pop(name, None)
        self._postings.keep_only({"_id", *(path for spec in self.indexes.values() for path in spec.paths)})
        self._store.journal.drop_index(self.number, name)


class Store:
    """Everything that the server keeps."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.lock = threading.RLock()
        self._databases: dict[str, dict[str, Collection]] = {}
        self._load()

    def _load(self) -> None:
        by_number: dict[int, Collection] = {}
        for number, database, name in self.journal.collections():
            collection = Collection(self, number, database, name)
            for definition in self.journal.indexes(number):
                collection.add_index(IndexSpec.parse(definition))
            by_number[number] = self._databases.setdefault(database, {})[name] = collection
        last = 0
        for sequence, number, raw in self.journal.documents():
            collection = by_number[number]
            collection.add(Record(collection, sequence, decode(raw), raw))
            last = sequence
        self._sequences = itertools.count(last + 1)
        self._numbers = itertools.count(max(by_number, default=0) + 1)

    def next_sequence(self) -> int:
        """A record's number: greater than all before it."""
        return next(self._sequences)

    def databases(self) -> list[str]:
        """The names of the databases that hold a collection."""
        return sorted(name for name, collections in self._databases.items() if collections)

    def collections(self, database: str) -> Iterator[Collection]:
        """The collections of a database, by name."""
        for _, collection in sorted(self._databases.get(database, {}).items()):
            yield collection

    def get(self, database: str, name: str) -> Collection | None:
        """A collection, or None when there is none of that name."""
        return self._databases.get(database, {}).get(name)

    def view(self, database: str, name: str) -> Collection:
        """A collection to read from: where there is none of that name, an empty one that is not kept."""
        return self.get(database, name) or Collection(self, 0, database, name)

    def ensure(self, database: str, name: str) -> Collection:
        """A collection, made if need be; raises CommandError 73 for a name that cannot be one."""
        collection = self.get(database, name)
        if collection is None:
            if not name or name.startswith((".", "system.")) or name.endswith(".") or {"$", "\0"} & set(name):
                raise CommandError(73, f"Invalid namespace specified '{database}.{name}'")
            collection = Collection(self, next(self._numbers), database, name)
            self._databases.setdefault(database, {})[name] = collection
            self.journal.create_collection(collection.number, database, name)
        return collection

    def drop(self, database: str, name: str) -> bool:
        """Remove a collection with all that it holds; False when there is none of that name."""
        collection = self._databases.get(database, {}).pop(name, None)
        if collection is None:
            return False
        self.journal.drop_collection(collection.number)
        return True
