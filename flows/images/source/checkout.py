"""The git checkout of a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flows.images.source import git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkout:
    """The last commit that changed a source, its time, and whether the source differs from it now."""

    commit: str
    time: datetime
    dirty: bool
    url: str | None
    """Where the repository comes from, http(s) or ssh, without user and password."""
    tags: tuple[str, ...] = ()
    """The tags of the commit that is checked out, which may be a later one."""

    @property
    def revision(self) -> str:
        """The commit, with `-dirty` if the source was changed since."""
        return f"{self.commit}-dirty" if self.dirty else self.commit


def read_checkout(folder: Path, roots: Sequence[str] = (".",)) -> Checkout | None:
    """Ask git about `folder`; None if it is in no checkout, was never committed, or git is not installed.

    The commit is the last one that touched the source, not the checkout's newest: a commit elsewhere
    does not change the source, so it must not change the labels of its image. Nothing of the checkout is run.

    Args:
        folder: The folder.
        roots: Paths below it: what the source consists of.
    """
    repository = git.find_repository(folder)
    commit = repository and git.head(repository)
    if not repository or not commit:
        return None
    here = folder.resolve().relative_to(repository.top)
    paths = [str(here / root) for root in roots]
    with git.opened(repository, commit) as asked:
        last = asked.ask("log", "-1", "--format=%H %ct", commit, "--", *paths)
        if not last:
            return None
        found, seconds = last.split()
        return Checkout(
            commit=found,
            time=datetime.fromtimestamp(int(seconds)).astimezone(),
            dirty=git.has_special_files(repository, folder) or _is_changed(asked, paths),
            url=public_url(asked.configuration.get("remote.origin.url", "")),
            tags=asked.tags(commit),
        )


def _is_changed(asked: git.Git, paths: Sequence[str]) -> bool:
    changes = asked.ask(
        "status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=all", "--", *paths
    )
    return changes is None or bool(changes)  # git may fail, or take too long


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
