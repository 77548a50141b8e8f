"""Whether data fits a JSON Schema, as far as the forms of service accounts use it.

The platform validates with the whole standard. This knows the keywords of forms and leaves the others to the platform,
so that it refuses nothing that the platform accepts. It reads no reference (`$ref`), and its time grows with the data
alone. Messages have words of the schema only: the data may be secret, its keys too.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from flows.text import quoted

_SHOWN = 5  # misfits in a message
_LONGEST = 200  # characters of a text that is matched with a pattern
_CHOICE = re.compile(r"[*+{?|]")
_QUANTIFIED_GROUP = re.compile(r"\)[*+?{]")
_MOST_CHOICES = 3


def misfits_in_words(data: Any, schema: Any) -> str:
    """The first misfits as one text; "" if there is none."""
    found = list(islice(misfits(data, schema), _SHOWN + 1))
    return "; ".join([*found[:_SHOWN], *(["…"] if len(found) > _SHOWN else [])])


def misfits(data: Any, schema: Any, path: str = "") -> Iterator[str]:
    """What in the data does not fit the schema: sentences without a full stop, none of which contains a value.

    >>> list(misfits({"port": "x"}, {"required": ["host"], "properties": {"port": {"type": "integer"}}}))
    ["'host' is missing", "'port' is not of the type integer"]
    """
    if not isinstance(schema, Mapping) or "$ref" in schema:
        return
    what = quoted(path, 100) if path else "the data"
    data = data.strip() if isinstance(data, str) else data  # as the platform does before it validates
    kinds = schema.get("type")
    wanted = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    if wanted and not any(_is(data, kind) for kind in wanted):
        yield f"{what} is not of the type {' or '.join(str(kind) for kind in wanted)}"
        return
    if isinstance(schema.get("enum"), list) and not any(_equal(data, one) for one in schema["enum"]):
        yield f"{what} is none of the values that are allowed"
    if "const" in schema and not _equal(data, schema["const"]):
        yield f"{what} is not the value that is allowed"
    if isinstance(data, str):
        yield from _text(data, schema, what)
    elif _is(data, "number"):
        yield from _limits(data, schema, what, _NUMBER)
    elif isinstance(data, list):
        yield from _limits(len(data), schema, what, _ITEMS)
        if isinstance(items := schema.get("items"), Mapping):
            for index, item in enumerate(data):
                yield from misfits(item, items, f"{path}[{index}]")
    elif isinstance(data, Mapping):
        yield from _mapping(data, schema, path)


def _mapping(data: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[str]:
    at = f"{path}." if path else ""
    required = schema.get("required")
    for name in required if isinstance(required, list) else []:
        if isinstance(name, str) and name not in data:
            yield f"{quoted(at + name, 100)} is missing"
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    for name, value in data.items():
        if name in known:
            yield from misfits(value, known[name], f"{at}{name}")
    if (
        schema.get("additionalProperties") is False
        and "patternProperties" not in schema
        and set(data) - set(known)
    ):
        names = ", ".join(quoted(name) for name in known) or "none"
        yield f"{quoted(path, 100) if path else 'the data'} has a field that is not allowed; allowed are {names}"


def _text(value: str, schema: Mapping[str, Any], what: str) -> Iterator[str]:
    yield from _limits(len(value), schema, what, _LENGTH)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and len(value) <= _LONGEST and _is_quick(pattern):
        try:
            with warnings.catch_warnings():  # of a pattern that Python may read otherwise one day
                warnings.simplefilter("ignore")
                fits = re.search(pattern, value) is not None
        except (re.error, OverflowError, RecursionError):
            return  # the platform says what is wrong with the schema
        if not fits:
            yield f"{what} does not match the pattern {quoted(pattern, 100)}"


def _is_quick(pattern: str) -> bool:
    """Whether the time of a match is bounded: `(a+)+` or twenty times `a?` may take for ever."""
    return len(_CHOICE.findall(pattern)) <= _MOST_CHOICES and not _QUANTIFIED_GROUP.search(pattern)


_Limit = tuple[str, str, Callable[[float, float], bool]]
_NUMBER: tuple[_Limit, ...] = (
    ("minimum", "is less than", float.__lt__),
    ("maximum", "is more than", float.__gt__),
    ("exclusiveMinimum", "is not more than", float.__le__),
    ("exclusiveMaximum", "is not less than", float.__ge__),
)
_LENGTH: tuple[_Limit, ...] = (
    ("minLength", "has fewer characters than", float.__lt__),
    ("maxLength", "has more characters than", float.__gt__),
)
_ITEMS: tuple[_Limit, ...] = (
    ("minItems", "has fewer items than", float.__lt__),
    ("maxItems", "has more items than", float.__gt__),
)


def _limits(value: float, schema: Mapping[str, Any], what: str, limits: tuple[_Limit, ...]) -> Iterator[str]:
    for keyword, words, breaks in limits:
        limit: Any = schema.get(keyword)
        if _is(limit, "number") and breaks(float(value), float(limit)):
            yield f"{what} {words} {limit:g}"


def _is(value: Any, kind: Any) -> bool:
    """Whether a value is of a type of JSON Schema; of every type that is not known here."""
    if not isinstance(kind, str):
        return True
    if isinstance(value, bool):
        return kind not in {"object", "array", "string", "number", "integer", "null"}
    types = {
        "object": isinstance(value, Mapping),
        "array": isinstance(value, list),
        "string": isinstance(value, str),
        "number": isinstance(value, (int, float)),
        # The platform stores every number as a double, and takes 4.0 for an integer.
        "integer": isinstance(value, int) or (isinstance(value, float) and value.is_integer()),
        "boolean": False,
        "null": value is None,
    }
    return types.get(kind, True)


def _equal(one: Any, other: Any) -> bool:
    """Python's equality, but true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
