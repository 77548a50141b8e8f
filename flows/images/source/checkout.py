"""The git checkout of a folder."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

GIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Checkout:
    """The last commit that changed a folder, its time, and whether the folder differs from it now."""

    commit: str
    time: datetime
    dirty: bool
    url: str | None
    """Where the repository comes from, http(s) or ssh, without user and password."""

    @property
    def revision(self) -> str:
        """The commit, with `-dirty` if the folder was changed since."""
        return f"{self.commit}-dirty" if self.dirty else self.commit


def read_checkout(folder: Path) -> Checkout | None:
    """Ask git about `folder`; None if it is in no checkout, was never committed, or git is not installed.

    The commit is the last one that touched the folder, not the checkout's newest: a commit elsewhere
    does not change the source, so it must not change the labels of its image.
    """
    last = _git(folder, "log", "-1", "--format=%H %ct", "--", ".")
    if not last:
        return None
    commit, seconds = last.split()
    changes = _git(folder, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    return Checkout(
        commit=commit,
        time=datetime.fromtimestamp(int(seconds)).astimezone(),
        dirty=changes is None or bool(changes),  # git may fail, or take too long
        url=public_url(_git(folder, "config", "--get", "remote.origin.url") or ""),
    )


def public_url(remote: str) -> str | None:
    """Return a remote's address for a label: no user, no password, no query; None for a local path.

    >>> public_url("https://user:secret@example.com/team/plugin.git")
    'https://example.com/team/plugin.git'
    >>> public_url("git@example.com:team/plugin.git")
    'ssh://example.com/team/plugin.git'
    """
    if scp := re.fullmatch(r"(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!//)(.+)", remote):
        return f"ssh://{scp[1]}/{scp[2].lstrip('/')}"
    try:
        parts = urlsplit(remote)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # git is less strict with ports and brackets
        return None
    if parts.scheme not in {"http", "https", "ssh", "git"} or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _git(folder: Path, *arguments: str) -> str | None:
    # Inside a git hook these point to the hook's repository, whatever -C says.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None
