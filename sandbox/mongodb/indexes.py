"""Hash indexes of one collection: which records have a value at a path, and which keys must be unique.

MongoDB's indexes are ordered trees over all fields of an index. Here, every path of any index has one hash from values
to records, and a compound index is the intersection of the results of its paths. This serves the searches for equal
values, by which the services find their rows, with the fields in any order. Ranges and sorting are done by a scan of
the records that remain.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from .documents import Document, key_of, search_keys, values_at
from .errors import CommandError, DuplicateKeyError
from .matching import matches

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

Entry = tuple["Hashable", ...]
NO_RECORDS: frozenset[int] = frozenset()


@dataclass(frozen=True)
class IndexSpec:
    """An index's definition, as createIndexes gives it.

    Options that it does not act on are kept and listed: expireAfterSeconds removes nothing here.
    """

    name: str
    paths: tuple[str, ...]
    definition: Document

    @classmethod
    def parse(cls, definition: Document) -> IndexSpec:
        """The index that `definition` ({key, name, unique, …}) asks for; raises CommandError."""
        key = definition.get("key")
        if not isinstance(key, dict) or not key:
            raise CommandError(9, "An index needs a 'key' document with at least one field")
        name = definition.get("name")
        if not isinstance(name, str) or not name:
            name = "_".join(f"{path}_{direction}" for path, direction in key.items())
        rest = {
            option: value for option, value in definition.items() if option not in ("key", "name", "v", "ns")
        }
        return cls(name, tuple(key), {"v": 2, "key": key, "name": name, **rest})

    @property
    def unique(self) -> bool:
        """Whether no two documents may share a key."""
        return bool(self.definition.get("unique"))

    @property
    def sparse(self) -> bool:
        """Whether documents without any of the fields stay out of the index."""
        return bool(self.definition.get("sparse"))

    @property
    def partial(self) -> Document | None:
        """The filter of the documents that the index covers, or None when it covers all."""
        return self.definition.get("partialFilterExpression")

    @property
    def key(self) -> Document:
        """Field to direction, in the index's order."""
        key: Document = self.definition["key"]
        return key

    def is_same_as(self, other: IndexSpec) -> bool:
        """Whether both ask for the same thing (the order of fields counts)."""
        return list(self.key.items()) == list(other.key.items()) and self._options() == other._options()

    def _options(self) -> Document:
        ignored = ("v", "key", "name", "background")
        return {
            name: value
            for name, value in self.definition.items()
            if name not in ignored and value not in (False, None)
        }


class Postings:
    """For each indexed path: the records (by sequence number) under each key."""

    def __init__(self) -> None:
        self._paths: dict[str, dict[Hashable, set[int]]] = {}

    @property
    def paths(self) -> Iterable[str]:
        """The paths that are indexed."""
        return self._paths.keys()

    def holds(self, path: str) -> bool:
        """Whether equalities on `path` can be looked up."""
        return path in self._paths

    def add_path(self, path: str, records: Iterable[tuple[int, Document]]) -> None:
        """Index `path` over `records`; nothing happens when it is indexed already."""
        if path in self._paths:
            return
        self._paths[path] = {}
        for sequence, document in records:
            self._add(path, search_keys(document, path), sequence)

    def keep_only(self, paths: set[str]) -> None:
        """Forget the paths that no index names any more."""
        for path in set(self._paths) - paths:
            del self._paths[path]

    def find(self, path: str, key: Hashable) -> set[int] | frozenset[int]:
        """The records that may hold the value of `key` at `path`; the set is live, do not change it."""
        return self._paths[path].get(key, NO_RECORDS)

    def add(self, sequence: int, document: Document) -> None:
        """Index a new record."""
        for path in self._paths:
            self._add(path, search_keys(document, path), sequence)

    def discard(self, sequence: int, document: Document) -> None:
        """Take a record out again; `document` is what it was indexed with."""
        for path in self._paths:
            self._discard(path, search_keys(document, path), sequence)

    def move(self, sequence: int, old: Document, new: Document) -> None:
        """Index a record's new content in place of its old one."""
        for path in self._paths:
            before, after = search_keys(old, path), search_keys(new, path)
            if before != after:
                self._discard(path, before - after, sequence)
                self._add(path, after - before, sequence)

    def _add(self, path: str, keys: Iterable[Hashable], sequence: int) -> None:
        hashes = self._paths[path]
        for key in keys:
            hashes.setdefault(key, set()).add(sequence)

    def _discard(self, path: str, keys: Iterable[Hashable], sequence: int) -> None:
        hashes = self._paths[path]
        for key in keys:
            records = hashes[key]
            records.discard(sequence)
            if not records:
                del hashes[key]


class UniqueIndex:
    """The keys that a unique index has given away, each to one record."""

    def __init__(self, spec: IndexSpec, namespace: str) -> None:
        self.spec = spec
        self._namespace = namespace
        self._owners: dict[Entry, int] = {}

    def claim(self, sequence: int, document: Document) -> None:
        """Give the keys of `document` to the record; raises DuplicateKeyError, and then gives it none."""
        entries = self.check(sequence, document)
        for entry in entries:
            self._owners[entry] = sequence

    def check(self, sequence: int, document: Document) -> set[Entry]:
        """The document's keys; raises DuplicateKeyError when another record owns one of them."""
        entries = self._entries(document)
        for entry in entries:
            if self._owners.get(entry, sequence) != sequence:
                values = {path: next(values_at(document, path), None) for path in self.spec.paths}
                raise DuplicateKeyError(self._namespace, self.spec.name, self.spec.key, values)
        return entries

    def move(self, sequence: int, old: Document, new: Document) -> None:
        """Give the record the keys of `new`, which was checked, in place of those of `old`."""
        before, after = self._entries(old), self._entries(new)
        for entry in before - after:
            del self._owners[entry]
        for entry in after - before:
            self._owners[entry] = sequence

    def release(self, sequence: int, document: Document) -> None:
        """Take back the keys that the record owns through `document`."""
        for entry in self._entries(document):
            if self._owners.get(entry) == sequence:
                del self._owners[entry]

    def _entries(self, document: Document) -> set[Entry]:
        """The document's keys: one, or one for each element of an array (a multikey index)."""
        if self.spec.sparse and all(
            value is None for path in self.spec.paths for value in values_at(document, path)
        ):
            return set()
        if self.spec.partial is not None and not matches(self.spec.partial, document):
            return set()
        return set(product(*(_unique_keys(document, path) for path in self.spec.paths)))


def _unique_keys(document: Document, path: str) -> set[Hashable]:
    keys: set[Hashable] = set()
    for value in values_at(document, path):
        if isinstance(value, list) and value:
            keys.update(key_of(item) for item in value)
        else:
            keys.add(key_of(value))
    return keys
