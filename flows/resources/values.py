"""Compares values as the platform stores them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def canonical(value: Any) -> Any:
    """A value in a form that is equal for values that the platform does not distinguish.

    A Struct has no integers (4 is returned as 4.0), and the services return an absent mapping or list as an empty
    one. So whole numbers become floats, and empty parts of a mapping are removed. White space around a string is
    removed too, because spaceone-core strips every string.
    """
    if isinstance(value, bool):
        return ("bool", value)  # Python treats it as 1 or 0, a Struct does not
    if value is None:
        return value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Mapping):
        kept = {str(key): canonical(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None and item != {} and item != []}
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    return value


def same(one: Any, other: Any) -> bool:
    """Whether the platform would store the same for both; absent and empty are the same."""
    empty: tuple[Any, ...] = (None, {}, [], "")
    one, other = canonical(one), canonical(other)
    return bool(one == other or (one in empty and other in empty))


def differences(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The innermost parts in which two values differ, as `(dotted path, before, after)`."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key), after.get(key), f"{path}.{key}")
    elif not same(before, after):
        yield path, before, after


def is_empty(value: Any) -> bool:
    """Whether protobuf omits the value from a message, unless the field has presence."""
    return value is False or canonical(value) in (None, {}, [], "", 0.0)


def dig(value: Any, *keys: str) -> Any:
    """The value at a path of keys; None if a part is missing or is not a mapping."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def declared_among(declared: object, *names: str) -> list[str]:
    """Those of the given fields that a document declares."""
    return [name for name in names if getattr(declared, name)]
