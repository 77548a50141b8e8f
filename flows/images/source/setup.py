"""What setup.py and pyproject.toml say of a plugin's package. Read, never run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.images.source.reading import read_text
from flows.text import quoted

SETUP = "src/setup.py"
PROJECTS = ("src/pyproject.toml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Setup:
    """`name` and `version` of the package; each is None if it is only known when the file runs.

    `file` is the file that says so.
    """

    name: str | None
    version: str | None
    file: str = "setup.py"


@dataclass(frozen=True, slots=True)
class Data:
    """Which files beside Python's an installation takes.

    Attributes:
        patterns: By package, with wildcards.
        manifest: Whether it takes those of MANIFEST.in, too.
    """

    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    manifest: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """What the files say.

    Attributes:
        setup: Name and version; None without a file.
        folder: The folder of that file, below the source.
        data: None if it is not known.
        remarks: Warnings: each names a file and what to do.
        description: The package's description, if it is known without running the file.
    """

    setup: Setup | None = None
    folder: str = ""
    data: Data | None = None
    remarks: tuple[str, ...] = ()
    description: str | None = None


def read_package(folder: Path, version: str) -> Package:
    """Read src/setup.py, and pyproject.toml in src or beside the Dockerfile; what the first one has takes precedence.

    Args:
        folder: The plugin source.
        version: The version in src/VERSION, for comparison.

    Raises:
        SourceError: a file cannot be read.
    """
    found = [each for each in (_setup_py(folder, version), *_projects(folder, version)) if each is not None]
    if not found:
        return Package()
    first, *others = found
    setup, data = first.setup, first.data
    assert setup is not None  # noqa: S101 - each of them has one
    for other in others:
        if other.setup is not None and setup.name is None and setup.version is None:
            setup = other.setup
        if other.folder != first.folder or other.data is None:
            data = None
        elif data is not None:
            data = Data({**other.data.patterns, **data.patterns}, data.manifest or other.data.manifest)
    remarks = tuple(remark for each in found for remark in each.remarks)
    description = next((each.description for each in found if each.description), None)
    return Package(setup, first.folder, data, remarks, description)


def _text(folder: Path, name: str) -> str | None:
    """The text of a file that may be missing. Bytes that are not UTF-8 are replaced; they do not matter here."""
    try:
        return read_text(folder, name, errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _setup_py(folder: Path, version: str) -> Package | None:
    path, text = folder / SETUP, _text(folder, SETUP)
    if text is None:
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        where = f" at line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        return _unreadable(path, f"cannot be read as Python{where}; correct it.")
    except (RecursionError, MemoryError):
        return _unreadable(path, "has an expression that is too deep to be read; simplify it.")
    said = {word.arg: word.value for call in _setup_calls(tree) for word in call.keywords}
    own = _literal(said.get("version"))
    name = _literal(said.get("name"))
    setup = Setup(name, own or (version if _names_version_file(tree) else None))
    description = _literal(said.get("description"))
    return Package(setup, "src", _data_of_call(folder, said), _contradiction(path, own, version), description)


def _unreadable(path: Path, problem: str) -> Package:
    return Package(Setup(None, None, path.name), remarks=(f"{path}: {problem}",))


def _contradiction(path: Path, own: str | None, version: str) -> tuple[str, ...]:
    if own in {None, version}:
        return ()
    advice = "make it read the file VERSION, or write the same version into both"
    return (f"{path}: has version {quoted(own)}, but VERSION has {version}; {advice}.",)


def _setup_calls(tree: ast.AST) -> list[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if _dotted(call.func) in {"setup", "setuptools.setup"}]


def _dotted(expression: ast.expr) -> str | None:
    if isinstance(expression, ast.Attribute):
        return f"{expression.value.id}.{expression.attr}" if isinstance(expression.value, ast.Name) else None
    return expression.id if isinstance(expression, ast.Name) else None


def _literal(value: ast.expr | None) -> str | None:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _names_version_file(tree: ast.AST) -> bool:
    """Whether it reads VERSION, as SpaceONE's plugins do: it contains the name of that file."""
    strings = (_literal(node) for node in ast.walk(tree) if isinstance(node, ast.expr))
    return any(text is not None and Path(text).name == "VERSION" for text in strings)


def _data_of_call(folder: Path, said: Mapping[str | None, ast.expr]) -> Data | None:
    if None in said or {"package_dir", "data_files", "cmdclass"} & said.keys():
        return None  # **options, or other ways to install files
    if "packages" not in said or _text(folder, "src/setup.cfg") is not None:
        return None
    try:
        patterns = ast.literal_eval(said["package_data"]) if "package_data" in said else {}
        manifest = ast.literal_eval(said["include_package_data"]) if "include_package_data" in said else False
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    return _data(patterns, manifest)


def _data(patterns: Any, manifest: Any) -> Data | None:
    if not isinstance(patterns, dict) or not all(
        isinstance(package, str)
        and isinstance(each, list | tuple)
        and all(isinstance(one, str) for one in each)
        for package, each in patterns.items()
    ):
        return None
    return Data({package: tuple(each) for package, each in patterns.items()}, bool(manifest))


def _projects(folder: Path, version: str) -> list[Package]:
    for name in PROJECTS:
        text = _text(folder, name)
        if text is not None and (found := _project(folder / name, text, version)):
            return [found]
    return []


def _project(path: Path, text: str, version: str) -> Package | None:
    import tomllib

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _unreadable(path, f"cannot be read as TOML ({error}); correct it.")
    except (RecursionError, ValueError):
        return _unreadable(path, "has a value that cannot be read; simplify it.")
    tools = _table(document, "tool")
    project = _table(document, "project") or _table(tools, "poetry")
    if not project:
        return None  # settings of other tools alone
    own = _word(project.get("version"))
    name, setuptools = _word(project.get("name")), _table(tools, "setuptools")
    reads_file = _names_version(_table(_table(setuptools, "dynamic"), "version"))
    setup = Setup(name, own or (version if reads_file else None), path.name)
    data = None
    if str(_table(document, "build-system").get("build-backend", "setuptools")).startswith("setuptools"):
        patterns, manifest = _table(setuptools, "package-data"), setuptools.get("include-package-data", True)
        if "package-dir" not in setuptools and "where" not in _table(_table(setuptools, "packages"), "find"):
            data = _data(patterns, manifest)
    below = path.parent.name if path.parent.name == "src" and path.name == "pyproject.toml" else ""
    description = _word(project.get("description"))
    return Package(setup, below, data, _contradiction(path, own, version), description)


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _names_version(setting: Mapping[str, Any]) -> bool:
    named = setting.get("file")
    files = named if isinstance(named, list) else [named]
    return any(isinstance(each, str) and Path(each).name == "VERSION" for each in files)
