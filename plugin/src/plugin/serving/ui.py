"""Dynamic UI: how SpaceONE's console shows a cloud service type, in the terms of its own layout schema.

Every function returns a plain dict, so a view reads like what it shows. A key is a path into the resource, such as
`data.price`. What the console would draw wrong is a ValueError here, when the type is defined:

- It fills nothing into a link, so a link is a whole address, the same for each resource. The address of a resource is
  its `external_link`, which the console opens from the name.
- A prefix or a postfix is drawn where the value is absent, too. A unit is better in the name: `Change (%)`.
- It draws the fields here, and no pictures or bars.
- Its own columns come before and after those of a type: name, provider, region, project, last collected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from plugin.serving.console import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Field = dict[str, Any]
Layout = dict[str, Any]

DataType = Literal["string", "integer", "float", "boolean", "datetime"]
Unit = Literal["BYTES", "KB", "MB", "GB", "TB", "PB"]

_OWN_TABS: Final = ("Base Information", "Raw Data")
_DATA: Final = "data."


def text(name: str, key: str, **options: object) -> Field:
    """A value as it is; options such as `default`, `link` or `is_optional`.

    A number with more than three decimals gets commas behind the point: show it with `digits` or `number`.
    """
    return _field("text", name, key, options)


def digits(name: str, key: str, **options: object) -> Field:
    """A number with all its digits and no comma, such as a price, a percentage or a year."""
    # The console writes a state as JavaScript does; without a colour its dot cannot be seen.
    return _field("state", name, key, options)


def number(name: str, key: str, **options: object) -> Field:
    """A large number, with commas: what `plugin.serving.shown` made of it. The column is sorted by the number itself.

    Args:
        name: Its heading, with the unit.
        key: `data.` and more in a resource; the key of a row in a `table`, where rows cannot be sorted by it: the
            console asks the platform for what it shows alone.
        options: As in `text`.
    """
    if key.startswith(_DATA):
        return text(name, f"{_DATA}{KEY}.{key.removeprefix(_DATA)}", sort_key=key, **options)
    return text(name, f"{KEY}.{key}", sortable=False, **options)


def badge(name: str, key: str, color: str, **options: object) -> Field:
    """A value on a colour, such as "indigo.500"."""
    return _field("badge", name, key, {"background_color": color, "text_color": "white", **options})


def datetime(name: str, key: str, **options: object) -> Field:
    """A time in ISO 8601 with its zone, shown in the reader's own."""
    return _field("datetime", name, key, {"source_type": "iso8601", **options})


def size(name: str, key: str, unit: Unit = "BYTES", **options: object) -> Field:
    """A number of bytes, or of a larger unit, shown with the unit that fits: `1.5 GB` of 1024 MB each."""
    return _field("size", name, key, {"source_unit": unit, **options})


def states(name: str, key: str, colors: Mapping[str, tuple[str, str]]) -> Field:
    """One of a few texts, each with its label and its icon's colour: `{"UP": ("Rising", "green.500")}`.

    Raises:
        ValueError: A text has a point, which the console takes for a path.
    """
    if dotted := [value for value in colors if "." in value]:
        raise ValueError(f"{name}: the console finds no state for {dotted[0]!r}, since it has a point")
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
    return {"name": name, "key": key, "enums": {value: {"label": label} for value, label in labels.items()}}


def item(name: str, fields: list[Field], root_path: str | None = None) -> Layout:
    """A tab, or a part of one, that lists names and values."""
    root = {"root_path": root_path} if root_path else {}
    return {"name": name, "type": "item", "options": {**root, "fields": fields}}


def table(name: str, fields: list[Field], root_path: str) -> Layout:
    """A tab, or a part of one, with a row for each element of a list in the resource."""
    return {"name": name, "type": "table", "options": {"root_path": root_path, "fields": fields}}


def parts(name: str, layouts: list[Layout]) -> Layout:
    """A tab of several parts, one below the other."""
    return {"name": name, "type": "list", "options": {"layouts": [_part(layout) for layout in layouts]}}


def view(
    *,
    columns: Sequence[Field],
    search: Sequence[Field] = (),
    sort: tuple[str, bool] | None = None,
    tabs: Sequence[Layout] = (),
) -> dict[str, Any]:
    """All that the console shows of a type.

    Args:
        columns: Columns of the main table, besides the console's own.
        search: What the search bar offers.
        sort: Key that the main table is sorted by at first, and whether the largest comes first.
        tabs: Tabs of a chosen resource; each has its own name.

    Returns:
        The `metadata` of a cloud service type.

    Raises:
        ValueError: Two tabs have one name, or one has that of a tab of the console: it would not be shown.
    """
    names = [*_OWN_TABS, *(tab["name"] for tab in tabs)]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"there is a second tab {twice[0]!r}, and the console shows one of them")
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
    link = options.get("link")
    if link is not None and (not str(link).startswith(("https://", "http://")) or "{{" in str(link)):
        raise ValueError(f"{name}: the console takes the link {link!r} as it is, and it is no address")
    field: Field = {"name": name, "key": key, "type": kind}
    if options:
        field["options"] = dict(options)
    return field


def _part(layout: Layout) -> Layout:
    # As a tab of its own, the console would draw a simple table empty; as a part, a table without its rows' number.
    return {**layout, "type": "simple-table"} if layout["type"] == "table" else layout
