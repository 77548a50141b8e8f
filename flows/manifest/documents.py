"""YAML files read into models, with errors that name file, line and field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from flows.manifest.errors import FileMissing, InvalidField, NotYaml

_LARGEST = 2**53

Model = TypeVar("Model", bound=BaseModel)


class Document(BaseModel):
    """A file's model: nothing unknown is let through, nothing is changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def exists(path: Path, folder: bool = False) -> bool:
    """Whether a file (or folder) is there.

    Raises:
        FileMissing: nobody can tell: a folder above it may not be read, or the name is not one.
    """
    try:
        return path.is_dir() if folder else path.is_file()
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}.") from None


def read_document(path: Path, shown: str) -> tuple[dict[str, Any], yaml.Node | None]:
    """Reads one mapping from a YAML file.

    Args:
        path: The file.
        shown: How messages name it.

    Returns:
        The mapping, and the tree it came from (for the lines of its keys).

    Raises:
        FileMissing: there is no such file.
        NotYaml: it is not YAML, holds several documents, or anything but a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileMissing(f"{shown} is missing.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NotYaml(f"{shown} cannot be read: {error}.") from error
    try:
        data, node = yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = ", ".join(filter(None, (error.context, error.problem)))
        if isinstance(error, (ComposerError, ConstructorError)) and "'" in problem:
            # An alias or a tag, in the file's own words: a secret that begins with * or ! is taken for one.
            problem = f"{problem.partition(chr(39))[0].strip()}; quote a value that begins with * or !"
        raise NotYaml(f"{shown}{line} is not YAML: {problem}.") from None
    except yaml.YAMLError as error:
        raise NotYaml(f"{shown} is not YAML: {error}.") from error
    except (ValueError, AttributeError):
        # PyYAML's own, for what looks like a date or a number and is none: 2030-13-01.
        raise NotYaml(
            f"{shown} holds a date or number that does not exist; quote it if it is text."
        ) from None
    if not isinstance(data, dict):
        found = "nothing" if data is None else f"a {type(data).__name__}"
        raise NotYaml(f"{shown} should hold one mapping of fields, and holds {found}.")
    if (name := _unheld_number(data)) is not None:
        raise InvalidField(
            f"{shown}: the number in {name} is more than the platform's numbers (doubles) can hold."
        )
    return data, node


def _unheld_number(value: Any, name: str = "") -> str | None:
    """Where a number stands that a double does not hold exactly or JSON does not know; None where none does."""
    if isinstance(value, dict):
        parts = [(item, f"{name}.{key}".lstrip(".")) for key, item in value.items()]
    elif isinstance(value, list):
        parts = [(item, f"{name}[{index}]") for index, item in enumerate(value)]
    else:
        held = not isinstance(value, (int, float)) or (isinstance(value, int) and abs(value) <= _LARGEST)
        return None if held or (isinstance(value, float) and math.isfinite(value)) else name
    return next((found for item, path in parts if (found := _unheld_number(item, path)) is not None), None)


def parse(model: type[Model], data: Mapping[str, Any], node: yaml.Node | None, shown: str) -> Model:
    """A mapping as a model.

    Raises:
        InvalidField: names the file, the line and every field at fault.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False, include_input=False):
            path = [part for part in problem["loc"] if part != "function-after"]
            number = _line(node, path)
            where = f"{shown}:{number}" if number else shown
            name = ".".join(str(part) for part in path) or "the file"
            lines.append(f"{where}: {_words(name, problem['type'], problem['msg'], model)}")
        raise InvalidField("\n".join(lines)) from None


def load(model: type[Model], path: Path, shown: str) -> Model:
    """`read_document` and `parse` in one.

    Raises:
        ManifestError: as both do.
    """
    data, node = read_document(path, shown)
    return parse(model, data, node, shown)


def _words(name: str, kind: str, message: str, model: type[BaseModel]) -> str:
    if kind == "extra_forbidden":
        known = sorted(info.alias or field for field, info in model.model_fields.items())
        hint = f" The fields here are: {', '.join(known)}." if "." not in name else ""
        return f"unknown field {name!r}.{hint}"
    if kind == "missing":
        return f"the field {name!r} is missing."
    return f"the field {name!r}: {message.removeprefix('Value error, ')}"


def _line(node: yaml.Node | None, path: Sequence[str | int]) -> int | None:
    """The line, from 1, of the innermost part of `path` that the file has."""
    line = None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
