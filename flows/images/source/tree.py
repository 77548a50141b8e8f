"""Finds what COPY and ADD name in a build context: folders, wildcards and links, as the Docker engine finds them."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping

from flows.images.source.dockerignore import pattern

_MOST_LINKS = 40
_LONGEST = 4096
"""Linux has no longer paths (PATH_MAX)."""
_WILDCARD = re.compile(r"\\.|([*?[])", re.DOTALL)


class Tree:
    """The paths of a build context. Nothing outside of it exists: `..` and absolute links begin at its top.

    Args:
        links: The target of each path that is a link, None for any other path.
        for_buildkit: Whether a folder before the first wildcard may be a link: BuildKit follows it, the classic builder
            does not. BuildKit copies nothing if a wildcard matches nothing; the classic builder refuses that.
    """

    def __init__(self, links: Mapping[str, str | None], *, for_buildkit: bool = False) -> None:
        self._links, self.for_buildkit = links, for_buildkit
        self._sorted = sorted(links)
        self._folders = {"", *(above for path in links for above in _above(path))}

    def find(self, source: str) -> set[str]:
        """Return the paths that a source names, with all that is in its folders; empty if there is nothing.

        A link in the path is followed, as is a source that is a link; a link in a folder is not. Links that were
        followed are returned, too.
        """
        if len(source) > _LONGEST:
            return set()
        if posixpath.normpath(source.lstrip("/")).startswith("../"):
            return set()  # the classic builder refuses it
        wanted = posixpath.normpath(f"/{source}").lstrip("/")
        wildcard = _first_wildcard(wanted)
        if wildcard is None:
            return self._named(re.sub(r"\\(.)", r"\1", wanted))
        followed = set[str]()
        if self.for_buildkit:
            before, _, _ = wanted[:wildcard].rpartition("/")
            real = self._real(before, followed)
            if real is None:
                return set()
            wanted = posixpath.join(real, wanted[len(before) :].lstrip("/"))
        try:
            # Go's filepath.Match knows no `**`: it is the same as `*`.
            matching = pattern(re.sub(r"\*{2,}", "*", wanted))
        except re.error:
            return set()
        named = [self._named(path) for path in self._sorted if matching.matches(path)]
        return followed.union(*named) if named else set()

    def _named(self, path: str) -> set[str]:
        followed = set[str]()
        real = self._real(path, followed)
        if real is None:
            return set()
        return {*self._below(real), *([real] if real in self._links else []), *followed}

    def _real(self, path: str, followed: set[str]) -> str | None:
        """The path without links; None if it does not exist. The links on the way are added to `followed`."""
        waiting, here, left = path.split("/"), "", _MOST_LINKS
        while waiting:
            part = waiting.pop(0)
            if part in {"", "."}:
                continue
            if part == "..":
                here = posixpath.dirname(here)
                continue
            here = posixpath.join(here, part)
            target = self._links.get(here)
            if target is not None:
                left -= 1
                if left == 0:
                    return None
                followed.add(here)
                here = "" if target.startswith("/") else posixpath.dirname(here)
                waiting = [*target.split("/"), *waiting]
            elif here not in self._links and here not in self._folders:
                return None
        return here

    def _below(self, folder: str) -> Iterable[str]:
        begin = f"{folder}/" if folder else ""
        at = bisect_left(self._sorted, begin)
        while at < len(self._sorted) and self._sorted[at].startswith(begin):
            yield self._sorted[at]
            at += 1


def has_wildcard(path: str) -> bool:
    """Whether Docker takes a path for a pattern."""
    return _first_wildcard(path) is not None


def _first_wildcard(path: str) -> int | None:
    """Where Docker finds a wildcard in a path; None if it is no pattern."""
    return next((match.start() for match in _WILDCARD.finditer(path) if match[1]), None)


def _above(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
