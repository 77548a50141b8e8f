"""The files of a source that reach its image, as a list with a digest, and what differs between two lists.

The digest has the form `sha256-files:<hex>`. Versions of this pipeline before 0.4.0 wrote `sha256:<hex>`, which is
a digest of the whole build context (`context.digest`). The two are never compared with each other.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

ALGORITHM = "sha256-files"
LONGEST_LABEL = 32 * 1024
"""Bytes of the label; labels are sent in the address of a request."""
_SHORT = 12
_SHOWN = 5


@dataclass(frozen=True)
class Listing:
    """What decides about an image.

    Attributes:
        files: By path: the SHA-256 of kind, mode and content, in hexadecimal. The instructions of the Dockerfile
            are there under its name.
    """

    files: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """`sha256-files:<hex>`: of all paths and their digests, in the order of the paths."""
        total = hashlib.sha256(b"files\0")
        for path in sorted(self.files, key=os.fsencode):
            total.update(f"{self.files[path]} ".encode() + os.fsencode(path) + b"\0")
        return f"{ALGORITHM}:{total.hexdigest()}"

    def label(self) -> str:
        """Return the list as a label: a JSON object with the first 12 digits by path.

        If it is too long, folders stand for what is in them, first the deepest ones. If that does not help, the object
        is empty: without a label of its own, an image has that of its base image.
        """
        depth = max((path.count("/") for path in self.files), default=0)
        text = _json(_short(self.files))
        while len(text) > LONGEST_LABEL and depth:
            text = _json(_short(_folded(self.files, depth)))
            depth -= 1
        return text if len(text) <= LONGEST_LABEL else "{}"

    def differences(self, label: str) -> Differences | None:
        """Compare with the label of a released image; None if it is not one that `label` wrote."""
        before = _parsed(label)
        if before is None:
            return None
        folders = {path for path in before if path.endswith("/")}
        depth = min((path.count("/") for path in folders), default=None)
        now = _short(self.files if depth is None else _folded(self.files, depth))
        return Differences(
            tuple(sorted(path for path in now if path in before and now[path] != before[path])),
            tuple(sorted(now.keys() - before.keys())),
            tuple(sorted(before.keys() - now.keys())),
        )


@dataclass(frozen=True)
class Differences:
    """Paths that are not as they were released; a folder ends with "/"."""

    changed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def __str__(self) -> str:
        from flows.text import printable

        found = []
        for what, paths in (("changed", self.changed), ("new", self.added), ("gone", self.removed)):
            if paths:
                more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
                found.append(f"{what}: {', '.join(printable(path) for path in paths[:_SHOWN])}{more}")
        return "; ".join(found)


def record(kind: str, content: str, *, executable: bool = False) -> str:
    """Return what stands for one path in a list.

    Args:
        kind: `file`, `folder`, `link`, or `steps` for the Dockerfile's instructions.
        content: The SHA-256 of the content or of a link's target.
        executable: Whether its owner may run it.
    """
    return hashlib.sha256(f"{kind} {'x' if executable else '-'} {content}".encode()).hexdigest()


def _folded(files: Mapping[str, str], depth: int) -> dict[str, str]:
    """The list with each folder of this depth in place of its files."""
    found: dict[str, str] = {}
    totals: dict[str, hashlib._Hash] = {}
    for path in sorted(files):
        parts = path.split("/")
        if len(parts) <= depth:
            found[path] = files[path]
            continue
        folder = "/".join(parts[:depth]) + "/"
        total = totals.setdefault(folder, hashlib.sha256())
        total.update(f"{files[path]} ".encode() + os.fsencode(path) + b"\0")
    return found | {folder: total.hexdigest() for folder, total in totals.items()}


def _short(files: Mapping[str, str]) -> dict[str, str]:
    return {_text(path): digest[:_SHORT] for path, digest in files.items()}


def _text(path: str) -> str:
    """A path as text that any JSON reader takes: a name that is not UTF-8 has other characters."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _json(files: Mapping[str, str]) -> str:
    return json.dumps(files, sort_keys=True, separators=(",", ":"))


def _parsed(label: str) -> dict[str, str] | None:
    try:
        found = json.loads(label)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not found:
        return None
    return {path: digest for path, digest in found.items() if isinstance(digest, str)}
