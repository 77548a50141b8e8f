"""Reads the files of a plugin source. Somebody else wrote them: nothing outside of the source's folder is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.files import KIB, MIB, Folder, Refused
from flows.images.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

VERSION_BYTES = 1 * KIB
TEXT_BYTES = 1 * MIB
"""The largest Dockerfile, .dockerignore, setup.py or list of requirements: some hundred times a usual one."""


def read_text(folder: Path, name: str, limit: int = TEXT_BYTES, *, errors: str = "strict") -> str:
    """Return the text of a file of a source, without a byte order mark, which editors on Windows write.

    Args:
        folder: The plugin source.
        name: The file's path below it.
        limit: The largest size in bytes.
        errors: What happens with bytes that are not UTF-8, as in `bytes.decode`.

    Raises:
        FileNotFoundError: there is no such file.
        SourceError: it cannot be read, or must not be: see `flows.files.Folder`.
    """
    path = folder / name
    try:
        return Folder(folder).read(name, limit).decode("utf-8-sig", errors)
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise SourceError(path, f"is not text in UTF-8 (byte {error.start})", "Save it as UTF-8") from error
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> SourceError:
    """The error for a file that the system, or `Folder`, does not give."""
    if isinstance(error, Refused):
        advice = "A plugin source has ordinary files. A link may lead only to a file of the same source"
        return SourceError(path, f"cannot be used: it {error.strerror}", advice)
    return SourceError(path, f"cannot be read ({error.strerror})", "Make it readable")
