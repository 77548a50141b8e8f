"""What an update command does to a document: operators, a replacement or a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bson.regex import Regex

from . import stages
from .errors import CommandError
from .operators import OPERATORS
from .paths import expand, make_way, split, write

if TYPE_CHECKING:
    from .documents import Document, Value

PIPELINE_STAGES = {"$addFields", "$set", "$project", "$unset", "$replaceRoot", "$replaceWith"}


class Change(Protocol):
    """A parsed update."""

    def apply(self, document: Document, filter_: Document, *, inserting: bool) -> Document:
        """The new content of `document`, which may be changed; `filter_` found it, or seeded it."""
        ...


@dataclass(frozen=True)
class _Replacement:
    content: Document

    def apply(self, document: Document, filter_: Document, *, inserting: bool) -> Document:
        del filter_, inserting
        identity = {"_id": document["_id"]} if "_id" in document else {}
        return {**identity, **self.content}


@dataclass(frozen=True)
class _Pipeline:
    pipeline: list[Document]

    def apply(self, document: Document, filter_: Document, *, inserting: bool) -> Document:
        del filter_, inserting
        (result,) = stages.run([document], self.pipeline)
        return result if "_id" in result or "_id" not in document else {"_id": document["_id"], **result}


@dataclass(frozen=True)
class _Operators:
    operators: dict[str, Document]
    array_filters: dict[str, Document]

    def apply(self, document: Document, filter_: Document, *, inserting: bool) -> Document:
        for name, fields in self.operators.items():
            if name == "$setOnInsert" and not inserting:
                continue
            for path, operand in fields.items():
                for concrete in expand(path, document, filter_, self.array_filters):
                    OPERATORS[name](document, concrete, operand)
        return document


def parse(update: Value, array_filters: list[Document] | None = None, *, multi: bool = False) -> Change:
    """The change that an update command asks for; raises CommandError for one that is no update."""
    if isinstance(update, list):
        for stage in update:
            if not isinstance(stage, dict) or len(stage) != 1:
                raise CommandError(
                    40323, "A pipeline stage specification object must contain exactly one field."
                )
            if not PIPELINE_STAGES.issuperset(stage):
                raise CommandError(72, f"{next(iter(stage))} is not allowed to be used within an update")
        return _Pipeline(update)
    if not isinstance(update, dict):
        raise CommandError(
            9, f"Update argument must be either an object or an array, not {type(update).__name__}"
        )
    if not next(iter(update), "").startswith("$"):
        if multi:
            raise CommandError(9, "multi update is not supported for replacement-style update")
        if dollars := [name for name in update if name.startswith("$")]:
            raise CommandError(
                52, f"The dollar ($) prefixed field '{dollars[0]}' is not allowed in a replacement."
            )
        return _Replacement(update)
    for name, fields in update.items():
        if name not in OPERATORS:
            raise CommandError(
                9,
                f"Unknown modifier: {name}. Expected a valid update modifier or pipeline-style update "
                "specified as an array",
            )
        if not isinstance(fields, dict):
            raise CommandError(
                9, f"Modifiers operate on fields but we found {type(fields).__name__} for {name}"
            )
    _refuse_conflicts(update)
    return _Operators(update, _named_filters(array_filters or [], update))


def _refuse_conflicts(update: dict[str, Document]) -> None:
    """Two changes to one path, or to a path and one inside it, have no order and are refused."""
    touched = [path for fields in update.values() for path in fields]
    touched += [target for target in update.get("$rename", {}).values() if isinstance(target, str)]
    previous: tuple[str, ...] = ()
    for path in sorted(split(path) for path in touched):
        if previous and path[: len(previous)] == previous:
            raise CommandError(
                40,
                f"Updating the path '{'.'.join(path)}' would create a conflict at '{'.'.join(previous)}'",
            )
        previous = path


def _named_filters(array_filters: list[Document], update: dict[str, Document]) -> dict[str, Document]:
    named: dict[str, Document] = {}
    for array_filter in array_filters:
        names = _top_names(array_filter)
        if len(names) != 1:
            raise CommandError(
                9, f"Expected a single top-level field name in an array filter, found {sorted(names)}"
            )
        (name,) = names
        if name in named:
            raise CommandError(9, f"Found multiple array filters with the same top-level field name {name}")
        named[name] = array_filter
    used = "\n".join(path for fields in update.values() for path in fields)
    for name in named:
        if f"$[{name}]" not in used:
            raise CommandError(9, f"The array filter for identifier '{name}' was not used in the update")
    return named


def _top_names(filter_: Document) -> set[str]:
    names: set[str] = set()
    for field, condition in filter_.items():
        if field in ("$and", "$or", "$nor"):
            names.update(name for clause in condition for name in _top_names(clause))
        else:
            names.add(field.partition(".")[0])
    return names


def seed(filter_: Document) -> Document:
    """The document that an upsert starts from: the filter's equalities, also those under `$and`."""
    document: Document = {}
    _seed(document, filter_)
    return document


def _seed(document: Document, filter_: Document) -> None:
    for name, condition in filter_.items():
        if name == "$and" or (name == "$or" and len(condition) == 1):
            for clause in condition:
                _seed(document, clause)
        elif name.startswith("$") or isinstance(condition, Regex):
            continue
        elif isinstance(condition, dict) and any(key.startswith("$") for key in condition):
            if "$eq" in condition:
                write(make_way(document, split(name)), condition["$eq"])
        else:
            write(make_way(document, split(name)), condition)
