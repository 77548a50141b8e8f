"""mongomock's matching and comparing, typed."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from mongomock import filtering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .documents import Document, Value

_filter_applies: Callable[[Any, Any], Any] = filtering.filter_applies
_bson_compare: Callable[[Any, Any, Any], Any] = filtering.bson_compare
_resolve_sort_key: Callable[[str, Any], Any] = filtering.resolve_sort_key
BsonComparable: Callable[[Value], Any] = filtering.BsonComparable
"""Wraps a value so that `<` is MongoDB's order over all types."""


def matches(filter_: Document, document: Value) -> bool:
    """Whether `document` matches; raises what `errors.from_exception` knows for a filter that is broken."""
    return bool(_filter_applies(filter_, document))


def value_matches(condition: Value, value: Value) -> bool:
    """Whether a lone value meets a condition as it stands after a field's name in a filter."""
    return matches({"value": condition}, {"value": value})


def precedes(left: Value, right: Value) -> bool:
    """Whether `left` comes before `right` in MongoDB's order."""
    return bool(_bson_compare(operator.lt, left, right))


def sort_key(path: str, document: Document) -> tuple[int, Any]:
    """What a document is sorted by along `path`: a rank, and a BsonComparable whose `obj` is the value."""
    rank, comparable = _resolve_sort_key(path, document)
    return rank, comparable


def sort_values(values: Sequence[Value], *, descending: bool = False) -> list[Value]:
    """`values` in MongoDB's order, stable."""
    return sorted(values, key=BsonComparable, reverse=descending)
