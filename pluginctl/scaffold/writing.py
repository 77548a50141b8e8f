"""Writes new files below one folder: never over a file, never through a link."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pluginctl.scaffold.errors import InitRefused


@dataclass(frozen=True, slots=True)
class File:
    """A file to write.

    Attributes:
        path: Below the repository, with `/` between its parts.
        text: What it holds.
    """

    path: str
    text: str


def missing(root: Path, files: Sequence[File]) -> list[File]:
    """The files that do not exist yet. A link that leads nowhere exists, too.

    Raises:
        InitRefused: a folder above one is a link, or a file.
    """
    found = []
    for file in files:
        with _folder_of(root, file.path, make=False) as folder:
            name = file.path.rpartition("/")[2]
            if folder is None or not _exists(name, folder):
                found.append(file)
    return found


def write(root: Path, files: Sequence[File]) -> list[str]:
    """Write files, and return the paths of those that were written; one that exists by now is kept.

    Raises:
        InitRefused: a folder above one is a link, or a file cannot be written; `changed` says whether others were.
    """
    written: list[str] = []
    try:
        for file in files:
            with _folder_of(root, file.path, make=True) as folder:
                assert folder is not None  # noqa: S101 - it was made
                if _write_new(root / file.path, file, folder):
                    written.append(file.path)
    except InitRefused as error:
        error.changed = bool(written)
        raise
    return written


def _write_new(shown: Path, file: File, folder: int) -> bool:
    name = file.path.rpartition("/")[2]
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, 0o666, dir_fd=folder)
    except FileExistsError:
        return False
    except OSError as error:
        raise _unwritable(shown, error) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as opened:
            opened.write(file.text)
    except BaseException as error:  # also Ctrl-C: half of a file would be kept by the next call
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)
        if isinstance(error, OSError):
            raise _unwritable(shown, error) from None
        raise
    return True


@contextmanager
def _folder_of(root: Path, path: str, *, make: bool) -> Iterator[int | None]:
    """The folder of a file as a descriptor, opened part by part without following links; None if there is none."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    folder = os.open(root, flags)
    shown = root
    try:
        for part in path.split("/")[:-1]:
            shown = shown / part
            try:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, dir_fd=folder)
                below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=folder)
            except FileNotFoundError:
                yield None
                return
            except OSError as error:
                if shown.is_symlink():
                    raise InitRefused(
                        f"{shown} is a link: nothing is written through it", "Replace it by a folder"
                    ) from None
                raise _unwritable(shown, error) from None
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _unwritable(path: Path, error: OSError) -> InitRefused:
    return InitRefused(f"{path} cannot be written: {error.strerror}")
