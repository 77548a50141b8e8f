"""Reads YAML files into parts: one for each document, with its place and the lines of its fields."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from flows import yaml_documents
from flows.files import Folder, read_named
from flows.manifest.errors import FileMissing, InvalidField, NotYaml
from flows.yaml_documents import MAX_BYTES, NotYamlError, documents

_LARGEST = 2**53
_INSTEAD = {
    "true": "true, or quote it",
    "false": "false, or quote it",
    "text": "1000.0 if it is a number, or quote it",
}
_READ_AS = {"bool": "true or false", "int": "a number", "float": "a number", "null": "nothing"}

#: The path of a field: names in mappings, numbers from 0 in lists.
FieldPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """Where a document is, for messages.

    Attributes:
        file: The file, as messages name it. For a default, the manifest's folder.
        part: Which part of the file, such as `document 2`; empty if the file contains only one document.
        parameters: The names of the parameters (`-p`) that changed the document.
        default: Whether no file declares it.
    """

    file: str
    part: str = ""
    parameters: tuple[str, ...] = ()
    default: bool = False

    def __str__(self) -> str:
        part = f" ({self.part})" if self.part else ""
        parameters = f" with -p {' -p '.join(self.parameters)}" if self.parameters else ""
        return f"{self.file}{part}{parameters}"

    def at(self, line: int) -> str:
        """`file:line`, which editors and terminals open."""
        return f"{self.file}:{line}"


@dataclass(frozen=True)
class Part:
    """One document.

    Attributes:
        data: Its fields.
        node: The YAML tree of the fields, for line numbers; None if it is not from a file.
        place: Where it is.
        given: The fields that parameters (`-p`) set, with the parameters' names.
        elsewhere: The fields that another document declares, with that document.
        remarks: What is to be said about the document in a plan.
    """

    data: dict[str, Any] = field(repr=False)
    node: yaml.Node | None
    place: Place
    given: Mapping[FieldPath, str] = field(default_factory=dict)
    elsewhere: Mapping[str | int, Part] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def where(self, *path: str | int) -> str:
        """`file:line` of the innermost part of `path` that the file has; of the document itself without a path."""
        if path and (part := self.elsewhere.get(path[0])):
            return part.where(*path)
        if not path and self.node is not None:
            return self.place.at(self.node.start_mark.line + 1)
        line = next(reversed([line for line, _ in _steps(self.node, path)]), None)
        return self.place.at(line) if line else str(self.place)

    def read_as(self, *path: str | int) -> str | None:
        """What YAML reads a value without quotation marks as, if not as text: `a number`; None for all others."""
        nodes = [node for _, node in _steps(self.node, path)]
        plain = len(nodes) == len(path) and isinstance(nodes[-1], yaml.ScalarNode) and not nodes[-1].style
        return _READ_AS.get(nodes[-1].tag.rpartition(":")[2]) if plain else None

    def without(self, ignored: Mapping[str, str]) -> Part:
        """The document without some fields, of which each has the reason why it is ignored: a remark says so."""
        remarks = [
            f"{self.where(name)}: {name} is ignored: {ignored[name]}."
            for name in self.data
            if name in ignored
        ]
        data = {name: value for name, value in self.data.items() if name not in ignored}
        return dataclasses.replace(self, data=data, remarks=(*self.remarks, *remarks)) if remarks else self

    def remarked(self) -> tuple[str, ...]:
        """All remarks: `remarks`, and those on values."""
        return (*self.remarks, *self._doubtful())

    def _doubtful(self) -> Iterator[str]:
        """Remarks on values without quotation marks that YAML reads otherwise than they look."""
        for node, read_as in yaml_documents.doubtful(self.node) if self.node else ():
            shown = node.value if read_as != "text" else "a number such as 1e3"
            place = self.place.at(node.start_mark.line + 1)
            yield f"{place}: YAML reads {shown} as {read_as}: write {_INSTEAD[read_as]}."

    def below(self, *path: str | int, part: str) -> Part:
        """The mapping at `path`, as a separate part called `part`."""
        data: Any = self.data
        for step in path:
            data = data[step]
        nodes = [node for _, node in _steps(self.node, path)]
        node = nodes[-1] if len(nodes) == len(path) else None
        named = ", ".join(filter(None, (self.place.part, part)))
        return Part(data, node, Place(self.place.file, named))


def exists(path: Path, folder: bool = False) -> bool:
    """Whether a file (or folder) exists.

    Raises:
        FileMissing: it cannot be checked: a parent folder cannot be read, or the name is invalid.
    """
    try:
        return path.is_dir() if folder else path.is_file()
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}.") from None


def read_document(path: Path, within: Path | None = None) -> Part:
    """Reads the one document of a YAML file; arguments and errors are those of `read_parts`.

    Raises:
        NotYaml: it does not contain exactly one mapping.
    """
    parts = read_parts(path, within)
    if len(parts) != 1:
        found = f"{len(parts)} documents" if parts else "nothing"
        raise NotYaml(f"{path} should contain one mapping of fields, but contains {found}.")
    return parts[0]


def read_parts(path: Path, within: Path | None = None) -> list[Part]:
    """Reads the documents of a YAML file; empty ones are left out.

    Args:
        path: The file.
        within: A folder of somebody else: a link that leads out of it is refused. None for a file that the user names.

    Raises:
        FileMissing: there is no such file.
        NotYaml: it is not YAML, exceeds a limit, or a document is not a mapping.
        InvalidField: the platform cannot store a number.
    """
    found = _documents(path, within)
    parts = []
    for number, (data, node) in enumerate(found, start=1):
        place = Place(str(path), f"document {number}" if len(found) > 1 else "")
        if not isinstance(data, dict):
            raise NotYaml(
                f"{place} should contain one mapping of fields, but contains a {type(data).__name__}."
            )
        if (name := unheld_number(data)) is not None:
            raise InvalidField(
                f"{place}: the number in {name} cannot be stored exactly by the platform, whose numbers are doubles."
            )
        parts.append(Part(data, node, place))
    return parts


def unheld_number(value: Any, name: str = "") -> str | None:
    """The path of a number that a double does not store exactly or JSON does not have; None if there is none."""
    if isinstance(value, dict):
        parts = [(item, f"{name}.{key}".lstrip(".")) for key, item in value.items()]
    elif isinstance(value, list):
        parts = [(item, f"{name}[{index}]") for index, item in enumerate(value)]
    else:
        held = not isinstance(value, (int, float)) or (isinstance(value, int) and abs(value) <= _LARGEST)
        return None if held or (isinstance(value, float) and math.isfinite(value)) else name
    return next((found for item, path in parts if (found := unheld_number(item, path)) is not None), None)


def _documents(path: Path, within: Path | None) -> list[tuple[Any, yaml.Node]]:
    """The data of each document, with its YAML tree."""
    try:
        content = (
            Folder(within).read(path.relative_to(within), MAX_BYTES)
            if within
            else read_named(path, MAX_BYTES)
        )
        return documents(content.decode())
    except FileNotFoundError:
        raise FileMissing(f"{path} is missing.") from None
    except UnicodeDecodeError as error:
        raise NotYaml(f"{path} is not text in UTF-8 (byte {error.start}).") from None
    except OSError as error:
        raise NotYaml(f"{path} cannot be read: {error.strerror}.") from None
    except NotYamlError as error:
        where = f"{path}:{error.line}" if error.line else str(path)
        raise NotYaml(f"{where} {error.problem}.") from None


def _steps(node: yaml.Node | None, path: Sequence[str | int]) -> Iterator[tuple[int, yaml.Node]]:
    """The line, from 1, and the node of each part of `path`, as far as the file contains it."""
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                return
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return
        yield line, node
