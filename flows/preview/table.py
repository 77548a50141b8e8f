"""Collected resources as a table, by the table layout of their type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flows.preview.fields import shown, value

_PLAIN: tuple[Mapping[str, Any], ...] = (
    {"name": "Name", "key": "name"},
    {"name": "Provider", "key": "provider"},
    {"name": "Group", "key": "cloud_service_group"},
    {"name": "Type", "key": "cloud_service_type"},
)
_OPTIONS = "metadata.view.table.layout.options"


def table(
    records: Sequence[Mapping[str, Any]], type_record: Mapping[str, Any] | None
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Headings and cells.

    The columns are those of the type's dynamic table (`metadata.view.table.layout.options.fields`); a type without
    one shows name, provider, group and type.
    Columns that the console hides by default (`is_optional`) are left out.
    """
    fields = _fields(type_record or {})
    if fields and not any(field["key"] == "name" for field in fields):
        fields = (_PLAIN[0], *fields)
    fields = fields or _PLAIN
    rows = tuple(tuple(shown(field, record) for field in fields) for record in records)
    return tuple(str(field["name"]) for field in fields), rows


def default_sort(type_record: Mapping[str, Any] | None) -> tuple[str, bool]:
    """The key that the type's table is sorted by, and whether in descending order; `name` if it has none."""
    sort = value(type_record or {}, f"{_OPTIONS}.default_sort")
    if isinstance(sort, Mapping) and sort.get("key"):
        return str(sort["key"]), bool(sort.get("desc"))
    return "name", False


def _fields(type_record: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    found = value(type_record, f"{_OPTIONS}.fields")
    fields: Iterable[Any] = found if isinstance(found, list) else ()
    return tuple(
        field
        for field in fields
        if isinstance(field, Mapping) and "name" in field and "key" in field and _is_shown(field)
    )


def _is_shown(field: Mapping[str, Any]) -> bool:
    return not value(field, "options.is_optional")
