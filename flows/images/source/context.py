"""The build context of a folder: which of its files the Dockerfile reads, their digest, and the archive to send.

Digest and archive are made in one reading, of the same bytes, and no step of the image can read a file that the
digest does not cover. Owner 0, mode 0755 or 0644, the same time for all files: two sources with the same digest
build the same image, whatever the umask or the time of the checkout was.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from flows.files import MIB, Folder
from flows.images.errors import SourceError
from flows.images.source.buildkit import needs
from flows.images.source.dockerfile import Dockerfile, DockerfileError, parse
from flows.images.source.dockerignore import DOCKERIGNORE, Rule, included, is_excluded, read_rules
from flows.images.source.listing import Listing, record
from flows.images.source.reading import TEXT_BYTES, VERSION_BYTES, read_text, unreadable
from flows.images.source.stages import Source, sources, used
from flows.images.source.tree import Tree, has_wildcard
from flows.text import shortened

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime
    from io import BufferedReader

DOCKERFILE = "Dockerfile"
VERSION_FILE = "src/VERSION"
_NEVER = (".git",)

MAX_RULES = 1000
"""Lines of .dockerignore: each path of the context is compared with all of them."""
MAX_SOURCES = 500
"""Different sources of COPY: a wildcard is compared with each path of the context."""
MAX_ENTRIES = 100_000
MAX_BYTES = 1024 * MIB
"""The largest build context. A plugin's is some MiB; a larger one has files that nobody meant to send."""
_MAX_ROOTS = 100
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a build context, relative to its folder, with '/'."""

    path: str
    kind: Literal["file", "folder", "link"]
    executable: bool = False
    target: str = ""
    size: int = 0


@dataclass(frozen=True)
class Context:
    """What a Dockerfile reads.

    Attributes:
        dockerfile: The Dockerfile.
        listing: What the image is made of, except the version.
        roots: Few paths that contain all of it, and the files that decide which they are.
        version: The bytes of src/VERSION that the Dockerfile copies; None if it copies none.
    """

    dockerfile: Dockerfile
    listing: Listing
    roots: tuple[str, ...]
    version: bytes | None = None


def entries(folder: Path) -> list[Entry]:
    """List the entries of the build context of `folder`, sorted by path.

    Dockerfile and .dockerignore are always included. .git is included only on request (`!.git`), because it differs in
    each clone. Sockets, pipes and devices are excluded, because COPY never copies them.

    Raises:
        SourceError: a path cannot be read, a line of .dockerignore is not a pattern, or there are too many files.
    """
    return _entries(folder, _rules(folder))


def _entries(folder: Path, rules: list[Rule]) -> list[Entry]:
    found: list[Entry] = []
    try:
        for path in included(folder, rules):
            status = (folder / path).lstat()
            if len(found) == MAX_ENTRIES:
                raise _too_large(folder)
            if stat.S_ISLNK(status.st_mode):
                found.append(Entry(path, "link", target=os.readlink(folder / path)))  # noqa: PTH115 - keeps "./x"
            elif stat.S_ISDIR(status.st_mode):
                found.append(Entry(path, "folder"))
            elif stat.S_ISREG(status.st_mode):
                executable = bool(status.st_mode & stat.S_IXUSR)
                found.append(Entry(path, "file", executable=executable, size=status.st_size))
    except OSError as error:
        raise _unreadable(Path(error.filename), error) from error
    return sorted(found, key=lambda entry: os.fsencode(entry.path))


def read(folder: Path) -> Context:
    """Read what the image of `folder` is made of.

    Raises:
        SourceError: a file cannot be read, the Dockerfile is not one, or it copies what is not there.
    """
    return _read(folder, None, 0, for_buildkit=False)


def archive(
    folder: Path, *, time: datetime, for_buildkit: bool = False, version: str | None = None
) -> tuple[IO[bytes], Context]:
    """Return what the Dockerfile of `folder` reads as an open tar file, and what it holds.

    Args:
        folder: The source.
        time: The time of all files.
        for_buildkit: Whether BuildKit reads it, which does not know .dockerignore in an archive, and pulls the
            image that `# syntax=` names: the line is left out, because the engine's own frontend reads the same
            language.
        version: What src/VERSION has in the archive; None for what it has in the folder.

    Returns:
        The file, at its start; closing it removes it. The context is what was written, byte by byte.

    Raises:
        SourceError: as in `read`.
    """
    import tarfile
    import tempfile

    output = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as tar:
            context = _read(folder, tar, int(time.timestamp()), for_buildkit=for_buildkit, version=version)
    except BaseException:  # also Ctrl-C: nobody else closes it
        output.close()
        raise
    output.seek(0)
    return output, context


def _read(
    folder: Path, tar: tarfile.TarFile | None, time: int, *, for_buildkit: bool, version: str | None = None
) -> Context:
    content, steps, dockerfile, each_stage = _dockerfile(folder)
    rules = _rules(folder)
    found = {entry.path: entry for entry in _entries(folder, rules)}
    ignored = {name for name in (DOCKERFILE, DOCKERIGNORE) if is_excluded(name, rules)}
    if for_buildkit:
        ignored.discard(DOCKERFILE)
    there = [entry for path, entry in found.items() if path not in ignored]
    tree = _tree(there, for_buildkit=bool(needs(dockerfile)))
    first = {source.path: source for of_stage in reversed(each_stage) for source in reversed(of_stage)}
    if len(first) > MAX_SOURCES:
        problem = f"copies more than {MAX_SOURCES} files and folders by name"
        raise SourceError(folder / DOCKERFILE, problem, "Copy folders, not each file")
    named = {path: _find(folder, tree, source) for path, source in first.items()}
    reached = {source.path for number in used(dockerfile) for source in each_stage[number]}
    covered = set[str]().union(*(named[path] for path in reached))
    sent = covered.union(*named.values())
    sent |= {above for path in sent for above in _above(path) if above in found}
    if DOCKERIGNORE in found and not (for_buildkit and DOCKERIGNORE in ignored):
        sent.add(DOCKERIGNORE)
    if sum(found[path].size for path in sent) > MAX_BYTES:
        raise _too_large(folder)
    if for_buildkit and DOCKERFILE not in covered and dockerfile.syntax:
        content = _without_line(content, dockerfile.syntax[0])
    given = {DOCKERFILE: content}
    if VERSION_FILE in covered and found[VERSION_FILE].kind == "file":
        if version is None:
            with _opened(folder, found[VERSION_FILE]) as file:
                given[VERSION_FILE] = file.read(VERSION_BYTES + 1)
        else:
            given[VERSION_FILE] = f"{version}\n".encode()
    files = {DOCKERFILE: record("steps", steps)}
    for path in sorted({*sent, DOCKERFILE} if tar else covered, key=os.fsencode):
        entry = found.get(path)
        if path == DOCKERFILE:  # a link to it would lead to a file that is not sent
            entry = Entry(path, "file", executable=entry is not None and entry.executable)
        if entry is not None:
            packed = _packed(folder, entry, tar, time, given.get(path))
            if path in covered and path != VERSION_FILE:
                files[path] = packed
    roots = _roots(covered, whole=bool(reached & {None, "."}))
    return Context(dockerfile, Listing(files), roots, given.get(VERSION_FILE))


def _dockerfile(folder: Path) -> tuple[bytes, str, Dockerfile, list[list[Source]]]:
    """The Dockerfile's bytes, the SHA-256 of its instructions, these, and what each stage copies."""
    path = folder / DOCKERFILE
    try:
        content = Folder(folder).read(DOCKERFILE, TEXT_BYTES)
    except FileNotFoundError:
        raise SourceError(path, "is missing", "Write one: a plugin's image is built from it") from None
    except OSError as error:
        raise unreadable(path, error) from error
    text = content.decode("utf-8", "replace")
    try:
        dockerfile = parse(text)
        each_stage = sources(dockerfile)
    except DockerfileError as error:
        raise SourceError(path, f"line {error.line} {error}", "Correct it") from None
    # Of bytes that are not UTF-8, the text does not say which they were.
    decides = dockerfile.canonical if text.encode() == content else content
    return content, hashlib.sha256(decides).hexdigest(), dockerfile, each_stage


