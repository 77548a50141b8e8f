"""MongoDB's update operators, each on one concrete path of a document that it changes.

They follow MongoDB's manual: https://www.mongodb.com/docs/manual/reference/operator/update/.
"""

from __future__ import annotations

import functools
import operator
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bson.int64 import Int64
from bson.regex import Regex
from bson.timestamp import Timestamp

from .errors import CommandError
from .matching import BsonComparable, matches, precedes, sort_key, sort_values, value_matches
from .paths import Path, locate, make_way, read, split, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from .documents import Document, Value

    Operator = Callable[[Document, Path, Value], None]

_MISSING = object()
_PUSH_MODIFIERS = {"$each", "$position", "$slice", "$sort"}


def _set(document: Document, path: Path, operand: Value) -> None:
    write(make_way(document, path), operand)


def _unset(document: Document, path: Path, _: Value) -> None:
    place = locate(document, path)
    if place is None:
        return
    container, key = place
    if isinstance(container, dict):
        container.pop(str(key), None)
    else:
        container[int(key)] = None


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _calculate(name: str, combine: Callable[[Value, Value], Value], initial: Value) -> Operator:
    def apply(document: Document, path: Path, operand: Value) -> None:
        if not _is_number(operand):
            raise CommandError(
                14, f"Cannot {name} with non-numeric argument: {{{'.'.join(path)}: {operand!r}}}"
            )
        place = make_way(document, path)
        current = read(place, _MISSING)
        if current is _MISSING:
            write(place, combine(type(operand)(initial), operand))
            return
        if not _is_number(current):
            raise CommandError(
                14,
                f"Cannot apply ${name} to a value of non-numeric type: the field '{'.'.join(path)}' is "
                f"{type(current).__name__}",
            )
        result = combine(current, operand)
        is_long = isinstance(result, int) and (isinstance(current, Int64) or isinstance(operand, Int64))
        write(place, Int64(result) if is_long else result)

    return apply


def _keep_extreme(*, greatest: bool) -> Operator:
    def apply(document: Document, path: Path, operand: Value) -> None:
        place = make_way(document, path)
        current = read(place, _MISSING)
        if current is _MISSING or (precedes(current, operand) if greatest else precedes(operand, current)):
            write(place, operand)

    return apply


def _rename(document: Document, path: Path, operand: Value) -> None:
    if not isinstance(operand, str):
        raise CommandError(2, f"The 'to' field for $rename must be a string: {'.'.join(path)}: {operand!r}")
    place = locate(document, path)
    if place is None or (value := read(place, _MISSING)) is _MISSING:
        return
    if isinstance(place[0], list):
        raise CommandError(2, f"The source field of $rename cannot be an array element: {'.'.join(path)}")
    _unset(document, path, None)
    _set(document, split(operand), value)


def _current_date(document: Document, path: Path, operand: Value) -> None:
    wanted = (
        operand.get("$type") if isinstance(operand, dict) else "date" if isinstance(operand, bool) else None
    )
    if wanted not in ("date", "timestamp"):
        raise CommandError(
            2, f"$currentDate takes true, or {{$type: 'date' or 'timestamp'}}, not {operand!r}"
        )
    now = datetime.now(UTC).replace(tzinfo=None)
    _set(document, path, now if wanted == "date" else Timestamp(int(time.time()), 1))


def _array_to_change(document: Document, path: Path, name: str) -> list[Value]:
    """The array at `path`, a copy that is in place there already; an empty one where nothing was."""
    place = make_way(document, path)
    current = read(place, _MISSING)
    if current is _MISSING:
        current = []
    if not isinstance(current, list):
        raise CommandError(
            2,
            f"{name}: the field '{'.'.join(path)}' must be an array but is of type {type(current).__name__}",
        )
    changed = list(current)
    write(place, changed)
    return changed


def _existing_array(document: Document, path: Path, name: str) -> list[Value] | None:
    place = locate(document, path)
    if place is None or read(place, _MISSING) is _MISSING:
        return None
    return _array_to_change(document, path, name)


