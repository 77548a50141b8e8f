"""Files of other people, opened below one folder and never outside of it."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


class Refused(OSError):
    """A file is not read, although it may exist: `strerror` says why."""


def read_named(path: Path, limit: int) -> bytes:
    """Return the content of a file that the user names: links are followed wherever they lead.

    Raises:
        Refused: it is not a regular file, or is larger than the limit in bytes.
        FileNotFoundError: there is no such file.
        OSError: it cannot be read.
    """
    real = Path(_real(str(path)))
    return Folder(real.parent).read(real.name, limit)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder whose files somebody else wrote, such as a plugin's source in a pull request.

    A symbolic link is followed as long as it stays below the folder, as Docker does in a build context. A link that
    leaves it would show a file of this machine in a message or in an image. Devices, pipes and sockets are refused,
    because reading one may never end.

    Attributes:
        path: The folder. Links in its own path are followed: they belong to whoever runs the command.
    """

    path: Path

    def open(self, name: str | Path, limit: int | None = None) -> BufferedReader:
        """Open a file for reading.

        Every part of the real path is opened without following links, so that nothing can be exchanged between the
        check and the opening.

        Args:
            name: A path below the folder.
            limit: The largest size in bytes; None for any size.

        Raises:
            Refused: the path leaves the folder, is not a regular file, or is larger than the limit.
            FileNotFoundError: there is no such file.
            OSError: it cannot be opened.
        """
        shown = str(self.path / name)
        descriptor = self._descriptor(self._inside(name))
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Refused(errno.EINVAL, _kind(status.st_mode), shown)
            if limit is not None and status.st_size > limit:
                raise Refused(errno.EFBIG, f"has more than {_size(limit)}", shown)
        except BaseException:  # also Ctrl-C: nobody else closes it
            os.close(descriptor)
            raise
        return os.fdopen(descriptor, "rb")

    def read(self, name: str | Path, limit: int) -> bytes:
        """Return the content of a file; arguments and errors are those of `open`."""
        with self.open(name, limit) as file:
            content = file.read(limit + 1)
        if len(content) > limit:  # it grew, or is in a file system that tells no sizes
            raise Refused(errno.EFBIG, f"has more than {_size(limit)}", str(self.path / name))
        return content

    def is_file(self, name: str | Path) -> bool:
        """Whether `open` would open it, whatever its size."""
        try:
            self.open(name).close()
        except OSError:
            return False
        return True

    def _inside(self, name: str | Path) -> tuple[str, ...]:
        """The parts of the file's real path, from the folder."""
        root = _real(str(self.path))
        real = _real(os.path.join(root, name))  # noqa: PTH118 - keeps what Path would drop
        if os.path.commonpath([root, real]) != root:
            raise Refused(errno.EPERM, f"leads out of {self.path}", str(self.path / name))
        return Path(real).relative_to(root).parts

    def _descriptor(self, parts: tuple[str, ...]) -> int:
        flags = os.O_RDONLY | os.O_CLOEXEC
        folder = os.open(self.path, flags | os.O_DIRECTORY)
        try:
            for part in parts[:-1]:
                below = os.open(part, flags | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = below
            # Without O_NONBLOCK, opening a pipe waits for somebody who writes into it.
            return os.open(parts[-1] if parts else ".", flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:
        raise Refused(errno.EINVAL, "has a name with a null character", path) from None


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "is a folder",
        stat.S_IFIFO: "is a pipe",
        stat.S_IFSOCK: "is a socket",
        stat.S_IFCHR: "is a device",
        stat.S_IFBLK: "is a device",
    }
    return kinds.get(stat.S_IFMT(mode), "is not a file")


def _size(limit: int) -> str:
    return (
        f"{limit // MIB} MiB" if limit >= MIB else f"{limit // KIB} KiB" if limit >= KIB else f"{limit} bytes"
    )
