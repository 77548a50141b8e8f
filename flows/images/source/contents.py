"""What the files of a plugin source say about the plugin. Read, never run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from flows.images.errors import SourceError
from flows.images.source import context
from flows.images.source.dockerfile import copied, holds
from flows.images.source.dockerignore import DOCKERIGNORE, included
from flows.images.source.reading import read_text
from flows.text import quoted

DOCKERFILE = "Dockerfile"
REQUIREMENTS = "pkg/pip_requirements.txt"
SETUP = "src/setup.py"
VERSION_FILE = "src/VERSION"


@dataclass(frozen=True, slots=True)
class Setup:
    """`name` and `version` in setup.py; each is None if it is only known when the file runs."""

    name: str | None
    version: str | None


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a plugin source, except its version.

    Attributes:
        requirements: How many packages pkg/pip_requirements.txt names; None without that file.
        setup: What src/setup.py says; None without that file.
        remarks: Warnings, which do not stop a release: each names a file and what to do.
    """

    requirements: int | None
    setup: Setup | None
    remarks: tuple[str, ...] = ()


def read_contents(folder: Path, version: str) -> Contents:
    """Read requirements, setup.py and Dockerfile. The first two are optional.

    Args:
        folder: The plugin source.
        version: The version in src/VERSION, for comparison.

    Raises:
        SourceError: a file cannot be read, or the Dockerfile copies what is not in the build context.
    """
    _check_copies(folder)
    remarks: list[str] = []
    requirements = _requirements(folder, remarks)
    setup = _setup(folder, version, remarks)
    return Contents(requirements, setup, tuple(remarks))


def _check_copies(folder: Path) -> None:
    paths = [entry.path for entry in context.entries(folder)]
    for line, wanted in copied(read_text(folder, DOCKERFILE, errors="replace")):
        if holds(paths, wanted):
            continue
        copies = f"line {line} of the {DOCKERFILE} copies it"
        if holds(included(folder, ()), wanted):
            raise SourceError(folder / wanted, f"is excluded by {DOCKERIGNORE}, but {copies}", "Include it")
        raise SourceError(folder / wanted, f"is missing, but {copies}", "Add it, or correct that line")


def _requirements(folder: Path, remarks: list[str]) -> int | None:
    text = _optional(folder, REQUIREMENTS)
    if text is None:
        return None
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = [line for text in joined.splitlines() if (line := re.sub(r"(^|\s)#.*", "", text).strip())]
    if not lines:
        remarks.append(
            f"{folder / REQUIREMENTS}: names no package; add the packages that the plugin imports."
        )
    return sum(not line.startswith("-") or line.startswith(("-e", "--editable")) for line in lines)


def _setup(folder: Path, version: str, remarks: list[str]) -> Setup | None:
    path, text = folder / SETUP, _optional(folder, SETUP)
    if text is None:
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        where = f" at line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        remarks.append(f"{path}: cannot be read as Python{where}; correct it.")
        return Setup(None, None)
    except (RecursionError, MemoryError):
        remarks.append(f"{path}: has an expression that is too deep to be read; simplify it.")
        return Setup(None, None)
    said = {word.arg: word.value for call in _setup_calls(tree) for word in call.keywords}
    own = _literal(said.get("version"))
    if own not in {None, version}:
        remarks.append(
            f"{path}: has version {quoted(own)}, but VERSION has {version}; make it read the file VERSION, or write "
            "the same version into both."
        )
    return Setup(_literal(said.get("name")), own or (version if _names_version_file(tree) else None))


def _setup_calls(tree: ast.AST) -> list[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if _dotted(call.func) in {"setup", "setuptools.setup"}]


def _dotted(expression: ast.expr) -> str | None:
    if isinstance(expression, ast.Attribute):
        return f"{expression.value.id}.{expression.attr}" if isinstance(expression.value, ast.Name) else None
    return expression.id if isinstance(expression, ast.Name) else None


def _optional(folder: Path, name: str) -> str | None:
    """The text of a file that may be missing. Bytes that are not UTF-8 are replaced; they do not matter here."""
    try:
        return read_text(folder, name, errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _literal(value: ast.expr | None) -> str | None:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _names_version_file(tree: ast.AST) -> bool:
    """Whether it reads VERSION, as SpaceONE's plugins do: it contains the name of that file."""
    strings = (_literal(node) for node in ast.walk(tree) if isinstance(node, ast.expr))
    return any(text is not None and Path(text).name == "VERSION" for text in strings)
