"""Changing a document in place: update operators, replacements and pipelines."""

from __future__ import annotations

import mongomock
from mongomock import aggregate

from .documents import Document, Value
from .errors import CommandError

_MOCK = mongomock.MongoClient()["embedded"]["updates"]


def validate(update: Value, *, multi: bool) -> None:
    if not isinstance(update, dict | list):
        raise CommandError(9, "Update argument must be either an object or an array")


def apply(update: Value, document: Document, filter_: Document, array_filters: list[Document], *, inserting: bool) -> Document:
    if isinstance(update, list):
        (new,) = aggregate.process_pipeline([document], None, update, None)
        return new
    if inserting and "_id" in document and not any(k.startswith("$") for k in update):
        filter_ = {"_id": document["_id"]}
    _MOCK._apply_update_document(document, filter_, update, inserting)
    return document


def seed(filter_: Document) -> Document:
    """The document that an upsert starts from: the filter's equalities."""
    expanded = _MOCK._expand_dots(filter_)
    seeded, _ = _MOCK._discard_operators(expanded)
    return dict(seeded)
