"""Aggregation expressions: mongomock's, with MongoDB's rules for missing fields and for dates."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mongomock import aggregate

from .accumulators import COMBINE
from .documents import MISSING
from .errors import CommandError
from .matching import precedes

if TYPE_CHECKING:
    from collections.abc import Callable

    from .documents import Document, Value

DEFAULT_DATE_FORMAT = "%Y-%m-%dT%H:%M:%S.%LZ"
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")

_DATE_PARTS: dict[str, Callable[[datetime], str]] = {
    "%": lambda _: "%",
    "L": lambda date: f"{date.microsecond // 1000:03d}",
    "w": lambda date: str(date.isoweekday() % 7 + 1),
    "z": lambda date: date.strftime("%z") or "+0000",
    "Z": lambda date: str(int((date.utcoffset() or timedelta()).total_seconds() // 60)),
}
"""Format specifiers that mean something else to strftime, or nothing."""

_COMPARISONS: dict[str, Callable[[int], bool]] = {
    "$eq": lambda order: order == 0,
    "$ne": lambda order: order != 0,
    "$gt": lambda order: order > 0,
    "$gte": lambda order: order >= 0,
    "$lt": lambda order: order < 0,
    "$lte": lambda order: order <= 0,
}


def evaluate(expression: Value, document: Document) -> Value:
    """What `expression` is for `document`, or MISSING where it names a field that is not there."""
    if not isinstance(expression, dict | str):
        return expression
    try:
        return _evaluator(document, ignore_missing_keys=True).parse(expression)
    except KeyError:
        return MISSING


_Parser: Any = aggregate._Parser  # noqa: SLF001 - mongomock offers no other way in


class _Evaluator(_Parser):  # type: ignore[misc]  # mongomock has no types
    """mongomock's parser; overridden is what it leaves out or does otherwise than MongoDB."""

    parse: Callable[[Value], Value]
    _parse_or_nothing: Callable[[Value], Value]

    def _handle_comparison_operator(self, operator: str, values: Value) -> Value:
        if not isinstance(values, list) or len(values) != 2:
            raise CommandError(16020, f"Expression {operator} takes exactly 2 arguments.")
        left, right = (self._parse_or_nothing(value) for value in values)
        order = _order(left, right)
        return order if operator == "$cmp" else _COMPARISONS[operator](order)

    def _handle_project_operator(self, operator: str, values: Value) -> Value:
        if operator not in COMBINE:
            return super()._handle_project_operator(operator, values)
        if isinstance(values, list) and len(values) != 1:
            found = [self._parse_or_nothing(value) for value in values]
        else:
            single = self._parse_or_nothing(values[0] if isinstance(values, list) else values)
            found = single if isinstance(single, list) else [single]
        return COMBINE[operator]([value for value in found if value is not MISSING])

    def _handle_date_operator(self, operator: str, values: Value) -> Value:
        if operator == "$dateToString":
            return self._date_to_string(values)
        expression = values.get("date") if isinstance(values, dict) and "date" in values else values
        if operator in ("$dateFromParts", "$dateFromString"):
            return super()._handle_date_operator(operator, values)
        if self._parse_or_nothing(expression) in (None, MISSING):
            return None
        return super()._handle_date_operator(operator, values)

    def _date_to_string(self, values: Value) -> Value:
        if not isinstance(values, dict) or "date" not in values:
            raise CommandError(18628, "$dateToString takes a document with a 'date'")
        date = self._parse_or_nothing(values["date"])
        if date in (None, MISSING):
            return self._parse_or_nothing(values.get("onNull"))
        if not isinstance(date, datetime):
            raise CommandError(16006, f"can't convert from BSON type {type(date).__name__} to Date")
        zone = self._parse_or_nothing(values.get("timezone"))
        date = date.replace(tzinfo=UTC).astimezone(_zone(zone) if isinstance(zone, str) else UTC)
        return format_date(date, self._parse_or_nothing(values.get("format", DEFAULT_DATE_FORMAT)))


_evaluator: Callable[..., _Evaluator] = _Evaluator


def _order(left: Value, right: Value) -> int:
    """-1, 0 or 1, in MongoDB's order; a missing value comes before all others."""
    if left is MISSING or right is MISSING:
        return (left is not MISSING) - (right is not MISSING)
    if left == right and isinstance(left, bool) == isinstance(right, bool):
        return 0
    return -1 if precedes(left, right) else 1


def _zone(name: str) -> tzinfo:
    """The zone that `name` stands for: an Olson name or an offset (+09:00). Raises CommandError 40485."""
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        sign, hours, minutes = offset.groups(default="0")
        span = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(span if sign == "+" else -span)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise CommandError(40485, f'unrecognized time zone identifier: "{name}"') from error


def format_date(date: datetime, pattern: str) -> str:
    """`date` by MongoDB's format specifiers, which are strftime's but for a few."""

    def one(match: re.Match[str]) -> str:
        specifier: Any = match[1]
        return _DATE_PARTS[specifier](date) if specifier in _DATE_PARTS else date.strftime(match[0])

    return re.sub(r"%(.)", one, pattern)
