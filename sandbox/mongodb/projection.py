"""Projections of find and findAndModify, by mongomock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mongomock

if TYPE_CHECKING:
    from collections.abc import Callable

    from .documents import Document

_copy_only_fields: Callable[..., Any] = mongomock.MongoClient()["embedded"]["projection"]._copy_only_fields  # noqa: SLF001 - as above


def project(document: Document, projection: Document) -> Document:
    """The part of `document` that `projection` asks for; an empty one asks for all."""
    result: Document = _copy_only_fields(document, dict(projection), dict)
    return result
