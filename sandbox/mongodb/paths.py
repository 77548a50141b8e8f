"""Dotted paths: into a document that is changed, and into copies of a document that is not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import CommandError
from .matching import matches, value_matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .documents import Document, Value

Path = tuple[str, ...]
Place = tuple["dict[str, Value] | list[Value]", "str | int"]
"""A container in a document and a key or index in it."""

MAX_PADDING = 1_500_000
"""How many nulls may fill an array up to an index, as on a real server."""


def split(path: str) -> Path:
    """The parts of `path`; raises CommandError for an empty one and for a field that starts with `$`."""
    parts = tuple(path.split("."))
    for part in parts:
        if not part:
            raise CommandError(
                56, f"The update path '{path}' contains an empty field name, which is not allowed."
            )
        if part.startswith("$") and part != "$" and not part.startswith("$["):
            raise CommandError(
                52, f"The dollar ($) prefixed field '{part}' in '{path}' is not allowed for storage."
            )
    return parts


def expand(
    path: str, document: Document, filter_: Document, array_filters: dict[str, Document]
) -> list[Path]:
    """The concrete paths that one with `$`, `$[]` or `$[name]` stands for in `document`.

    `$` is the first array element that meets the query's condition on that array, `$[name]` all those that
    meet the array filter of that name. Raises CommandError when there is no array, no filter or no match.
    """
    paths: list[tuple[Path, Value]] = [((), document)]
    for part in split(path):
        if part == "$":
            paths = [step(prefix, str(_position(prefix, value, filter_)), value) for prefix, value in paths]
        elif part.startswith("$["):
            name = part[2:-1]
            if name and name not in array_filters:
                raise CommandError(2, f"No array filter found for identifier '{name}' in path '{path}'")
            paths = [
                step(prefix, str(index), value)
                for prefix, value in paths
                for index, item in enumerate(_array(prefix, value))
                if not name or matches(array_filters[name], {name: item})
            ]
        else:
            paths = [step(prefix, part, value) for prefix, value in paths]
    return [prefix for prefix, _ in paths]


def step(prefix: Path, part: str, value: Value) -> tuple[Path, Value]:
    """One part further: the longer path and what it reaches (None where nothing is)."""
    if isinstance(value, dict):
        value = value.get(part)
    elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        value = value[int(part)]
    else:
        value = None
    return (*prefix, part), value


def _array(prefix: Path, value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise CommandError(
            2, f"The path '{'.'.join(prefix)}' must exist and be an array in order to apply array updates."
        )
    return value


def _position(prefix: Path, value: Value, filter_: Document) -> int:
    items = _array(prefix, value)
    for rest, condition in _conditions(".".join(prefix), filter_):
        for index, item in enumerate(items):
            if rest:
                found = matches({f"item.{rest}": condition}, {"item": item})
            elif isinstance(condition, dict) and "$elemMatch" in condition:
                found = value_matches(condition, [item])
            else:
                found = value_matches(condition, item)
            if found:
                return index
    raise CommandError(2, "The positional operator did not find the match needed from the query.")


def _conditions(path: str, filter_: Document) -> Iterator[tuple[str, Value]]:
    """The query's conditions on the array at `path`, each with what follows the path in its field's name."""
    for name, condition in filter_.items():
        if name == "$and":
            for clause in condition:
                yield from _conditions(path, clause)
        elif name == path:
            yield "", condition
        elif name.startswith(f"{path}."):
            yield name[len(path) + 1 :], condition


def locate(document: Document, path: Path) -> Place | None:
    """Where `path` points in `document`; None when something on the way, or an array's element, is missing.

    The last key of a place in an object need not exist yet.
    """
    container: Value = document
    for part in path[:-1]:
        _, container = step((), part, container)
    last = path[-1]
    if isinstance(container, dict):
        return container, last
    if isinstance(container, list) and last.isdecimal() and int(last) < len(container):
        return container, int(last)
    return None


def make_way(document: Document, path: Path) -> Place:
    """Where `path` points in `document`, with the objects on the way made and arrays filled up with nulls.

    Raises CommandError 28 where a value that is neither object nor array is in the way.
    """
    container: Value = document
    for depth, part in enumerate(path):
        is_last = depth == len(path) - 1
        if isinstance(container, list) and part.isdecimal():
            index = int(part)
            missing = index + 1 - len(container)
            if missing > MAX_PADDING:
                raise CommandError(
                    2, f"Can't backfill more than {MAX_PADDING} elements of '{'.'.join(path)}'"
                )
            created = missing > 0
            container.extend([None] * missing)
            key: str | int = index
        elif isinstance(container, dict):
            key, created = part, part not in container
        else:
            raise CommandError(
                28, f"Cannot create field '{part}' in element {{{'.'.join(path[:depth])}: {container!r}}}"
            )
        if is_last:
            return container, key
        if created:
            container[key] = {}
        container = container[key]
    raise CommandError(56, "An empty update path is not valid.")


def read(place: Place, default: Value) -> Value:
    """The value at a place."""
    container, key = place
    if isinstance(container, dict):
        return container.get(str(key), default)
    return container[int(key)]


def write(place: Place, value: Value) -> None:
    """Put a value at a place."""
    container, key = place
    container[key] = value  # type: ignore[index]  # the key is of the container's kind


def with_value(document: Document, path: Path, value: Value) -> Document:
    """A copy of `document` with `value` at `path`, as $addFields makes it; what is not on the path is shared.

    An array on the way gets the value in each of its elements; any other value gives way to an object.
    """
    head, rest = path[0], path[1:]
    if not rest:
        return {**document, head: value}
    return {**document, head: _inside(document.get(head), rest, value)}


def _inside(inner: Value, path: Path, value: Value) -> Value:
    if isinstance(inner, list):
        return [_inside(item, path, value) for item in inner]
    return with_value(inner if isinstance(inner, dict) else {}, path, value)
