"""Projections of find and findAndModify."""

from __future__ import annotations

import mongomock

from .documents import Document

_MOCK = mongomock.MongoClient()["embedded"]["projection"]


def project(document: Document, projection: Document) -> Document:
    """The part of `document` that `projection` asks for; an empty one asks for all."""
    result: Document = _MOCK._copy_only_fields(document, dict(projection), dict)  # noqa: SLF001
    return result
