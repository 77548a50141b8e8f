"""What the code of a plugin shows of it: its provider, its kind, the fields of the secret. Read, never run."""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flows.files import KIB, MIB, Folder
from flows.plugin_kinds import KINDS, TYPE_FIELDS
from pluginctl.scaffold.naming import is_provider

MAX_FILES = 500
MAX_BYTES = 8 * MIB
MAX_FILE_BYTES = 512 * KIB
MAX_ENTRIES = 20_000
"""What is looked at of a large repository; all of SpaceONE's own plugins are below that."""
MAX_FIELDS = 20

_SKIPPED = {"node_modules", "venv", "env", "site-packages", "build", "dist", "test", "tests", "__pycache__"}
_NO_PROVIDERS = {
    "provider",
    "string",
    "str",
    "text",
    "name",
    "unknown",
    "none",
}  # of tables that describe fields
_SUFFIXES = (".py", ".yaml", ".yml")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,49}")
_QUERY = re.compile(r"inventory\.CloudService(?:Type)?:([a-z][a-z0-9_-]*)\.")
_PACKAGE = re.compile(r"spaceone\.\w+\.plugin\.\w+")
_SECRET = "secret_data"  # noqa: S105 - the name of a field


@dataclass
class Code:
    """What was found.

    Attributes:
        providers: How often each provider is named.
        packages: The packages of SpaceONE's framework that are imported, such as `spaceone.inventory.plugin.collector`.
        required: Fields of the secret that are read in any case.
        optional: Fields of the secret that may be missing.
    """

    providers: Counter[str] = field(default_factory=Counter)
    packages: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)

    @property
    def provider(self) -> str | None:
        """The provider that is named most often; None if there is none, or two are named as often."""
        first, *others = [*self.providers.most_common(2), ("", 0)]
        return first[0] if first[1] and first[1] > others[0][1] else None

    @property
    def plugin_type(self) -> str | None:
        """The type of plugin that its imports tell; None if they do not."""
        found = [
            kind
            for kind in KINDS
            if any(kind.is_in(package, each) for package in self.packages for each in TYPE_FIELDS)
        ]
        return found[0].type if len({kind.noun for kind in found}) == 1 else None

    def secret_fields(self) -> dict[str, bool]:
        """The fields of the secret by name, and whether each is required; in their order of names."""
        names = sorted(self.required | self.optional)[:MAX_FIELDS]
        return {name: name in self.required - self.optional for name in names}


def read_code(folder: Path, below: str) -> Code:
    """Read the Python and YAML files of a plugin source, as far as they can be read and within the limits.

    Args:
        folder: The source, which no link leads out of.
        below: The folder of its code.
    """
    found, left = Code(), MAX_BYTES
    for number, path in enumerate(_files(folder, below)):
        if number == MAX_FILES or left <= 0:
            break
        try:
            content = Folder(folder).read(path, MAX_FILE_BYTES)
        except OSError:
            continue
        left -= len(content)
        text = content.decode("utf-8", "replace")
        for name in _QUERY.findall(text):
            _count(name, found)
        if path.endswith(".py") and (tree := _parsed(text)):
            for node in ast.walk(tree):
                _look(node, found)
    return found


def _files(folder: Path, below: str) -> Iterator[str]:
    """Paths of a source in a stable order, without hidden folders, links to folders and copies of packages."""
    entries = 0
    for here, folders, files in os.walk(folder / below):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name.lower() not in _SKIPPED
        )
        entries += len(folders) + len(files)
        if entries > MAX_ENTRIES:
            return
        for name in sorted(files):
            if name.endswith(_SUFFIXES):
                yield os.path.relpath(os.path.join(here, name), folder)  # noqa: PTH118 - names of other people


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes: Python would print a line of the file
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _look(node: ast.AST, found: Code) -> None:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            _assigned(target, node.value, found)
    elif isinstance(node, ast.AnnAssign):
        _assigned(node.target, node.value, found)
    elif isinstance(node, ast.keyword):
        if node.arg == "provider":
            _provider(node.value, found)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if _text(key) == "provider":
                _provider(value, found)
    elif isinstance(node, ast.ImportFrom):
        _imported(node.module or "", found)
    elif isinstance(node, ast.Import):
        for name in node.names:
            _imported(name.name, found)
    elif isinstance(node, ast.Subscript):
        if _is_secret(node.value):
            _field(node.slice, found.required)
    elif isinstance(node, ast.Call):
        function = node.func
        if (
            isinstance(function, ast.Attribute)
            and function.attr in {"get", "pop"}
            and _is_secret(function.value)
        ):
            _field(node.args[0] if node.args else None, found.optional)
    elif (
        isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.In | ast.NotIn)
        and _is_secret(node.comparators[0])
    ):
        _field(node.left, found.optional)


def _assigned(target: ast.expr, value: ast.expr | None, found: Code) -> None:
    """`provider = "x"`, also of an attribute, and as the default of a model's field."""
    name = (
        target.id
        if isinstance(target, ast.Name)
        else target.attr
        if isinstance(target, ast.Attribute)
        else ""
    )
    if name.lower().strip("_") not in {"provider", "provider_name", "default_provider"}:
        return
    if isinstance(value, ast.Call):
        for word in value.keywords:
            if word.arg == "default":
                _provider(word.value, found)
    else:
        _provider(value, found)


def _provider(value: ast.expr | None, found: Code) -> None:
    if text := _text(value):
        _count(text, found)


def _count(name: str, found: Code) -> None:
    if is_provider(name) and name not in _NO_PROVIDERS:
        found.providers[name] += 1


def _imported(module: str, found: Code) -> None:
    if package := _PACKAGE.match(module):
        found.packages.add(package[0])


def _is_secret(node: ast.expr) -> bool:
    """`secret_data`, `self.secret_data` or `params["secret_data"]`."""
    if isinstance(node, ast.Name):
        return node.id == _SECRET
    if isinstance(node, ast.Attribute):
        return node.attr == _SECRET
    return isinstance(node, ast.Subscript) and _text(node.slice) == _SECRET


def _field(node: ast.expr | None, fields: set[str]) -> None:
    if (name := _text(node)) and _FIELD.fullmatch(name):
        fields.add(name)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
