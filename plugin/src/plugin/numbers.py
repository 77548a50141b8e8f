"""Numbers as the source wrote them: none is rounded on the way without saying so.

What stores a resource holds less than JSON can say. Inventory 2.x takes JSON, and keeps whole numbers of 64 bits and
doubles; 1.12 takes a protobuf Struct, which has doubles alone. So a number that a double does not hold to the last
digit travels twice: as the nearest number that can be stored, and by its digits as text, in `data.exact`.
"""

from __future__ import annotations

import math
import sys
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Number = int | float | Decimal
"""A number of the source. Whole ones are ints; the others are floats where a float is the number itself to the last
digit, and Decimals where it is not."""

Exact = dict[str, Any]
"""The digits of numbers that a double does not hold, by the keys of the data; `{"supply": {"total": "1E+400"}}`."""

CERTAIN: Final = sys.float_info.dig + 1
"""A number of so many characters, a point or an exponent among them, is a double's for sure (DBL_DIG digits are)."""

CERTAIN_INTEGER: Final = 2**53
"""So is a whole number up to this one."""

_LEAST, _LARGEST = 1e-290, 1e290  # nearer to its ends a double has fewer digits, or none
_LARGEST_DOUBLE: Final = sys.float_info.max
_LEAST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**63 - 1


def number(text: str) -> float | Decimal:
    """Read a number with a point or an exponent.

    Raises:
        ValueError: It has an exponent beyond all reason.
    """
    double = float(text)
    if len(text) <= CERTAIN and _LEAST < abs(double) < _LARGEST:
        return double
    shortest = repr(double)  # what everybody reads who prints the double
    if shortest == text:
        return double
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:40]} is no number that can be kept") from None
    return double if Decimal(shortest) == value else value


def storable(values: Mapping[str, Any], exact: Exact) -> dict[str, Any]:
    """What inventory can store of a resource's data.

    Args:
        values: Texts, numbers, booleans, and dicts and lists of them; what is None is left out, and so is a number
            of which there is nothing to store (1e400, 1e-400).
        exact: Takes the digits of numbers that a double does not hold.

    Raises:
        ValueError: A number is infinite, or none at all.
        TypeError: A value is nothing that JSON can say.
    """
    held = {}
    for name, value in values.items():
        # Nearly all values are of these kinds: a resource has some thirty, and a page 250 resources.
        kind = type(value)
        if (
            kind is str
            or (kind is float and -_LARGEST_DOUBLE <= value <= _LARGEST_DOUBLE)
            or (kind is int and -CERTAIN_INTEGER <= value <= CERTAIN_INTEGER)
        ):
            held[name] = value
        elif value is not None:
            kept = _value(name, value, exact)
            if kept is not None:
                held[name] = kept
    return held


def _value(name: str, value: Any, exact: Exact) -> Any:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, dict | list):
        below: Exact = {}
        kept = storable(value, below) if isinstance(value, dict) else _list(value, below)
        if below:
            exact[name] = below
        return kept
    if isinstance(value, Number):
        return _number(name, value, exact)
    raise TypeError(f"{name} is of type {type(value).__name__}, which JSON does not know")


def _list(values: list[Any], exact: Exact) -> list[Any]:
    # Counted from 0, as a path of the dynamic UI does; nothing is left out, or the others would move up.
    return [None if value is None else _value(str(index), value, exact) for index, value in enumerate(values)]


def _number(name: str, value: Number, exact: Exact) -> int | float | None:
    """The nearest number that MongoDB has; its digits go to `exact` where a double does not hold them."""
    try:
        double = float(value)
    except OverflowError:  # a whole number beyond all doubles
        double = math.inf
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}, which is no number in JSON")
        return value
    digits = Decimal(value)
    there = math.isfinite(double) and (double != 0.0 or digits == 0)
    if not there or Decimal(repr(double)) != digits:
        exact[name] = str(value)
    if isinstance(value, int) and _LEAST_INTEGER <= value <= _LARGEST_INTEGER:
        return value
    return double if there else None
