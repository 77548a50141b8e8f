"""Collected resources as a table, by the layout that their type gives the console."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_PLAIN = (
    ("Name", "name"),
    ("Provider", "provider"),
    ("Group", "cloud_service_group"),
    ("Type", "cloud_service_type"),
)


def table(
    records: Sequence[Mapping[str, Any]], type_record: Mapping[str, Any] | None
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Headings and cells.

    The columns are those of the type's dynamic table (`metadata.view.table.layout.options.fields`); a type without
    one shows name, provider, group and type.
    What the console hides until it is asked for (`is_optional`), and images, are left out.
    """
    fields = _fields(type_record or {})
    if fields and not any(key == "name" for _, key in fields):
        fields = (("Name", "name"), *fields)
    fields = fields or _PLAIN
    rows = tuple(tuple(cell(value(record, key)) for _, key in fields) for record in records)
    return tuple(name for name, _ in fields), rows


def _fields(type_record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = value(type_record, "metadata.view.table.layout.options.fields")
    fields: Iterable[Any] = found if isinstance(found, list) else ()
    return tuple(
        (str(field["name"]), str(field["key"]))
        for field in fields
        if "name" in field and "key" in field and _shown(field)
    )


def default_sort(type_record: Mapping[str, Any] | None) -> tuple[str, bool]:
    """The key that the type's table is sorted by, and whether downwards; by name where it says nothing."""
    sort = value(type_record or {}, "metadata.view.table.layout.options.default_sort")
    if isinstance(sort, Mapping) and sort.get("key"):
        return str(sort["key"]), bool(sort.get("desc"))
    return "name", False


def _shown(field: Mapping[str, Any]) -> bool:
    return field.get("type") != "image" and not (field.get("options") or {}).get("is_optional")


def value(record: Mapping[str, Any], key: str) -> Any:
    """What a dotted key names in a record; None where there is nothing."""
    found: Any = record
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def cell(value: Any) -> str:
    """A value in a table's cell: whole numbers without a point, others with what makes them different."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:,.8g}"
    if isinstance(value, list):
        return ", ".join(cell(item) for item in value)
    return str(value)
