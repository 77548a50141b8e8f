"""Dynamic layouts as sections: titles, headings and rows, as the console would draw them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.preview.fields import cell, shown, value

_TABLES = frozenset({"simple-table", "table", "query-search-table"})
_TEXTS = frozenset({"markdown", "html", "popup"})
_EMPTY = "The console draws a simple-table empty as a tab of its own; make it a table, or a part of a list."
PAIR = ("field", "value")


@dataclass(frozen=True)
class Section:
    """A part of a tab.

    Attributes:
        tab: The name of its tab.
        title: Its title; the tab's name if it is the whole tab.
        columns: Headings.
        rows: One cell for each column.
    """

    tab: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """For reports."""
        return {
            "tab": self.tab,
            "title": self.title,
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
        }


def sections(layouts: Sequence[Any], record: Mapping[str, Any]) -> Iterator[Section]:
    """The sections of a resource in some tabs (`metadata.view.sub_data.layouts`).

    A layout of an unknown type is shown as the raw data at its `root_path`, with a note in its title. A tab that the
    console draws empty, though its data is there, has the reason in the place of its rows.
    """
    for layout in layouts:
        if isinstance(layout, Mapping):
            tab = str(layout.get("name", ""))
            if layout.get("type") == "simple-table":
                yield Section(tab, tab, ("note",), ((_EMPTY,),))
            else:
                yield from _drawn(layout, record, tab)


def _drawn(layout: Mapping[str, Any], record: Any, tab: str) -> Iterator[Section]:
    options = layout.get("options")
    options = options if isinstance(options, Mapping) else {}
    kind, title = str(layout.get("type", "")), str(layout.get("name") or tab)
    root = options.get("root_path")
    found = value(record, str(root)) if root else record
    if kind == "list":
        for inner in _mappings(options.get("layouts")):
            yield from _drawn(inner, found, tab)
    elif kind == "item":
        yield Section(tab, title, PAIR, _items(_fields(options), found))
    elif kind in _TABLES:
        fields = _fields(options)
        rows = found if isinstance(found, Sequence) and not isinstance(found, str) else []
        columns = tuple(str(field.get("name", field.get("key", ""))) for field in fields)
        yield Section(tab, title, columns, tuple(tuple(shown(f, row) for f in fields) for row in rows))
    elif kind in _TEXTS:
        text = options.get("markdown") or found
        yield Section(tab, title, ("text",), ((_by_language(text),),))
    else:
        note = "" if kind in {"raw", "raw-table"} else f" (unknown layout {kind!r})"
        raw = json.dumps(found, ensure_ascii=False, default=str)
        yield Section(tab, f"{title}{note}", ("raw",), ((raw,),))


def _fields(options: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _mappings(options.get("fields"))


def _mappings(found: Any) -> list[Mapping[str, Any]]:
    """The mappings in a list; anything else that a plugin wrote is left out."""
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _items(fields: list[Mapping[str, Any]], record: Any) -> tuple[tuple[str, str], ...]:
    """Names and values, also those of fields without one; nothing where no field has a value."""
    pairs = tuple((str(field.get("name", field.get("key", ""))), shown(field, record)) for field in fields)
    return pairs if any(text for _, text in pairs) else ()


def _by_language(text: Any) -> str:
    """The English text if there are several languages, otherwise the first."""
    if isinstance(text, Mapping):
        text = text.get("en") or next(iter(text.values()), "")
    return cell(text)
