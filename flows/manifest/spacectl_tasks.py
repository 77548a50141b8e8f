"""The task files of `spacectl apply`, as far as they declare resources.

The form is that of spacectl 1.12.2 and 2.0.10, `lib/apply/task_manager.py` and `modules/resource`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from flows.manifest.documents import Declaration
from flows.manifest.errors import InvalidField, UnknownKind
from flows.manifest.models import KINDS
from flows.manifest.reading import Part
from flows.manifest.secret_files import RESOURCE_TYPE as SECRET
from flows.text import quoted

#: `var` and `env` are used only in expressions, and `import` names files that are read anyway.
_FILE_KEYS = frozenset({"import", "var", "env", "tasks"})
_UNCERTAIN = ("if", "loop", "var")
_MAKING = frozenset({"create", "register"})
_BY_RESOURCE_TYPE: dict[str, type[Declaration] | None] = {
    **{name: kind for kind in KINDS for name in kind.resource_types},
    SECRET: None,
}


def is_task_file(part: Part) -> bool:
    """Whether a document is a task file of `spacectl apply`."""
    return bool(part.data) and set(part.data) <= _FILE_KEYS


def declared_by_tasks(
    part: Part, file: Path, files: Collection[Path]
) -> Iterator[tuple[type[Declaration] | None, Part]]:
    """What the tasks of a document declare; None for the kind of a secret, which belongs to an account.

    Args:
        part: The document.
        file: Its file.
        files: The files of the manifest, resolved.

    Raises:
        InvalidField: an import that is not in the manifest, an expression, or a field that is evaluated at run time.
        UnknownKind: a task's resource is of no kind that a manifest declares.
    """
    if (line := _expression_line(part.node)) is not None:
        raise InvalidField(
            f"{part.place.at(line)}: an expression (${{{{ … }}}}) is not evaluated here: write the value, "
            "or set it with -p."
        )
    for index, name in enumerate(_listed(part, "import")):
        if (file.parent / str(name)).resolve() not in files:
            raise InvalidField(
                f"{part.where('import', index)}: imports {name}, which is not in the manifest's folder."
            )
    yield from _tasks(part, ("tasks",), "task ")


def _tasks(
    part: Part, path: tuple[str | int, ...], label: str
) -> Iterator[tuple[type[Declaration] | None, Part]]:
    for index, task in enumerate(_listed(part, *path)):
        here = (*path, index)
        if not isinstance(task, dict):
            raise InvalidField(f"{part.where(*here)}: a task must be a mapping with uses and spec.")
        for name in _UNCERTAIN:
            if name in task:
                raise InvalidField(
                    f"{part.where(*here, name)}: {quoted(name)} is not supported: it is evaluated when tasks run, "
                    "but a manifest declares what must exist."
                )
        if "sub_tasks" in task:
            yield from _tasks(part, (*here, "sub_tasks"), f"{label}{index + 1}.")
        else:
            yield _declared(part, here, task), part.below(*here, "spec", "data", part=f"{label}{index + 1}")


def _declared(part: Part, here: tuple[str | int, ...], task: dict[str, Any]) -> type[Declaration] | None:
    uses, spec = str(task.get("uses", "")).strip(), task.get("spec")
    if uses != "@modules/resource":
        raise UnknownKind(
            f"{part.where(*here, 'uses')}: only @modules/resource declares something; "
            f"{quoted(uses or 'nothing')} does not."
        )
    if (
        not isinstance(spec, dict)
        or not isinstance(spec.get("data"), dict)
        or not isinstance(spec.get("verb") or {}, dict)
    ):
        raise InvalidField(
            f"{part.where(*here, 'spec')}: spec must be a mapping with data and optionally verb, both mappings."
        )
    verbs: dict[str, Any] = spec.get("verb") or {}
    verb = verbs.get("exec") if spec.get("mode") == "EXEC" else verbs.get("create", "create")
    if spec.get("mode") == "READ_ONLY" or verb not in _MAKING:
        raise InvalidField(
            f"{part.where(*here, 'spec')}: the task creates nothing: the tasks of a manifest create or register."
        )
    name = str(spec.get("resource_type"))
    if name not in _BY_RESOURCE_TYPE:
        raise UnknownKind(
            f"{part.where(*here, 'spec', 'resource_type')}: {name}"
            " is not a kind of document in a manifest. "
            f"The kinds are: {', '.join(sorted(_BY_RESOURCE_TYPE))}."
        )
    return _BY_RESOURCE_TYPE[name]


def _listed(part: Part, *path: str | int) -> list[Any]:
    found: Any = part.data
    for step in path:
        found = found.get(step, []) if isinstance(found, dict) else found[step]
    if not isinstance(found, list):
        raise InvalidField(f"{part.where(*path)}: {quoted(path[-1])} must be a list.")
    return found


def _expression_line(node: yaml.Node | None) -> int | None:
    """The line of the first text in a tree that contains an expression."""
    if isinstance(node, yaml.ScalarNode):
        return int(node.start_mark.line) + 1 if "${{" in node.value else None
    if isinstance(node, yaml.SequenceNode):
        below = node.value
    elif isinstance(node, yaml.MappingNode):
        below = [one for pair in node.value for one in pair]
    else:
        return None
    return next((line for one in below if (line := _expression_line(one)) is not None), None)
