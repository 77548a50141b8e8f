"""Documents: their BSON, and hashable keys for their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from mongomock import filtering

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

Document: TypeAlias = dict[str, Any]
Value: TypeAlias = Any
"""Any value that BSON can hold."""

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""What a document may weigh, as on a real server (hello tells it as maxBsonObjectSize)."""

_OPTIONS: CodecOptions[Document] = CodecOptions(document_class=dict)
MISSING: Any = vars(filtering)["NOTHING"]
"""What stands for a value that is not there, where None would be a null that is."""

_UNHASHABLE = ("unhashable",)
_candidates: Callable[[str, Any], Iterable[Value]] = filtering.iter_key_candidates


def decode(raw: bytes) -> Document:
    """The document in `raw`; datetimes are naive UTC with milliseconds, as mongomock expects them."""
    return bson.decode(raw, codec_options=_OPTIONS)


def encode(document: Document) -> bytes:
    """The BSON of `document`; raises bson.errors.InvalidDocument for a value that BSON does not know."""
    return bson.encode(document, codec_options=_OPTIONS)


def as_raw(raw: bytes) -> RawBSONDocument:
    """`raw` as a document that is written into a reply as it is, without decoding it."""
    return RawBSONDocument(raw)


def key_of(value: Value) -> Hashable:
    """A key such that equal values (in Python's and mongomock's sense) have equal keys.

    The other direction does not hold: values that cannot be hashed share one key. An index therefore narrows
    a search and never decides it.
    """
    if isinstance(value, dict):
        return ("object", frozenset((name, key_of(item)) for name, item in value.items()))
    if isinstance(value, list):
        return ("array", tuple(key_of(item) for item in value))
    try:
        hash(value)
    except TypeError:
        return _UNHASHABLE
    return value  # type: ignore[no-any-return]  # bson has no types


def present_values_at(document: Document, path: str) -> Iterator[Value]:
    """Every value that `path` (dotted) reaches in `document`, through arrays as well."""
    for value in _candidates(path, document):
        if value is not MISSING:
            yield value


def values_at(document: Document, path: str) -> Iterator[Value]:
    """Every value that `path` reaches in `document`; a missing one comes as None."""
    if "." not in path:
        yield document.get(path)
        return
    found = False
    for value in _candidates(path, document):
        found = True
        yield None if value is MISSING else value
    if not found:
        yield None


def search_keys(document: Document, path: str) -> frozenset[Hashable]:
    """The keys under which an equality on `path` finds `document`: of an array also those of its elements."""
    keys: set[Hashable] = set()
    for value in values_at(document, path):
        keys.add(key_of(value))
        if isinstance(value, list):
            keys.update(key_of(item) for item in value)
    return frozenset(keys)


def unique_by_key(values: Iterable[Value]) -> list[Value]:
    """`values` without repetitions, in the order of their first appearance."""
    first: dict[Hashable, Value] = {}
    for value in values:
        first.setdefault(key_of(value), value)
    return list(first.values())
