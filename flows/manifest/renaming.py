"""What parameters rename: other documents that refer to it take the new name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.manifest.documents import Declaration
from flows.manifest.models import Collector, Plugin, Provider, Schema, ServiceAccount
from flows.manifest.reading import FieldPath, Part

Kind = type[Declaration]

_SUPPORTED = ("capability", "supported_schema")
#: The fields that refer to a kind by its id, which some may do in a list: by the kind and the kind that refers to it.
_REFERENCES: dict[tuple[Kind, Kind], FieldPath] = {
    (Plugin, Collector): ("plugin_info", "plugin_id"),
    (Schema, ServiceAccount): ("secret_schema_id",),
    (Schema, Schema): ("related_schemas",),
    (Schema, Provider): _SUPPORTED,
    (Schema, Plugin): _SUPPORTED,
}


@dataclass(frozen=True)
class Renamed:
    """A document that parameters rename.

    Attributes:
        kind: What it declares.
        old: Its id in the file.
        new: Its id with the parameters.
        parameters: Their names.
    """

    kind: Kind
    old: str
    new: str
    parameters: tuple[str, ...]


def plugin_ids(plugins: Iterable[Part]) -> frozenset[str]:
    """The ids that a plugin has on platforms of either generation: in 1.12 it is always the image's last part."""
    found = (name for part in plugins for name in (_id(Plugin, part.data), _last_part(part.data)))
    return frozenset(name for name in found if name)


def renamed(kind: Kind, before: Sequence[Part], after: Sequence[Part]) -> Iterator[Renamed]:
    """The documents of a kind that have another id with parameters than without them."""
    for old, new in zip(before, after, strict=True):
        ids = _id(kind, old.data), _id(kind, new.data)
        if ids[0] and ids[1] and ids[0] != ids[1]:
            naming = {*kind.identified_by, "image"}
            names = tuple(name for path, name in new.given.items() if path[0] in naming)
            yield Renamed(kind, ids[0], ids[1], names)


def followed(kind: Kind, part: Part, changes: Iterable[Renamed]) -> Part:
    """A document whose references take the new names, unless a parameter sets them; a remark says so."""
    for change in changes:
        path = _REFERENCES.get((change.kind, kind))
        if path is None or any(path[: len(given)] == given for given in part.given):
            continue
        data = _replaced(part.data, path, change)
        if data is not part.data:
            field = ".".join(str(step) for step in path)
            remark = f"{part.where(*path)}: {field} follows -p {' -p '.join(change.parameters)}."
            part = dataclasses.replace(part, data=data, remarks=(*part.remarks, remark))
    return part


def _replaced(value: Any, path: FieldPath, change: Renamed) -> Any:
    """The value with the new name at `path`; the value itself if the old one is not there."""
    if path:
        below = value.get(path[0]) if isinstance(value, Mapping) else None
        changed = _replaced(below, path[1:], change)
        return value if changed is below else {**value, path[0]: changed}
    if isinstance(value, list) and change.old in value:
        return [change.new if item == change.old else item for item in value]
    return change.new if value == change.old else value


def _id(kind: Kind, data: Mapping[str, Any]) -> str | None:
    named = next((data[name] for name in kind.identified_by if data.get(name)), None)
    if kind is Plugin:
        named = data.get("plugin_id") or _last_part(data)
    return named if isinstance(named, str) else None


def _last_part(data: Mapping[str, Any]) -> str | None:
    image = data.get("image")
    return image.rsplit("/", 1)[-1] if isinstance(image, str) else None
