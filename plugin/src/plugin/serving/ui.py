"""Dynamic UI: how SpaceONE's console shows a cloud service type, in the terms of its own layout schema.

Every function returns a plain dict, so a view reads like what it shows. A key is a path into the resource, such as
`data.price`. Values that a resource lacks are not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Field = dict[str, Any]
Layout = dict[str, Any]

DataType = Literal["string", "integer", "float", "boolean", "datetime"]


def text(name: str, key: str, **options: object) -> Field:
    """A value as it is; options such as `prefix`, `postfix`, `default` or `is_optional`."""
    return _field("text", name, key, options)


def link(name: str, key: str, **options: object) -> Field:
    """An address, as a link to it."""
    # The console replaces the path in braces by its value.
    return text(name, key, link=f"{{{{{key}}}}}", **options)


def badge(name: str, key: str, color: str, **options: object) -> Field:
    """A value in a coloured outline, such as "indigo.500"."""
    return _field("badge", name, key, {"outline_color": color, **options})


def datetime(name: str, key: str, **options: object) -> Field:
    """A time in ISO 8601, shown in the reader's time zone."""
    return _field("datetime", name, key, {"source_type": "iso8601", **options})


def image(name: str, key: str, width: str = "20px", height: str = "20px") -> Field:
    """A picture, by its address."""
    return _field("image", name, key, {"width": width, "height": height})


def progress(name: str, key: str, unit: str = "percent") -> Field:
    """A number from 0 to 100 as a bar."""
    return _field("progress", name, key, {"unit": unit})


def states(name: str, key: str, colors: Mapping[str, tuple[str, str]]) -> Field:
    """One of a few values, each with its label and its icon's colour: `{"UP": ("Rising", "green.500")}`."""
    options = {
        value: {"type": "state", "name": label, "options": {"icon": {"color": color}}}
        for value, (label, color) in colors.items()
    }
    return _field("enum", name, key, options)


def search(name: str, key: str, data_type: DataType | None = None) -> Field:
    """A key that the search bar offers; numbers and times need their data type, or they are compared as text."""
    return {"name": name, "key": key, **({"data_type": data_type} if data_type else {})}


def search_enum(name: str, key: str, labels: Mapping[str, str]) -> Field:
    """A key that the search bar offers with its values."""
    enums = {value: {"label": label} for value, label in labels.items()}
    return {"name": name, "key": key, "type": "enum", "enums": enums}


def item(name: str, fields: list[Field], root_path: str | None = None) -> Layout:
    """A tab, or a part of one, that lists names and values."""
    return {"name": name, "type": "item", "options": {**_root(root_path), "fields": fields}}


def table(name: str, fields: list[Field], root_path: str) -> Layout:
    """A tab, or a part of one, with a row for each element of a list in the resource."""
    return {"name": name, "type": "simple-table", "options": {**_root(root_path), "fields": fields}}


def parts(name: str, layouts: list[Layout]) -> Layout:
    """A tab of several parts, one below the other."""
    return {"name": name, "type": "list", "options": {"layouts": layouts}}


def view(
    *,
    columns: Sequence[Field],
    search: Sequence[Field] = (),
    sort: tuple[str, bool] | None = None,
    tabs: Sequence[Layout] = (),
) -> dict[str, Any]:
    """All that the console shows of a type.

    Args:
        columns: Columns of the main table.
        search: What the search bar offers.
        sort: Key that the main table is sorted by at first, and whether the largest comes first.
        tabs: Tabs of a chosen resource.

    Returns:
        The `metadata` of a cloud service type.
    """
    options: dict[str, Any] = {"fields": list(columns)}
    if sort:
        key, descending = sort
        options["default_sort"] = {"key": key, "desc": descending}
    return {
        "view": {
            "search": list(search),
            "table": {"layout": {"name": "Main Table", "type": "query-search-table", "options": options}},
            "sub_data": {"layouts": list(tabs)},
        }
    }


def _field(kind: str, name: str, key: str, options: Mapping[str, object]) -> Field:
    field: Field = {"name": name, "key": key, "type": kind}
    if options:
        field["options"] = dict(options)
    return field


def _root(root_path: str | None) -> dict[str, str]:
    return {"root_path": root_path} if root_path else {}
