"""A field of a dynamic layout as text, as the console would show its value.

The types are those of the console's dynamic fields: text, badge, state, enum, datetime, list, dict, size, more. Any
other is drawn as text, such as `image` and `progress`, which SpaceONE's framework offers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

#: Where the console puts a comma: before every third digit from the end of a run of digits, also behind the point.
_THIRD_DIGIT = re.compile(r"(?<=\d)(?=(?:\d{3})+(?!\d))")
#: Types without a prefix and a postfix around nothing.
_BARE = frozenset({"enum", "list", "dict", "more"})
_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
#: Seconds in one unit of a datetime's `source_type`, if the value is a number.
_EPOCHS = {"timestamp": 1.0, "milliseconds": 1e-3, "seconds": 1.0}


def value(record: Any, key: str) -> Any:
    """The value of a dotted key in a record; None if there is none. A list gives one value for each entry."""
    found: Any = record
    for index, part in enumerate(parts := key.split(".") if key else []):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, Sequence) and not isinstance(found, str):
            if part.isdecimal():
                found = found[int(part)] if int(part) < len(found) else None
            else:
                return [value(entry, ".".join(parts[index:])) for entry in found]
        else:
            return None
    return found


def cell(value: Any) -> str:
    """A value as text, a number as the console writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return _THIRD_DIGIT.sub(",", _number(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {cell(item)}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(cell(item) for item in value)
    return str(value)


def _number(value: float) -> str:
    """A number as JavaScript writes it: as a double, in the shortest way, without an exponent from 1e-6 to 1e21."""
    try:
        double = float(value)
    except OverflowError:
        return str(value)
    if not math.isfinite(double):
        return str(double)
    if double and not 1e-6 <= abs(double) < 1e21:
        return re.sub(r"(?<=e[+-])0+", "", repr(double))
    return f"{Decimal(repr(double or 0.0)):f}".removesuffix(".0")


def shown(field: Mapping[str, Any], record: Any) -> str:
    """The text that the console shows for a field of a record.

    Args:
        field: `key`, and optionally `type` and `options` (`prefix`, `postfix`, labels of an enum, …).
        record: The resource.
    """
    options = field.get("options")
    return _drawn(
        str(field.get("type", "text")), options if isinstance(options, Mapping) else {}, _of(field, record)
    )


def _of(field: Mapping[str, Any], record: Any) -> Any:
    found = value(record, str(field.get("key", "")))
    options = field.get("options")
    sub_key = options.get("sub_key") if isinstance(options, Mapping) else None
    if sub_key and isinstance(found, Sequence) and not isinstance(found, str):
        return [value(entry, str(sub_key)) for entry in found]
    return found


def _drawn(kind: str, options: Mapping[str, Any], found: Any) -> str:
    if found is None:
        default = options.get("default")
        if kind in _BARE or (kind == "badge" and default is None):
            return cell(default)
        text = cell(default)
    else:
        text = _TYPES.get(kind, _plain)(options, found)
    return f"{options.get('prefix', '')}{text}{options.get('postfix', '')}"


def _state(_: Mapping[str, Any], found: Any) -> str:
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return _number(found) if is_number else cell(found)


def _plain(_: Mapping[str, Any], found: Any) -> str:
    return cell(found)


def _enum(options: Mapping[str, Any], found: Any) -> str:
    """Labels instead of values; an option is a name, or a field with a name."""
    if isinstance(found, Sequence) and not isinstance(found, str):
        return ", ".join(_enum(options, entry) for entry in found)
    chosen = options.get(cell(found))
    if isinstance(chosen, Mapping):
        return str(chosen.get("name") or found)
    return str(chosen or cell(found))


def _datetime(options: Mapping[str, Any], found: Any) -> str:
    """A time in UTC, to the minute; a value that is not a time is not changed."""
    factor = _EPOCHS.get(str(options.get("source_type", "iso8601")))
    try:
        moment = (
            datetime.fromtimestamp(float(found) * factor, UTC)
            if factor
            else datetime.fromisoformat(str(found))
        )
    except (TypeError, ValueError, OverflowError, OSError):
        return cell(found)
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _size(options: Mapping[str, Any], found: Any) -> str:
    try:
        number = float(found)
    except (TypeError, ValueError):
        return cell(found)
    if not math.isfinite(number):
        return cell(found)
    source = str(options.get("source_unit", "B")).upper().replace("BYTES", "B")
    number *= 1024 ** _UNITS.index(source) if source in _UNITS else 1
    power = min(int(math.log(abs(number), 1024)), len(_UNITS) - 1) if abs(number) >= 1 else 0
    return f"{number / 1024**power:,.4g} {_UNITS[power]}"


def _more(options: Mapping[str, Any], found: Any) -> str:
    inner = value(options, "layout.name")
    return f"{cell(found)} (opens {inner})" if inner else cell(found)


_TYPES = {
    "state": _state,
    "enum": _enum,
    "datetime": _datetime,
    "size": _size,
    "more": _more,
}
