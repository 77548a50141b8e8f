"""What a plugin's repository has already. Read with the readers of a release, and never run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.files import MIB, Folder
from flows.images.source import git
from flows.images.source.plugin_source import PluginSource
from flows.images.source.setup import read_package
from flows.manifest.documents import Declaration, parse
from flows.manifest.environment import known_environments
from flows.manifest.errors import ManifestError
from flows.manifest.faults import Faults
from flows.manifest.manifest import declared
from flows.manifest.models import Plugin, Provider, Schema
from flows.manifest.reading import Part
from flows.manifest.secrets import Unread
from flows.steps.checking import check_manifest
from flows.steps.places import ENVIRONMENTS, MANIFEST, PROJECT_FILE, SOURCE
from flows.steps.project import read_project
from pluginctl.scaffold.code import Code, read_code
from pluginctl.scaffold.errors import InitRefused
from pluginctl.scaffold.naming import is_environment, is_shown

NEW_MANIFEST = "deployments/manifest"
"""The folder of a manifest that is written."""
#: Where plugins' repositories have a manifest. Those of tests may be old: what cannot be used is told, and left alone.
_DECLARED = ("managed_resource", NEW_MANIFEST, MANIFEST, "manifest", "manifests")
_OF_TESTS = ("test/spacectl", "tests/spacectl", "spacectl", "deploy/spacectl", "deploy/manifest", "deploy")
_WORKFLOWS = ".github/workflows"
_MARKS = ("pluginctl release", "pluginctl check")
_MAX_FOLDERS = 200  # looked at for a Dockerfile
_SKIPPED = {"node_modules", "venv", "env", "build", "dist", "test", "tests", "docs"}


@dataclass(frozen=True)
class FoundManifest:
    """A folder with documents of a manifest.

    Attributes:
        folder: Below the repository.
        parts: Its documents by kind, as far as they can be read.
        faults: What is wrong with its files; None if nothing is, although something may be missing.
        complete: Whether it is a manifest as it is.
        accounts: How many service accounts it declares.
        references: The secrets that it refers to.
    """

    folder: str
    parts: Mapping[type[Declaration], list[Part]] = field(repr=False)
    faults: ManifestError | None = None
    complete: bool = False
    accounts: int = 0
    references: tuple[str, ...] = ()

    def named(self, kind: type[Declaration], name: str) -> Any:
        """The value of a field in the first document of a kind; None without it."""
        return next((part.data[name] for part in self.parts.get(kind, ()) if name in part.data), None)

    @property
    def provider(self) -> str | None:
        """The provider that its documents name."""
        found = (part.data.get("provider") for parts in self.parts.values() for part in parts)
        return next((name for name in found if isinstance(name, str) and name), None)

    def has(self, kind: type[Declaration]) -> bool:
        """Whether it declares one of this kind."""
        return bool(self.parts.get(kind))


@dataclass(frozen=True)
class Repository:
    """A plugin's repository.

    Attributes:
        root: Its folder.
        source: The plugin's source, below it; `.` for the folder itself.
        plugin: The source, read and checked.
        description: What setup.py or pyproject.toml says of it; None if neither does.
        code: What the code shows.
        manifest: The manifest that is used, or completed; None if one is to be written.
        leftover: Documents that cannot be used as they are, whose values are proposed.
        is_project: Whether it says where source and manifest are.
        environments: The names of its environments.
        workflow: The workflow that runs `pluginctl` already.
        is_top: Whether GitHub would find a workflow here: it is the top of its checkout, or in none.
    """

    root: Path
    source: str
    plugin: PluginSource
    description: str | None
    code: Code
    manifest: FoundManifest | None
    leftover: FoundManifest | None
    is_project: bool
    environments: tuple[str, ...]
    workflow: str | None
    is_top: bool


def read_repository(root: Path, source: str | None = None, manifest: str | None = None) -> Repository:
    """Reads a repository.

    Args:
        root: Its folder.
        source: The folder of the plugin's source below it; None to look for it.
        manifest: The folder of the manifest below it; None to look for it.

    Raises:
        InitRefused: it is no folder, or it is not clear where the source is, or a folder is not below it.
        SourceError: the source cannot be built: a Dockerfile or VERSION is missing.
        ManifestError: the manifest is wrong.
    """
    if not root.is_dir():
        raise InitRefused(f"{root} is not a folder", "Give the folder of a plugin's repository")
    source = None if source is None else _checked_folder(root, source, "source")
    manifest = None if manifest is None else _checked_folder(root, manifest, "manifest")
    is_project = Folder(root).is_file(PROJECT_FILE)
    if is_project:
        source, manifest = _of_project(root, source, manifest)
    elif source is None:
        source = _find_source(root)
    plugin = PluginSource.load(root / source)
    used, leftover = _manifests(root, source, manifest)
    return Repository(
        root=root,
        source=source,
        plugin=plugin,
        description=read_package(root / source, plugin.version).description,
        code=read_code(root / source, "src"),
        manifest=used,
        leftover=leftover,
        is_project=is_project,
        environments=tuple(name for name in known_environments(root / ENVIRONMENTS) if is_environment(name)),
        workflow=_workflow(root),
        is_top=_is_top(root),
    )


def _checked_folder(root: Path, folder: str, what: str) -> str:
    """A folder below the repository, as a path with `/`; it need not exist."""
    top = os.path.realpath(root)
    joined = os.path.normpath(os.path.join(top, folder)) if "\0" not in folder else "/"  # noqa: PTH118 - keeps `..`
    real = os.path.realpath(joined)
    if (
        not is_shown(folder)
        or os.path.commonpath([top, joined]) != top
        or os.path.commonpath([top, real]) != top
    ):
        raise InitRefused(f"The {what} is not a folder below {root}", "Give a path below the repository")
    if what == "manifest" and joined == top:
        raise InitRefused(f"{root} itself cannot be the manifest", "Give a folder below it")
    return Path(joined).relative_to(top).as_posix()


def _of_project(root: Path, source: str | None, manifest: str | None) -> tuple[str, str]:
    """What deployments/project.yaml names; what is given may not be something else, because the file stays."""
    project = read_project(root)
    found = []
    for what, given, folder in (("source", source, project.source), ("manifest", manifest, project.manifest)):
        named = Path(os.path.normpath(folder)).relative_to(os.path.normpath(root)).as_posix()
        if given not in {None, named}:
            raise InitRefused(
                f"{PROJECT_FILE} names another {what}: {named}", f"Change the file, or leave out --{what}"
            )
        found.append(named)
    return found[0], found[1]


def _find_source(root: Path) -> str:
    if os.path.lexists(root / "Dockerfile"):
        return "."
    found = [path for path in _folders(root) if (root / path / "Dockerfile").is_file()]
    sources = [path for path in found if (root / path / "src/VERSION").is_file()] or found
    if len(sources) > 1:
        raise InitRefused(
            f"{root} has several sources: {', '.join(sources[:10])}",
            "Say which one: pluginctl init --source FOLDER",
        )
    return sources[0] if sources else "."


def _folders(root: Path) -> Iterator[str]:
    """The folders below a folder, two deep, without hidden ones and links."""
    seen = 0
    for here, folders, _ in os.walk(root):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name.lower() not in _SKIPPED
        )
        depth = len(Path(here).relative_to(root).parts)
        for name in folders:
            seen += 1
            if seen > _MAX_FOLDERS:
                return
            path = Path(here, name)
            if is_shown(name) and not path.is_symlink():
                yield path.relative_to(root).as_posix()
        if depth == 1:
            folders.clear()


def _manifests(
    root: Path, source: str, given: str | None
) -> tuple[FoundManifest | None, FoundManifest | None]:
    """The manifest that is used, and one whose values are of use."""
    if given is not None:
        found = _read(root, given)
        if found and found.faults:
            raise found.faults
        if found or (root / given).is_dir():
            return found, None
        return None, _first(root, source, _OF_TESTS)
    used = _first(root, source, _DECLARED)
    if used and used.faults:
        raise _with_advice(used)
    if used:
        return used, None
    old = _first(root, source, _OF_TESTS)
    return (None, old) if old is None or old.faults or not old.has(Plugin) else (old, None)


def _with_advice(found: FoundManifest) -> ManifestError:
    error = found.faults
    assert error is not None  # noqa: S101 - asked before
    advice = f"Mend {found.folder}, or let one be written elsewhere: pluginctl init --manifest {NEW_MANIFEST}"
    return type(error)(error.message, error.advice or advice)


def _first(root: Path, source: str, names: Iterable[str]) -> FoundManifest | None:
    tops = [""] if source == "." else ["", f"{source}/"]
    for top in tops:
        for name in names:
            if found := _read(root, f"{top}{name}"):
                return found
    return None


def _read(root: Path, folder: str) -> FoundManifest | None:
    """A folder's documents; None if it has none of a manifest."""
    top, real = os.path.realpath(root), os.path.realpath(root / folder)
    if not Path(real).is_dir() or os.path.commonpath([top, real]) != top:
        return None
    faults = Faults()
    try:
        parts = declared(root / folder, faults)
    except ManifestError:
        return None
    if not any(parts.get(kind) for kind in (Plugin, Provider, Schema)):
        return None
    try:
        manifest, references = check_manifest(root / folder)
    except ManifestError as error:
        wrong = bool(faults) or not _only_lacks(parts)
        return FoundManifest(folder, parts, error if wrong else None)
    return FoundManifest(folder, parts, None, True, len(manifest.service_accounts), references)


def _only_lacks(parts: Mapping[type[Declaration], list[Part]]) -> bool:
    """Whether documents are missing, which says nothing against those that are there."""
    try:
        for kind, found in parts.items():
            for part in found:
                parse(kind, Unread().inserted(part))
    except ManifestError:
        return False
    named = any(part.data.get("provider") for found in parts.values() for part in found)
    return not parts.get(Plugin) or not named


def _workflow(root: Path) -> str | None:
    """The workflow that runs `pluginctl` already, whatever its name is."""
    folder = root / _WORKFLOWS
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith((".yaml", ".yml")))
    except OSError:
        return None
    for name in names[:100]:
        try:
            text = Folder(root).read(f"{_WORKFLOWS}/{name}", MIB).decode("utf-8", "replace")
        except OSError:
            continue
        if any(mark in text for mark in _MARKS):
            return f"{_WORKFLOWS}/{name}"
    return None


def _is_top(root: Path) -> bool:
    repository = git.find_repository(root)
    return repository is None or repository.top == root.resolve()


USUAL = (SOURCE, MANIFEST)
"""Where source and manifest are without deployments/project.yaml."""
