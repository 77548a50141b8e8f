"""The stages of a pipeline. No stage changes its input, so stored documents are used without a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mongomock import aggregate

from .accumulators import ACCUMULATE, KEEPS_MISSING
from .documents import MISSING, Document, Value, key_of
from .errors import CommandError
from .expressions import evaluate
from .matching import matches
from .ordering import sort_documents
from .paths import Path, with_value

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    Stage = Callable[[list[Document], Value, "Others"], list[Document]]

_combine_projection: Callable[..., Any] = aggregate._combine_projection_spec  # noqa: SLF001 - mongomock's stage as it is
_project_by_spec: Callable[..., Any] = aggregate._project_by_spec  # noqa: SLF001 - mongomock's stage as it is
_PLAIN = (0, 1)
"""The values of a $project's fields that are shown or hidden and not calculated; booleans equal them."""


class Others(Protocol):
    """The other collections of the database, for the stages that join."""

    def find(self, name: str, filter_: Document) -> list[Document]:
        """The documents of collection `name` that match."""
        ...


class NoOthers:
    """No collection at all, as for a pipeline in an update."""

    def find(self, name: str, filter_: Document) -> list[Document]:
        """Raises CommandError 72: such a pipeline cannot join."""
        raise CommandError(72, f"Collection {name} cannot be read here ({filter_})")


def run(documents: list[Document], pipeline: list[Document], others: Others | None = None) -> list[Document]:
    """What comes out of `pipeline`; raises CommandError and mongomock's errors for a broken stage."""
    others = others or NoOthers()
    for stage in pipeline:
        if not isinstance(stage, dict) or len(stage) != 1:
            raise CommandError(40323, "A pipeline stage specification object must contain exactly one field.")
        ((name, options),) = stage.items()
        handler = STAGES.get(name)
        if handler is None:
            if name in ("$out", "$merge"):
                raise CommandError(
                    238, f"The embedded MongoDB does not write collections from pipelines ({name})"
                )
            raise CommandError(40324, f"Unrecognized pipeline stage name: '{name}'")
        documents = handler(documents, options, others)
    return documents


def _match(documents: list[Document], options: Value, _: Others) -> list[Document]:
    return [document for document in documents if matches(options, document)]


def _group(documents: list[Document], options: Value, _: Others) -> list[Document]:
    if not isinstance(options, dict) or "_id" not in options:
        raise CommandError(15955, "a group specification must include an _id")
    fields = [(name, *_accumulator(name, option)) for name, option in options.items() if name != "_id"]
    groups: dict[Hashable, tuple[Value, list[Document]]] = {}
    for document in documents:
        identity = evaluate(options["_id"], document)
        identity = None if identity is MISSING else identity
        groups.setdefault(key_of(identity), (identity, []))[1].append(document)
    return [
        {"_id": identity}
        | {name: _accumulate(operator, expression, members) for name, operator, expression in fields}
        for identity, members in groups.values()
    ]


def _accumulator(name: str, option: Value) -> tuple[str, Value]:
    if not isinstance(option, dict) or len(option) != 1:
        raise CommandError(40234, f"The field '{name}' must be an accumulator object")
    ((operator, expression),) = option.items()
    if operator not in ACCUMULATE:
        raise CommandError(15952, f"unknown group operator '{operator}'")
    return operator, expression


def _accumulate(operator: str, expression: Value, members: list[Document]) -> Value:
    values = [evaluate(expression, member) for member in members]
    if operator in KEEPS_MISSING:
        values = [None if value is MISSING else value for value in values]
    else:
        values = [value for value in values if value is not MISSING]
    return ACCUMULATE[operator](values)


def _project(documents: list[Document], options: Value, _: Others) -> list[Document]:
    if not isinstance(options, dict) or not options:
        raise CommandError(
            51272, "Invalid $project :: caused by :: projection specification must have at least one field"
        )
    shown = {name: bool(value) for name, value in options.items() if value in _PLAIN and name != "_id"}
    calculated = {name: value for name, value in options.items() if value not in _PLAIN}
    if len(set(shown.values())) > 1 or (calculated and False in shown.values()):
        raise CommandError(31254, f"Invalid $project: fields are either shown or hidden, not both: {options}")
    excluding = False in shown.values() or (not shown and not calculated)
    listed = list(shown)
    if "_id" not in calculated and bool(options.get("_id", 1)) != excluding:
        listed.append("_id")
    if excluding and set(options) == {"_id"} and options["_id"]:
        excluding, listed = False, ["_id"]
    spec = _combine_projection(listed, original_filter=options)
    results = [_project_by_spec(document, spec, is_include=not excluding) for document in documents]
    return _calculated(documents, results, calculated)


def _calculated(sources: list[Document], targets: list[Document], fields: Document) -> list[Document]:
    """Copies of `targets` with `fields` calculated from the source at the same place."""
    paths: list[tuple[Path, Value]] = [
        (tuple(name.split(".")), expression) for name, expression in fields.items()
    ]
    results: list[Document] = []
    for source, target in zip(sources, targets, strict=True):
        result = target
        for path, expression in paths:
            value = evaluate(expression, source)
            if value is not MISSING:
                result = with_value(result, path, value)
        results.append(result)
    return results


def _add_fields(documents: list[Document], options: Value, _: Others) -> list[Document]:
    if not isinstance(options, dict) or not options:
        raise CommandError(
            40177, "Invalid $addFields :: caused by :: specification must have at least one field"
        )
    return _calculated(documents, documents, options)


