"""A resource's data as JSON text: the source's numbers by their own digits, and what is absent left out."""

from __future__ import annotations

import math
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING, Any

from plugin.numbers import CERTAIN, CERTAIN_INTEGER, DIGITS, Number, certain, stored

if TYPE_CHECKING:
    from collections.abc import Mapping

Exact = dict[str, Any]
"""The digits of numbers that a double does not hold, by the keys of the data; `{"supply": {"total": "1e400"}}`."""


def json_object(values: Mapping[str, Any], exact: Exact) -> str:
    """A dict as JSON; a value that is None, or an empty dict, is left out.

    Args:
        values: Texts, numbers, booleans, and dicts and lists of them; keys without quotes in them.
        exact: Takes what a double does not hold.

    Raises:
        ValueError: A number is infinite, or none at all.
        TypeError: A value is nothing that JSON can say.
    """
    parts = []
    for name, value in values.items():
        # Nearly all values are of these kinds: a resource has some thirty, and a page 250 resources.
        kind = type(value)
        if kind is Number and ((len(value) <= CERTAIN and not value.strip(DIGITS)) or certain(value)):
            parts.append(f'"{name}":{value!s}')
        elif kind is int and -CERTAIN_INTEGER <= value <= CERTAIN_INTEGER:
            parts.append(f'"{name}":{value}')
        elif kind is str:
            parts.append(f'"{name}":{_quoted(value)}')
        elif kind is dict and value:
            below: Exact = {}
            parts.append(f'"{name}":{json_object(value, below)}')
            if below:
                exact[name] = below
        elif value is not None and value != {}:
            said = _json(name, value, exact)
            if said is not None:
                parts.append(f'"{name}":{said}')
    return "{" + ",".join(parts) + "}"


def storable(name: str, number: Number | float, exact: Exact) -> float | int | None:
    """What can be stored of a number; its digits go to `exact` where that is not all of it.

    Raises:
        ValueError: It is infinite, or none at all.
    """
    if isinstance(number, float):
        if not math.isfinite(number):
            raise ValueError(f"{name} is {number}, which is no number in JSON")
        return number
    held, whole = stored(number)
    if not whole:
        exact[name] = str(number)
    return held


def _json(name: str, value: Any, exact: Exact) -> str | None:
    if isinstance(value, dict | list):
        below: Exact = {}
        made = json_object(value, below) if isinstance(value, dict) else _json_list(value, below)
        if below:
            exact[name] = below
        return made
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number | int | float):
        held = storable(name, value, exact)
        return None if held is None else repr(held)
    if isinstance(value, str):
        return _quoted(value)
    raise TypeError(f"{name} is of type {type(value).__name__}, which JSON does not know")


def _json_list(values: list[Any], exact: Exact) -> str:
    # Counted from 0, as a path of the dynamic UI does; nothing is left out, or the others would move up.
    items = [
        _json(str(index), value, exact) if value is not None else None for index, value in enumerate(values)
    ]
    return "[" + ",".join(item or "null" for item in items) + "]"
