"""Git, asked about a checkout without its configuration: nothing of the checkout is run.

A repository's own configuration names programs that `git log` and `git status` run: fsmonitor, filters, textconv,
signature checks, fetching of missing objects. Somebody else's files may contain such a configuration, in an archive
with a `.git` folder, or as the ordinary files of a bare repository. So git works on a repository of ours, in a
temporary folder: it has the checkout's commit, its index and its objects, and a configuration without any program.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flows.files import KIB, MIB, Folder

GIT_SECONDS = 10.0
_INDEX_BYTES = 512 * MIB
_TEXT_BYTES = MIB

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs(?:/(?!\.)[^/\0\s]+)+")
#: Settings that say how files are compared. None of them names a program.
_COMPARING = re.compile(
    r"core\.(?:autocrlf|eol|filemode|ignorecase|precomposeunicode|symlinks)|extensions\.objectformat"
)
_TAGS = "refs/tags/"
_MOST_TAGS = 10_000
_VALUE = re.compile(r"[A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the parts of a checkout's repository are.

    Attributes:
        top: The checkout's top folder.
        own: The folder of HEAD and index.
        shared: The folder of objects, references and configuration: `own`, except in a linked worktree.
    """

    top: Path
    own: Folder
    shared: Folder


def find_repository(folder: Path) -> Repository | None:
    """Return the repository of the checkout that contains `folder`; None if there is none.

    Only an entry `.git` is looked for. A bare repository among the files of a source is not one. A file `.git` is
    followed only to a repository that belongs to it: of a parent folder (a submodule), or one that names this file
    (a linked worktree).
    """
    folder = folder.resolve()
    for top in (folder, *folder.parents):
        entry = top / ".git"
        if entry.is_dir():
            return Repository(top, Folder(entry), Folder(entry))
        if entry.is_file():
            return _linked(top)
    return None


def _linked(top: Path) -> Repository | None:
    named = _line(Folder(top), ".git").removeprefix("gitdir: ")
    own = Folder((top / named).resolve())
    of_parent = any(own.path.is_relative_to(parent / ".git") for parent in top.parents)
    if not of_parent and _line(own, "gitdir") != str(top / ".git"):
        return None
    common = _line(own, "commondir")
    return Repository(top, own, Folder((own.path / common).resolve()) if common else own)


def head(repository: Repository) -> str | None:
    """Return the commit that is checked out; None if there is none, or its references have another format."""
    text = _line(repository.own, "HEAD")
    if not text.startswith("ref: "):
        return text if _COMMIT.fullmatch(text) else None
    name = text.removeprefix("ref: ").strip()
    if not _REF.fullmatch(name):
        return None
    for folder in (repository.own, repository.shared):
        if _COMMIT.fullmatch(commit := _line(folder, name)):
            return commit
    return next(
        (
            line.split(" ", 1)[0]
            for line in _text(repository.shared, "packed-refs").splitlines()
            if line.partition(" ")[2] == name and _COMMIT.match(line)
        ),
        None,
    )


def _tags(shared: Folder) -> dict[str, str]:
    """The object of each tag by its full name, in the two forms in which git keeps them."""
    found: dict[str, str] = {}
    for line in _text(shared, "packed-refs").splitlines():
        name_of, _, name = line.partition(" ")
        if name.startswith(_TAGS) and _REF.fullmatch(name) and _COMMIT.fullmatch(name_of):
            found[name] = name_of
    top = shared.path / _TAGS
    # A link could lead to all files of the machine.
    inside = top.resolve().is_relative_to(shared.path.resolve())
    loose = (Path(above) / name for above, _, names in os.walk(top) for name in names if inside)
    for path in itertools.islice(loose, _MOST_TAGS):
        name = path.relative_to(shared.path).as_posix()
        if _REF.fullmatch(name) and _COMMIT.fullmatch(name_of := _line(shared, name)):
            found[name] = name_of
    return found


class Git:
    """Git commands about one checkout, on a repository of ours. Use `opened`."""

    def __init__(self, repository: Repository, folder: Path, configuration: dict[str, str]) -> None:
        self._repository, self._folder = repository, folder
        self.configuration = configuration

    def ask(self, *arguments: str) -> str | None:
        """Return what a command prints; None if it fails, takes too long, or git is not installed."""
        return _run(
            self._repository.top,
            ("--git-dir", str(self._folder), "--work-tree", str(self._repository.top), "--literal-pathspecs"),
            arguments,
            GIT_OBJECT_DIRECTORY=str(self._repository.shared.path / "objects"),
        )

    def tags(self, commit: str) -> tuple[str, ...]:
        """Return the names of the tags that point to a commit, also those with a message."""
        tags = _tags(self._repository.shared)
        # Git finds out which of them are objects of their own, in a list as `git pack-refs` writes it.
        lines = (f"{name_of} {name}\n" for name, name_of in sorted(tags.items()))
        (self._folder / "packed-refs").write_text("".join(lines))
        found = self.ask("tag", "--points-at", commit) if tags else None
        return tuple(found.splitlines()) if found else ()