def _unset(documents: list[Document], options: Value, others: Others) -> list[Document]:
    names = options if isinstance(options, list) else [options]
    return _project(documents, dict.fromkeys(names, 0), others)


def _replace_root(documents: list[Document], options: Value, _: Others) -> list[Document]:
    if not isinstance(options, dict) or "newRoot" not in options:
        raise CommandError(40231, "no newRoot specified for the $replaceRoot stage")
    return [_root(options["newRoot"], document) for document in documents]


def _replace_with(documents: list[Document], options: Value, _: Others) -> list[Document]:
    return [_root(options, document) for document in documents]


def _root(expression: Value, document: Document) -> Document:
    root = evaluate(expression, document)
    if not isinstance(root, dict):
        raise CommandError(
            40228, f"'newRoot' expression must evaluate to an object, but resulting value was: {root!r}"
        )
    return root


def _sort(documents: list[Document], options: Value, _: Others) -> list[Document]:
    if not isinstance(options, dict) or not options:
        raise CommandError(15976, "$sort stage must have at least one sort key")
    return sort_documents(documents, options, lambda document: document)


def _skip(documents: list[Document], options: Value, _: Others) -> list[Document]:
    return documents[_whole("$skip", options, least=0) :]


def _limit(documents: list[Document], options: Value, _: Others) -> list[Document]:
    return documents[: _whole("$limit", options, least=1)]


def _whole(name: str, value: Value, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < least:
        raise CommandError(15958, f"the {name} must be a whole number of at least {least}, not {value!r}")
    return int(value)


def _count(documents: list[Document], options: Value, _: Others) -> list[Document]:
    if not isinstance(options, str) or not options or options.startswith("$") or "." in options:
        raise CommandError(40156, "the count field must be a non-empty string without '$' and '.'")
    return [{options: len(documents)}] if documents else []


def _sort_by_count(documents: list[Document], options: Value, others: Others) -> list[Document]:
    groups = _group(documents, {"_id": options, "count": {"$sum": 1}}, others)
    return sorted(groups, key=lambda group: group["count"], reverse=True)


def _unwind(documents: list[Document], options: Value, _: Others) -> list[Document]:
    options = options if isinstance(options, dict) else {"path": options}
    path = options.get("path")
    if not isinstance(path, str) or not path.startswith("$"):
        raise CommandError(28818, f"path option to $unwind stage should be prefixed with a '$': {path!r}")
    parts = tuple(path[1:].split("."))
    index_path = options.get("includeArrayIndex")
    results: list[Document] = []
    for document in documents:
        value = _plain_value(document, parts)
        if value is None or value is MISSING or value == []:
            items: list[tuple[int | None, Value]] = []
            if options.get("preserveNullAndEmptyArrays"):
                kept = (
                    document
                    if value != []
                    else _project_by_spec(
                        document,
                        _combine_projection([".".join(parts)], original_filter=options),
                        is_include=False,
                    )
                )
                results.append(with_value(kept, (index_path,), None) if index_path else kept)
        else:
            items = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, item in items:
            result = with_value(document, parts, item)
            results.append(with_value(result, (index_path,), index) if index_path else result)
    return results


def _plain_value(document: Value, parts: Path) -> Value:
    """What `parts` reach through objects alone."""
    for part in parts:
        if not isinstance(document, dict) or part not in document:
            return MISSING
        document = document[part]
    return document


def _lookup(documents: list[Document], options: Value, others: Others) -> list[Document]:
    wanted = {"from", "localField", "foreignField", "as"}
    if not isinstance(options, dict) or set(options) != wanted:
        raise CommandError(
            238,
            f"$lookup of the embedded MongoDB takes {', '.join(sorted(wanted))}, and nothing else: {options}",
        )
    results: list[Document] = []
    target = tuple(options["as"].split("."))
    for document in documents:
        local = evaluate(f"${options['localField']}", document)
        local = None if local is MISSING else local
        condition = {"$in": local} if isinstance(local, list) else {"$eq": local}
        found = others.find(options["from"], {options["foreignField"]: condition})
        results.append(with_value(document, target, found))
    return results


def _facet(documents: list[Document], options: Value, others: Others) -> list[Document]:
    if not isinstance(options, dict) or not options:
        raise CommandError(40169, "the $facet specification must be a non-empty object")
    return [{name: run(documents, pipeline, others) for name, pipeline in options.items()}]


def _by_mongomock(name: str) -> Stage:
    handler: Any = aggregate._PIPELINE_HANDLERS[name]  # noqa: SLF001 - mongomock's stage as it is

    def stage(documents: list[Document], options: Value, _: Others) -> list[Document]:
        return list(handler(documents, None, dict(options)))

    return stage


STAGES: dict[str, Stage] = {
    "$match": _match,
    "$group": _group,
    "$project": _project,
    "$addFields": _add_fields,
    "$set": _add_fields,
    "$unset": _unset,
    "$replaceRoot": _replace_root,
    "$replaceWith": _replace_with,
    "$sort": _sort,
    "$skip": _skip,
    "$limit": _limit,
    "$count": _count,
    "$sortByCount": _sort_by_count,
    "$unwind": _unwind,
    "$lookup": _lookup,
    "$facet": _facet,
    "$bucket": _by_mongomock("$bucket"),
    "$sample": _by_mongomock("$sample"),
}
