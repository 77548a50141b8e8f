"""The build context of a folder: its files after .dockerignore, their digest, and the archive to send.

Digest and archive are made from the same entries, and the archive contains nothing that the digest does not
cover: owner 0, mode 0755 or 0644, the same time for all files. So two sources with the same digest build the same
image, whatever the umask or the time of the checkout was.
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
from flows.images.source.dockerignore import DOCKERIGNORE, Rule, included, read_rules
from flows.images.source.reading import read_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime
    from io import BufferedReader

_NEVER = (".git",)

MAX_RULES = 1000
"""Lines of .dockerignore: each path of the context is compared with all of them."""
MAX_ENTRIES = 100_000
MAX_BYTES = 1024 * MIB
"""The largest build context. A plugin's is some MiB; a larger one has files that nobody meant to send."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a build context, relative to its folder, with '/'."""

    path: str
    kind: Literal["file", "folder", "link"]
    executable: bool = False
    target: str = ""


def entries(folder: Path) -> list[Entry]:
    """List the entries of the build context of `folder`, sorted by path.

    Dockerfile and .dockerignore are always included. .git is included only on request (`!.git`), because it differs in
    each clone. Sockets, pipes and devices are excluded, because COPY never copies them.

    Raises:
        SourceError: a path cannot be read, a line of .dockerignore is not a pattern, or there are too many files.
    """
    found: list[Entry] = []
    size = 0
    try:
        for path in included(folder, _rules(folder)):
            status = (folder / path).lstat()
            size += status.st_size
            if len(found) == MAX_ENTRIES or size > MAX_BYTES:
                problem = f"is too large for a build context: at most {MAX_ENTRIES:,} files and {MAX_BYTES // MIB} MiB"
                raise SourceError(folder, problem, f"Exclude what the image does not need in {DOCKERIGNORE}")
            if stat.S_ISLNK(status.st_mode):
                found.append(Entry(path, "link", target=os.readlink(folder / path)))  # noqa: PTH115 - keeps "./x"
            elif stat.S_ISDIR(status.st_mode):
                found.append(Entry(path, "folder"))
            elif stat.S_ISREG(status.st_mode):
                found.append(Entry(path, "file", executable=bool(status.st_mode & stat.S_IXUSR)))
    except OSError as error:
        raise _unreadable(Path(error.filename), error) from error
    return sorted(found, key=lambda entry: os.fsencode(entry.path))


def digest(folder: Path, *, without: Collection[str] = ()) -> str:
    """Return `sha256:<hex>` over the build context of `folder`, leaving out the paths in `without`.

    It covers every path, its kind, its executable bit (no other mode, as in git), a link's target and a
    file's contents. Each record has a fixed form, so two different contexts never give the same bytes.

    Raises:
        SourceError: a file cannot be read.
    """
    total = hashlib.sha256()
    for entry in entries(folder):
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


def archive(folder: Path, *, time: datetime, replaced: Mapping[str, bytes] | None = None) -> IO[bytes]:
    """Return the build context of `folder` as an open tar file, at its start; closing it removes it.

    Args:
        folder: The folder.
        time: The time of all files.
        replaced: Other contents, by the paths of the files that are to have them.

    Raises:
        SourceError: a file cannot be read.
    """
    import tarfile
    import tempfile

    others = replaced or {}
    output = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries(folder):
            info = tarfile.TarInfo(entry.path)
            info.mtime = int(time.timestamp())
            info.mode = 0o755 if entry.executable or entry.kind == "folder" else 0o644
            if entry.path in others:
                info.size = len(others[entry.path])
                tar.addfile(info, io.BytesIO(others[entry.path]))
            elif entry.kind == "file":
                with _opened(folder, entry) as file:
                    info.size = os.fstat(file.fileno()).st_size
                    tar.addfile(info, file)
            else:
                info.type = tarfile.DIRTYPE if entry.kind == "folder" else tarfile.SYMTYPE
                info.linkname = entry.target
                tar.addfile(info)
    output.seek(0)
    return output


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
        with Folder(folder).open(entry.path) as file:
            yield file
    except OSError as error:
        raise _unreadable(folder / entry.path, error) from error


def _unreadable(path: Path, error: OSError) -> SourceError:
    reason = error.strerror or str(error)
    return SourceError(path, f"cannot be read ({reason})", f"Make it readable, or name it in {DOCKERIGNORE}")
