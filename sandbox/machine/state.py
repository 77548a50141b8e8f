"""What a sandbox stores between two runs."""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class State:
    """A small JSON document that is kept between runs: ports, bootstrap, what was started. Mode 0600.

    The file is read once. Every change replaces it as a whole, so that an interrupted run leaves either the old
    or the new document.

    Args:
        path: the file.
        discard_broken: whether a file that cannot be read counts as empty. For commands that only stop or remove.

    Raises:
        SandboxError: the file cannot be read.
    """

    def __init__(self, path: Path, *, discard_broken: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._values: dict[str, Any] = {}
        if path.exists():
            try:
                self._values = dict(json.loads(path.read_text()))
            except (ValueError, TypeError) as error:  # TypeError: JSON, but no object
                if discard_broken:
                    return
                raise SandboxError(
                    f"The sandbox's state file cannot be read: {path} ({error}).",
                    "Remove the sandbox with `pluginctl sandbox down --purge` and start it again.",
                ) from error

    def get(self, key: str) -> dict[str, Any]:
        """A copy of the section `key`; empty if it was never written."""
        return dict(self._values.get(key, {}))

    def put(self, key: str, section: Mapping[str, Any]) -> None:
        """Replace a section and save the document."""
        with self._lock:
            self._values[key] = dict(section)
            write_private(self.path, json.dumps(self._values, indent=2))

    @contextmanager
    def changing(self, key: str) -> Iterator[dict[str, Any]]:
        """A section to change in place. It is saved when the block ends. Until then, no other thread writes."""
        with self._lock:
            section = self.get(key)
            yield section
            if section != self._values.get(key):
                self.put(key, section)


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole. Only its owner can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
