"""Numbers as the source wrote them: read, kept and passed on by their digits, so that none is ever rounded here.

What stores a resource can hold less. Inventory 2.x takes JSON, and keeps whole numbers of 64 bits and doubles; 1.12
takes a protobuf Struct, which has doubles alone. So a number that a double does not hold to the last digit travels
twice: as the nearest number that can be stored, and by its digits as text, in `data.exact`.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

CERTAIN: Final = 15
"""A number of so many characters without an exponent is a double's for sure (IEEE 754 binary64: DBL_DIG)."""

DIGITS: Final = "-.0123456789"
"""What a number without an exponent is made of."""

CERTAIN_INTEGER: Final = 2**53
"""So is a whole number up to this one."""

_LEAST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**63 - 1


class Number(str):
    """A number of the source with a point or an exponent, by its digits; `float(number)` is the nearest double.

    Whole numbers are Python's own, which have no end.
    """

    __slots__ = ()


def certain(number: Number) -> bool:
    """Whether a double obviously holds a number to its last digit; False wants a closer look."""
    short = len(number) <= CERTAIN and not number.strip(DIGITS)
    return short or repr(float(number)) == number


def stored(number: Number | int) -> tuple[float | int | None, bool]:
    """What inventory can store of a number.

    Returns:
        The nearest number that MongoDB has, None where there is none (1e400, 1e-400); and whether a double is the
        number itself, to the last digit.
    """
    value = Decimal(number)
    try:
        double = float(number)
    except OverflowError:  # an integer beyond all doubles
        return None, False
    if math.isinf(double) or (double == 0.0 and value != 0):
        return None, False
    # Shortest digits: what everybody reads who prints the double.
    exact = value == Decimal(repr(double))
    # MongoDB refuses a whole number of more than 64 bits.
    if isinstance(number, int) and _LEAST_INTEGER <= number <= _LARGEST_INTEGER:
        return number, exact
    return double, exact
