"""What SpaceONE's console is to draw in the place of a number.

The console draws a number with a comma before every third digit, also behind the point: 64231.123456 becomes
`64,231.123,456`. A text is drawn as it is. So a number with decimals has a text for people, in `shown`, which
`plugin.serving.ui.number` refers to; the number itself stays as the source gave it.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite, log10
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
KEY: Final = "shown"
"""The key of these texts, in the data of a resource and in a row of a table."""

_LARGEST_WHOLE: Final = 2**53
"""Up to this one the console, which has doubles, knows every whole number."""


def shown(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What the console is to draw for some numbers, by their names.

    A whole number stays one, since the console draws it right, and a number beyond ten million becomes one. Any other
    becomes a text with seven significant digits, such as `64,231.12`, `0.999999` or `0.00000000521`. None is left out,
    and what is no number is not changed.

    Args:
        values: The numbers, as the source gave them, among others.
        names: Which of them.
    """
    made: dict[str, Any] = {}
    get = values.get
    for name in names:
        value: Any = get(name)
        kind = type(value)
        if kind is float:
            size = abs(value)
            # In the order of how often they come: a page has thousands of them. Seven digits below 999 need no comma.
            if 1e-4 <= size < 999:
                made[name] = "%.7g" % value  # noqa: UP031 - twice as fast as an f-string
            elif 9_900_000 <= size <= _LARGEST_WHOLE:
                made[name] = round(value)
            elif 999 <= size < 9_900_000:
                made[name] = f"{value:,.7g}"
            elif 1e-20 <= size < 1e-4:
                # As many decimals as it takes; "g" would write an exponent.
                made[name] = f"{value:.{7 - int(log10(size))}f}".rstrip("0")
            else:
                made[name] = _rare(value)
        elif kind is int and -_LARGEST_WHOLE <= value <= _LARGEST_WHOLE:
            made[name] = value
        elif value is not None:
            made[name] = _rare(value)
    return made


def _rare(value: Any) -> Any:
    if isinstance(value, Decimal):
        double = float(value)
        return shown({KEY: double}, [KEY])[KEY] if double and isfinite(double) else str(value)
    if type(value) is int:
        return f"{value:,}"
    if isinstance(value, float) and value:
        return f"{value:,.0f}" if _LARGEST_WHOLE < abs(value) < 1e21 else str(value)
    return value
