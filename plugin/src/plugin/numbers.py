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

_LEAST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**63 - 1


class Number(str):
    """A number of the source by its digits, as JSON spells it; `float(number)` is the nearest double."""

    __slots__ = ()


def stored(number: Number) -> tuple[str | None, bool]:
    """What JSON for inventory 2.x says of a number.

    Returns:
        JSON's text of the nearest number that can be stored, None where there is none (1e400, 1e-400); and whether
        a double is the number itself, to the last digit.
    """
    double = float(number)
    if repr(double) == number:  # most numbers, as the source's own are doubles, too
        return number, True
    value = Decimal(number)
    if math.isinf(double) or (double == 0.0 and value != 0):
        return None, False
    # Shortest digits: what everybody reads who prints the double.
    exact = value == Decimal(repr(double))
    whole = number.lstrip("-").isdecimal()
    # MongoDB refuses a whole number of more than 64 bits.
    fits = not whole or _LEAST_INTEGER <= int(number) <= _LARGEST_INTEGER
    return (number if fits else repr(double)), exact