@contextlib.contextmanager
def opened(repository: Repository, commit: str) -> Iterator[Git]:
    """Give git commands that work as if `commit` were checked out."""
    with tempfile.TemporaryDirectory(prefix="pluginctl-git-") as name:
        ours = Path(name)
        configuration = _configuration(repository, ours)
        (ours / "refs").mkdir()
        (ours / "objects").mkdir()
        (ours / "info").mkdir()
        (ours / "HEAD").write_text(f"{commit}\n")
        (ours / "config").write_text(_as_file(configuration) + _ignored_by_user(ours))
        _copy(repository.own, "index", ours / "index", _INDEX_BYTES)
        _copy(repository.shared, "shallow", ours / "shallow", _TEXT_BYTES)
        _copy(repository.shared, "info/exclude", ours / "info" / "exclude", _TEXT_BYTES)
        yield Git(repository, ours, configuration)


def has_special_files(repository: Repository, folder: Path) -> bool:
    """Whether git would wait for ever: a pipe, a socket or a device has the name of a file that git reads."""
    folder = folder.resolve()
    above = (
        parent / name
        for parent in folder.parents
        if parent.is_relative_to(repository.top)
        for name in (".gitignore", ".gitattributes", ".gitmodules")
    )
    return any(_is_special(path) for path in (*above, *folder.rglob(".git*")))


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _configuration(repository: Repository, ours: Path) -> dict[str, str]:
    """The last value of each setting, read as a file: includes are not followed."""
    printed = _run(
        ours,
        (),
        ("config", "--file", "-", "--no-includes", "--list", "--null"),
        given=_text(repository.shared, "config"),
    )
    pairs = (entry.partition("\n") for entry in (printed or "").split("\0") if entry)
    return {key: value for key, _, value in pairs}


def _as_file(configuration: dict[str, str]) -> str:
    lines = ["[core]", "repositoryformatversion = 1", "bare = false"]
    for key, value in configuration.items():
        if _COMPARING.fullmatch(key) and _VALUE.fullmatch(value):
            section, _, name = key.partition(".")
            lines += [f"[{section}]", f"{name} = {value or 'true'}"]
    return "\n".join(lines) + "\n"


def _ignored_by_user(ours: Path) -> str:
    """The user's own list of ignored files, which names no program."""
    path = _run(ours, (), ("config", "--global", "--type=path", "--get", "core.excludesFile"), users=True)
    quoted = path.replace("\\", "\\\\").replace('"', '\\"') if path else ""
    return f'[core]\nexcludesFile = "{quoted}"\n' if quoted else ""


def _run(
    folder: Path,
    options: tuple[str, ...],
    arguments: tuple[str, ...],
    *,
    given: str = "",
    users: bool = False,
    **more: str,
) -> str | None:
    """Run git in a folder; `users` reads the user's configuration, which every other call leaves out."""
    # No token of this process, and no GIT_… variable: inside a git hook they point to the hook's repository.
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME") if name in os.environ
    }
    environment |= {
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        **({} if users else {"GIT_CONFIG_GLOBAL": os.devnull}),
        "GIT_CEILING_DIRECTORIES": "/",
        "GIT_OPTIONAL_LOCKS": "0",
        **more,
    }
    try:
        done = subprocess.run(
            ["git", *options, *arguments],
            cwd=folder,
            env=environment,
            input=given.encode(),
            capture_output=True,
            check=False,
            timeout=GIT_SECONDS,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace").strip("\n") if done.returncode == 0 else None


def _line(folder: Folder, name: str) -> str:
    """The text of a short file, without white space at its ends; empty if it cannot be read."""
    return _text(folder, name, 4 * KIB).strip()


def _text(folder: Folder, name: str, limit: int = _TEXT_BYTES) -> str:
    try:
        return folder.read(name, limit).decode(errors="replace")
    except OSError:
        return ""


def _copy(folder: Folder, name: str, to: Path, limit: int) -> None:
    with contextlib.suppress(OSError):
        to.write_bytes(folder.read(name, limit))
