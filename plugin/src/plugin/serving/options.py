"""Options checked against the JSON Schema that the console shows as a form.

Checked are `type` (string, integer, number, boolean, array, object), `default`, `enum`, `pattern`, `minimum`,
`maximum`, `items`, `minItems`, `maxItems`, `uniqueItems` and `required`; other keywords concern the form alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from plugin.serving.errors import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GENERATIONS: Final = ("2.x", "1.12")
"""The SpaceONE generations that a collector can serve."""

_GENERATION: Final = {
    "title": "SpaceONE Generation",
    "description": "The API generation of the installation that stores the resources.",
    "type": "string",
    "enum": list(GENERATIONS),
    "default": "2.x",
}


class OptionsSchema:
    """A collector's schema of options, and the check by it.

    Args:
        schema: What the collector declares.

    Attributes:
        document: The schema as the platform gets it, with the option `generation`, and with the form's `order`.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._fields: dict[str, Any] = {**schema.get("properties", {}), "generation": _GENERATION}
        self._required = schema.get("required", ())
        self.document = {**schema, "properties": self._fields, "order": list(self._fields)}

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Check the options of a request.

        Numbers come as floats, since protobuf's Struct has no other: an option of type integer becomes an int. Texts
        lose the blanks around them, and lists with `uniqueItems` their duplicates. An option that is null is not given.

        Args:
            values: The options that are given.

        Returns:
            All options that are given or have a default.

        Raises:
            InvalidParameter: An option is unknown, missing, or has a value that the schema excludes; names the option.
        """
        for name in values:
            if name not in self._fields:
                known = ", ".join(self._fields)
                raise InvalidParameter(f"options.{name}", f"there is no such option; the options are {known}")
        given = {name: value for name, value in values.items() if value is not None}
        if "generation" in given:
            # Without quotes, 1.12 is a number in YAML.
            given["generation"] = str(given["generation"])
        checked = {}
        for name, field in self._fields.items():
            key = f"options.{name}"
            if name in given:
                checked[name] = _check(key, field, given[name])
            elif "default" in field:
                checked[name] = _check(key, field, field["default"])
            elif name in self._required:
                raise InvalidParameter(key, "this option is required")
        return checked


def whole_number(key: str, value: object) -> int:
    """A whole number that came through a protobuf Struct, where 5 is 5.0.

    Raises:
        InvalidParameter: It is not a whole number; names the key.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise InvalidParameter(key, f"{value!r} is not a whole number")
    return int(value)


def _check(key: str, field: Mapping[str, Any], value: Any) -> Any:
    check = _CHECKS.get(field.get("type", ""))
    checked = check(key, field, value) if check else value
    if "enum" in field and checked not in field["enum"]:
        raise InvalidParameter(key, f"{value!r} is not one of {', '.join(map(str, field['enum']))}")
    return checked


def _string(key: str, field: Mapping[str, Any], value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidParameter(key, f"{value!r} is not a text")
    text = value.strip()
    if "pattern" in field and not re.search(field["pattern"], text):
        raise InvalidParameter(key, f"{value!r} does not match the pattern {field['pattern']}")
    return text


def _integer(key: str, field: Mapping[str, Any], value: Any) -> int:
    number = whole_number(key, value)
    _check_bounds(key, field, number)
    return number


def _number(key: str, field: Mapping[str, Any], value: Any) -> float:
    # Neither infinite nor NaN, which is smaller than nothing.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
        raise InvalidParameter(key, f"{value!r} is not a number")
    _check_bounds(key, field, value)
    return float(value)


def _check_bounds(key: str, field: Mapping[str, Any], value: float) -> None:
    least, most = field.get("minimum"), field.get("maximum")
    if (least is None or value >= least) and (most is None or value <= most):
        return
    bounds = f"between {least} and {most}"
    if most is None:
        bounds = f"{least} or more"
    elif least is None:
        bounds = f"{most} or less"
    raise InvalidParameter(key, f"{value:.12g} is not {bounds}")


def _boolean(key: str, _field: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidParameter(key, f"{value!r} is not true or false")
    return value


def _array(key: str, field: Mapping[str, Any], value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidParameter(key, f"{value!r} is not a list")
    least, most = field.get("minItems", 0), field.get("maxItems")
    if len(value) < least:
        raise InvalidParameter(key, f"{len(value)} items are fewer than {least}")
    if most is not None and len(value) > most:
        raise InvalidParameter(key, f"{len(value)} items are more than {most}")
    items = [_check(key, field.get("items", {}), item) for item in value]
    if not field.get("uniqueItems"):
        return items
    try:
        return list(dict.fromkeys(items))
    except TypeError:  # a list of lists or objects
        return items


def _object(key: str, _field: Mapping[str, Any], value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidParameter(key, f"{value!r} is not an object")
    return value


_CHECKS: Final[dict[str, Callable[[str, Mapping[str, Any], Any], Any]]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
}