def _each(operand: Value, name: str) -> list[Value]:
    if isinstance(operand, dict) and "$each" in operand:
        if not isinstance(operand["$each"], list):
            raise CommandError(14, f"The argument to $each in {name} must be an array: {operand['$each']!r}")
        return operand["$each"]
    return [operand]


def _push(document: Document, path: Path, operand: Value) -> None:
    array = _array_to_change(document, path, "$push")
    new = _each(operand, "$push")
    modifiers: Document = operand if isinstance(operand, dict) and "$each" in operand else {}
    if unknown := set(modifiers) - _PUSH_MODIFIERS:
        raise CommandError(2, f"Unrecognized clause in $push: {min(unknown)}")
    position = modifiers.get("$position", len(array))
    array[position:position] = new
    if "$sort" in modifiers:
        array[:] = _sorted(array, modifiers["$sort"])
    if "$slice" in modifiers:
        size = modifiers["$slice"]
        array[:] = array[size:] if size < 0 else array[:size]


def _sorted(array: list[Value], order: Value) -> list[Value]:
    if not isinstance(order, dict):
        return sort_values(array, descending=order < 0)
    for path, direction in reversed(order.items()):
        key = functools.partial(_key_inside, path)
        array = sorted(array, key=key, reverse=direction < 0)
    return array


def _key_inside(path: str, item: Value) -> Value:
    return sort_key(path, item) if isinstance(item, dict) else (1, BsonComparable(None))


def _add_to_set(document: Document, path: Path, operand: Value) -> None:
    array = _array_to_change(document, path, "$addToSet")
    for item in _each(operand, "$addToSet"):
        if item not in array:
            array.append(item)


def _pull(document: Document, path: Path, operand: Value) -> None:
    array = _existing_array(document, path, "$pull")
    if array is not None:
        array[:] = [item for item in array if not _is_pulled(operand, item)]


def _is_pulled(operand: Value, item: Value) -> bool:
    if isinstance(operand, Regex):
        return value_matches(operand, item)
    if not isinstance(operand, dict):
        return bool(operand == item)
    if any(name.startswith("$") and name not in ("$and", "$or", "$nor") for name in operand):
        return value_matches(operand, item)
    return isinstance(item, dict) and matches(operand, item)


def _pull_all(document: Document, path: Path, operand: Value) -> None:
    if not isinstance(operand, list):
        raise CommandError(2, f"$pullAll requires an array argument but was given {type(operand).__name__}")
    array = _existing_array(document, path, "$pullAll")
    if array is not None:
        array[:] = [item for item in array if item not in operand]


def _pop(document: Document, path: Path, operand: Value) -> None:
    if operand not in (1, -1):
        raise CommandError(9, f"$pop expects 1 or -1, found: {operand!r}")
    array = _existing_array(document, path, "$pop")
    if array:
        del array[-1 if operand == 1 else 0]


_BITWISE = {"and": operator.and_, "or": operator.or_, "xor": operator.xor}


def _bit(document: Document, path: Path, operand: Value) -> None:
    if not isinstance(operand, dict) or not operand or set(operand) - set(_BITWISE):
        raise CommandError(2, f"$bit takes a document of and, or, xor: {'.'.join(path)}: {operand!r}")
    place = make_way(document, path)
    current = read(place, 0)
    for name, number in operand.items():
        if not isinstance(current, int) or not isinstance(number, int):
            raise CommandError(
                2, f"$bit works on integers alone: {'.'.join(path)}: {current!r} {name} {number!r}"
            )
        current = _BITWISE[name](current, number)
    write(place, current)


OPERATORS: dict[str, Operator] = {
    "$set": _set,
    "$setOnInsert": _set,
    "$unset": _unset,
    "$inc": _calculate("increment", operator.add, 0),
    "$mul": _calculate("multiply", operator.mul, 0),
    "$min": _keep_extreme(greatest=False),
    "$max": _keep_extreme(greatest=True),
    "$rename": _rename,
    "$currentDate": _current_date,
    "$push": _push,
    "$addToSet": _add_to_set,
    "$pull": _pull,
    "$pullAll": _pull_all,
    "$pop": _pop,
    "$bit": _bit,
}
"""By name. $setOnInsert sets, when there is an insert at all: its caller sees to that."""
