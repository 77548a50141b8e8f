"""The accumulators of $group, which are also used on arrays in expressions.

mongomock has accumulators too. But its $addToSet treats zero as missing, its $first and $last skip missing values, and
it cannot compare values of different types.
"""

from __future__ import annotations

import functools
import statistics
from typing import TYPE_CHECKING

from bson.decimal128 import Decimal128

from .documents import Document, Value, unique_by_key
from .matching import precedes

if TYPE_CHECKING:
    from collections.abc import Callable


def _numbers(values: list[Value]) -> list[Value]:
    """The numbers among `values` (no booleans); decimals when one of them is a decimal."""
    found = [
        value
        for value in values
        if isinstance(value, int | float | Decimal128) and not isinstance(value, bool)
    ]
    if any(isinstance(value, Decimal128) for value in found):
        return [
            value.to_decimal() if isinstance(value, Decimal128) else Decimal128(str(value)).to_decimal()
            for value in found
        ]
    return found


def _as_bson(number: Value) -> Value:
    return number if isinstance(number, int | float) else Decimal128(number)


def _sum(values: list[Value]) -> Value:
    return _as_bson(sum(_numbers(values)))


def _average(values: list[Value]) -> Value:
    numbers = _numbers(values)
    return _as_bson(sum(numbers) / len(numbers)) if numbers else None


def _extreme(values: list[Value], *, greatest: bool) -> Value:
    present = [value for value in values if value is not None]
    if not present:
        return None
    best = present[0]
    for value in present[1:]:
        if precedes(best, value) if greatest else precedes(value, best):
            best = value
    return best


def _merge(values: list[Value]) -> Document:
    merged: Document = {}
    for value in values:
        merged.update(value or {})
    return merged


def _deviation(values: list[Value], *, of_sample: bool) -> float | None:
    numbers = [float(value) for value in _numbers(values)]
    if len(numbers) <= of_sample:
        return None
    return statistics.stdev(numbers) if of_sample else statistics.pstdev(numbers)


COMBINE: dict[str, Callable[[list[Value]], Value]] = {
    "$sum": _sum,
    "$avg": _average,
    "$min": functools.partial(_extreme, greatest=False),
    "$max": functools.partial(_extreme, greatest=True),
    "$first": lambda values: values[0] if values else None,
    "$last": lambda values: values[-1] if values else None,
    "$mergeObjects": _merge,
    "$stdDevPop": functools.partial(_deviation, of_sample=False),
    "$stdDevSamp": functools.partial(_deviation, of_sample=True),
}
"""Those that also work inside an expression."""

ACCUMULATE: dict[str, Callable[[list[Value]], Value]] = {
    **COMBINE,
    "$push": list,
    "$addToSet": unique_by_key,
    "$count": len,
}
"""Those that $group knows."""

KEEPS_MISSING = {"$first", "$last", "$count"}
"""Those for which a document without the value counts all the same, as null."""
