"""Numbers as the source wrote them: none is rounded without a trace.

JSON can express numbers that SpaceONE cannot store. Inventory 2.x takes JSON, and stores whole numbers of 64 bits and
doubles; 1.12 takes a protobuf Struct, which has doubles only. A number that a double cannot hold to its last digit
becomes the nearest one that can be stored; a type with `exact_numbers` also sends its digits, in `data.exact`.
"""

from __future__ import annotations

import math
import sys
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Number = int | float | Decimal
"""A number of the source. Whole ones are ints; the others are floats where a float holds the number to its last digit,
and Decimals where it does not."""

Exact = dict[str, Any]
"""The digits of numbers that a double cannot hold, by the keys of the data: `{"supply": {"total": "1E+400"}}`."""

CERTAIN: Final = sys.float_info.dig + 1
"""A number written with so many characters, one of them a point or an exponent, fits a double (DBL_DIG digits do)."""

CERTAIN_INTEGER: Final = 2**53
"""So does a whole number up to this one."""

_CERTAIN_NEGATIVE: Final = -CERTAIN_INTEGER

_CONTAINERS: Final = (dict, list)
_LEAST, _LARGEST = 1e-290, 1e290  # beyond these bounds a double has fewer digits, or none
_LEAST_DOUBLE: Final = -sys.float_info.max
_LARGEST_DOUBLE: Final = sys.float_info.max
_LEAST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**63 - 1


def number(text: str) -> float | Decimal:
    """Read a number with a point or an exponent, without rounding it.

    Raises:
        ValueError: Its exponent is too large even for a Decimal.
    """
    double = float(text)
    if len(text) <= CERTAIN and _LEAST < abs(double) < _LARGEST:
        return double
    shortest = repr(double)  # as every program prints the double
    if shortest == text:
        return double
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:40]} is not a number that can be kept") from None
    return double if Decimal(shortest) == value else value


def storable(values: Mapping[str, Any], exact: Exact) -> dict[str, Any]:
    """What inventory can store of a resource's data.

    Args:
        values: Texts, numbers, booleans, and dicts and lists of them; None is left out, and so is a number without
            any double near it (1e400, 1e-400).
        exact: Receives the digits of numbers that a double cannot hold.

    Raises:
        ValueError: A number is infinite or NaN.
        TypeError: JSON has no such value.
    """
    held = {}
    for name, value in values.items():
        # Nearly all values are of these kinds: a resource has some thirty, and a page 250 resources.
        kind = type(value)
        if (
            kind is str
            or (kind is float and _LEAST_DOUBLE <= value <= _LARGEST_DOUBLE)
            or (kind is int and _CERTAIN_NEGATIVE <= value <= CERTAIN_INTEGER)
        ):
            held[name] = value
        elif value is not None:
            kept = _value(name, value, exact)
            if kept is not None:
                held[name] = kept
    return held


def _value(name: str, value: Any, exact: Exact) -> Any:
    if isinstance(value, _CONTAINERS):
        below: Exact = {}
        kept = storable(value, below) if isinstance(value, dict) else _list(value, below)
        if below:
            exact[name] = below
        return kept
    if isinstance(value, str | bool):
        return value
    if isinstance(value, Number):
        return _number(name, value, exact)
    raise TypeError(f"{name} is of type {type(value).__name__}, which JSON does not have")


def _list(values: list[Any], exact: Exact) -> list[Any]:
    # Counted from 0, as in a path of the dynamic UI. None stays, or the others would move up.
    return [None if value is None else _value(str(index), value, exact) for index, value in enumerate(values)]


def _number(name: str, value: Number, exact: Exact) -> int | float | None:
    """The nearest number that MongoDB has; its digits go to `exact` where a double cannot hold them."""
    try:
        double = float(value)
    except OverflowError:  # a whole number beyond the largest double
        double = math.inf
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}, which is not a number in JSON")
        return value
    digits = Decimal(value)
    there = math.isfinite(double) and (double != 0.0 or digits == 0)
    if not there or Decimal(repr(double)) != digits:
        exact[name] = str(value)
    if isinstance(value, int) and _LEAST_INTEGER <= value <= _LARGEST_INTEGER:
        return value
    return double if there else None
