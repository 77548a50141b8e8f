"""The kind of a document: from its fields; where they leave it open, from its folders' names, then from its file's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from flows.manifest.documents import Declaration
from flows.manifest.errors import UnknownKind
from flows.manifest.faults import Faults
from flows.manifest.models import KINDS
from flows.manifest.reading import Part
from flows.text import quoted

Kind = type[Declaration]

_SHOWN = 12  # fields in a message

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def _marks(kind: Kind) -> frozenset[str]:
    """The fields that only this kind has."""
    return frozenset(kind.fields()).difference(*(other.fields() for other in KINDS if other is not kind))


def _forms(kind: Kind) -> frozenset[str]:
    """How names spell the kind, singular or plural: `service_account` or `serviceaccount`."""
    plural = f"{kind.kind[:-1]}ies" if kind.kind.endswith("y") else f"{kind.kind}s"
    return frozenset({kind.kind, plural, kind.kind.replace("_", ""), plural.replace("_", "")})


_MARKS = {kind: _marks(kind) for kind in KINDS}
_FORMS = {kind: _forms(kind) for kind in KINDS}


def kinds_named(name: str) -> list[Kind]:
    """The kinds whose name is part of a file's or folder's name.

    `create_provider`, `01-portfolio-provider`, `providers` and `identity.Provider` all contain `provider`;
    `service_account_schema` contains two, and the fields decide.
    """
    words = f"_{'_'.join(word.lower() for word in _WORD.findall(name))}_"
    return [kind for kind in KINDS if any(f"_{form}_" in words for form in _FORMS[kind])]


def by_kind(
    documents: Iterable[tuple[Part, Path]],
    told: Iterable[tuple[Kind, Part]] = (),
    faults: Faults | None = None,
) -> dict[Kind, list[Part]]:
    """The documents of a manifest, by what they declare.

    The other documents may decide what one document leaves open. A manifest contains only one provider: if
    another document is the provider, a document that may be a provider or a collector is the collector.

    Args:
        documents: Each with the path of its file, relative to the manifest's folder.
        told: Those whose kind is known already.
        faults: Collects what is raised otherwise. If there are faults already, what the missing documents may decide
            is none.

    Raises:
        UnknownKind: a kind is unclear, or a name contradicts the fields.
    """
    found: dict[Kind, list[Part]] = {kind: [] for kind in KINDS}
    for kind, part in told:
        found[kind].append(part)
    collected = Faults() if faults is None else faults
    incomplete = bool(collected)
    candidates = []
    for part, path in documents:
        with collected.collecting():
            candidates.append((part, kinds_of(part, path)))
    for part, kinds in candidates:
        if len(kinds) == 1:
            found[kinds[0]].append(part)
    taken = {kind for kind in KINDS if found[kind] and not kind.several}
    for part, kinds in candidates:
        if len(kinds) > 1:
            left = [kind for kind in kinds if kind not in taken]
            if len(left) == 1:
                found[left[0]].append(part)
            elif not incomplete:
                with collected.collecting():
                    raise UnknownKind(_untold(part, left or kinds))
    if faults is None:
        collected.check()
    return found


def kinds_of(part: Part, path: Path) -> list[Kind]:
    """The kinds that a document may have: one, unless two kinds have all of its fields.

    Args:
        part: The document.
        path: The path of its file, relative to the manifest's folder.

    Raises:
        UnknownKind: it is of no kind, or the name contradicts the fields.
    """
    hints = [found for name in (*reversed(path.parent.parts), path.stem) if (found := kinds_named(name))]
    marked = [kind for kind in KINDS if _MARKS[kind].intersection(part.data)]
    fitting = [kind for kind in KINDS if _fits(kind, part)]
    required = [kind for kind in KINDS if _required(kind, part)]
    left = _narrowed(marked or fitting or required or list(KINDS), hints)
    if (
        len(marked) == 1
        and hints
        and not any(marked[0] in hint for hint in hints)
        and marked[0] not in required
    ):
        field = next(field for field in part.data if field in _MARKS[marked[0]])
        named = path.stem if kinds_named(path.stem) else path.parent.name
        raise UnknownKind(
            f"{part.where(field)}: the name {quoted(named)} says {_either(hints[-1])}, and only "
            f"{_either(marked[:1])} has the field {quoted(field)}. Name the file {marked[0].file_name()}, or give a "
            "file with several kinds a name without a kind, such as manifest.yaml."
        )
    if len(left) > 1 and len(marked) > 1:
        left = [kind for kind in left if kind in required]
        if len(left) != 1:
            fields = [
                next(f"{quoted(field)}" for field in part.data if field in _MARKS[kind]) for kind in marked
            ]
            raise UnknownKind(
                f"{part.where()}: the fields {' and '.join(fields)} belong to {_either(marked, 'and')}. "
                "Is a line --- missing between two documents?"
            )
    if len(left) > 1 and not required:
        raise UnknownKind(_untold(part, left if hints else []))
    return left


def _narrowed(kinds: list[Kind], hints: Sequence[Sequence[Kind]]) -> list[Kind]:
    """The kinds that the names name, too, from the strongest name to the weakest."""
    for hint in hints:
        kinds = [kind for kind in kinds if kind in hint] or kinds
    return kinds


def _fits(kind: Kind, part: Part) -> bool:
    return _required(kind, part) and set(part.data) <= set(kind.fields())


def _required(kind: Kind, part: Part) -> bool:
    return {name for name, info in kind.fields().items() if info.is_required()} <= set(part.data)


def _untold(part: Part, candidates: Sequence[Kind]) -> str:
    if not candidates:
        return (
            f"{part.where()}: the fields {_names(part)} match no kind of document of a "
            f"manifest ({', '.join(kind.words() for kind in KINDS)}). If the file does not belong to the manifest, "
            "keep it in another folder. Otherwise, name it after its kind, such as register_plugin.yaml."
        )
    files = " or ".join(kind.file_name() for kind in candidates)
    return (
        f"{part.where()}: the fields do not tell whether this is {_either(candidates)}. "
        f"Keep it in a file that is named after its kind: {files}."
    )


def _names(part: Part) -> str:
    """The first fields of a document, as far as they look like fields: the file may be any file."""
    names = [str(name) for name in part.data if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", str(name))]
    return ", ".join([*names[:_SHOWN], *(["…"] if len(part.data) > len(names[:_SHOWN]) else [])]) or "(none)"


def _either(kinds: Iterable[Kind], joint: str = "or") -> str:
    return f" {joint} ".join(f"a {kind.words()}" for kind in kinds)