def _tree(found: Iterable[Entry], *, for_buildkit: bool) -> Tree:
    links = {entry.path: entry.target if entry.kind == "link" else None for entry in found}
    return Tree(links, for_buildkit=for_buildkit)


def _find(folder: Path, tree: Tree, source: Source) -> set[str]:
    path = "." if source.path is None else source.path
    paths = tree.find(path)
    if paths or not path.strip("./") or (tree.for_buildkit and has_wildcard(path)):
        return paths
    is_there = _whole_tree(folder).find(path)
    path = shortened(path, _LONGEST_SHOWN)
    copies = f"line {source.line} of the {DOCKERFILE} copies it"
    if is_there:
        raise SourceError(folder / path, f"is excluded by {DOCKERIGNORE}, but {copies}", "Include it")
    raise SourceError(folder / path, f"is missing, but {copies}", "Add it, or correct that line")


def _whole_tree(folder: Path) -> Tree:
    """What would be there without .dockerignore."""
    try:
        paths = list(included(folder, ()))
        links = {path: os.readlink(folder / path) for path in paths if (folder / path).is_symlink()}  # noqa: PTH115 - as above
    except OSError as error:
        raise _unreadable(Path(error.filename), error) from error
    return Tree({path: links.get(path) for path in paths})


def _above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _roots(covered: Collection[str], *, whole: bool) -> tuple[str, ...]:
    held = set(covered)
    roots = [path for path in held if path.rpartition("/")[0] not in held]
    if whole or len(roots) > _MAX_ROOTS:
        return (".",)
    return tuple(sorted({*roots, DOCKERFILE, DOCKERIGNORE, VERSION_FILE}))


def _packed(folder: Path, entry: Entry, tar: tarfile.TarFile | None, time: int, content: bytes | None) -> str:
    """Read an entry once, into the archive if there is one; what stands for it in the listing."""
    if entry.kind != "file":
        if tar is not None:
            tar.addfile(_header(entry, time))
        return record(entry.kind, hashlib.sha256(os.fsencode(entry.target)).hexdigest())
    with contextlib.ExitStack() as stack:
        if content is None:
            file: IO[bytes] = stack.enter_context(_opened(folder, entry))
            size = os.fstat(file.fileno()).st_size
        else:
            file, size = io.BytesIO(content), len(content)
        hashed = _Hashed(file, folder / entry.path)
        if tar is None:
            while hashed.read(MIB):
                pass
        else:
            _add(tar, _header(entry, time, size), hashed)
    return record("file", hashed.total.hexdigest(), executable=entry.executable)


def _header(entry: Entry, time: int, size: int = 0) -> tarfile.TarInfo:
    import tarfile

    info = tarfile.TarInfo(entry.path)
    info.mtime, info.size, info.linkname = time, size, entry.target
    info.mode = 0o755 if entry.executable or entry.kind == "folder" else 0o644
    info.type = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}[entry.kind]
    return info


class _Hashed:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self.total = hashlib.sha256()
        self.path = path
        self._file = file

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._file.read(size)
        except OSError as error:
            raise _unreadable(self.path, error) from error
        self.total.update(data)
        return data


def _add(tar: tarfile.TarFile, info: tarfile.TarInfo, file: _Hashed) -> None:
    import tempfile

    try:
        tar.addfile(info, file)
    except OSError as error:
        if error.errno is None:  # tarfile's own: there are fewer bytes than the header says
            raise SourceError(file.path, "became shorter while it was read", "Start again") from error
        problem = f"cannot be written to an archive in {tempfile.gettempdir()} ({error.strerror})"
        raise SourceError(file.path, problem, "Free space there, or set TMPDIR to another folder") from error


def _without_line(content: bytes, number: int) -> bytes:
    lines = content.split(b"\n")
    lines[number - 1] = b"#"
    return b"\n".join(lines)


def whole_digest(folder: Path, *, without: Collection[str] = ()) -> str:
    """Return `sha256:<hex>` over the whole build context of `folder`, leaving out the paths in `without`.

    Releases before version 0.4.0 have this digest as their label. It covers every path that .dockerignore leaves, its
    kind, its executable bit (no other mode, as in git), a link's target and a file's contents.

    Raises:
        SourceError: a file cannot be read.
    """
    found = entries(folder)
    if sum(entry.size for entry in found) > MAX_BYTES:
        raise _too_large(folder)
    total = hashlib.sha256()
    for entry in found:
        if entry.path in without:
            continue
        if entry.kind == "file":
            with _opened(folder, entry) as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        else:
            content = hashlib.sha256(os.fsencode(entry.target)).hexdigest()
        mode = "x" if entry.executable else "-"
        total.update(f"{entry.kind} {mode} {content} ".encode() + os.fsencode(entry.path) + b"\0")
    return f"sha256:{total.hexdigest()}"


def _rules(folder: Path) -> list[Rule]:
    try:
        lines = read_text(folder, DOCKERIGNORE).splitlines()
    except FileNotFoundError:
        lines = []
    if len(lines) > MAX_RULES:
        raise SourceError(
            folder / DOCKERIGNORE, f"has more than {MAX_RULES:,} lines", "Exclude folders, not each file"
        )
    try:
        return read_rules([*_NEVER, *lines])
    except ValueError as error:
        raise SourceError(
            folder / DOCKERIGNORE, f"has a line that is not a pattern ({error})", "Correct it"
        ) from None


@contextlib.contextmanager
def _opened(folder: Path, entry: Entry) -> Iterator[BufferedReader]:
    try:
        file = Folder(folder).open(entry.path)
    except OSError as error:
        raise _unreadable(folder / entry.path, error) from error
    with file:
        yield file


def _too_large(folder: Path) -> SourceError:
    problem = f"is too large for a build context: at most {MAX_ENTRIES:,} files and {MAX_BYTES // MIB} MiB"
    return SourceError(folder, problem, f"Exclude what the image does not need in {DOCKERIGNORE}")


def _unreadable(path: Path, error: OSError) -> SourceError:
    reason = error.strerror or str(error)
    return SourceError(path, f"cannot be read ({reason})", f"Make it readable, or name it in {DOCKERIGNORE}")
