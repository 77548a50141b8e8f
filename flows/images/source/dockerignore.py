r"""Which paths of a folder reach a Docker build: the rule of .dockerignore.

https://docs.docker.com/build/concepts/context/#dockerignore-files says it, and moby/patternmatcher, by which Docker
itself goes, what that leaves open. The Docker SDK has an older form of it (docker.utils.build), but with it comes the
whole SDK, a quarter of what a dry run once imported. What that one gives is the same, but where it is wrong: it takes
`A` for `a`, `[!a]` for `[^a]` and `../a` for `a`, knows no `\`, and below an excluded folder it misses exceptions
with a wildcard and what `**/folder` excludes.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DOCKERIGNORE = ".dockerignore"
_ALWAYS = ("!Dockerfile", f"!{DOCKERIGNORE}")
_TOKEN = re.compile(
    r"(?P<deep>\*\*/?)|(?P<star>\*)|(?P<one>\?)|\[(?P<not>\^?)(?P<set>(?:\\[^/]|[^]\\/])+)]|(?:\\(?=[^/]))?(?P<char>.)",
    re.DOTALL,
)
_MEMBER = re.compile(r"\\?(.)(?:-\\?(.))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: a cleaned pattern, and whether it is an exception (`!`), which takes back what is excluded."""

    pattern: str
    exception: bool

    def takes_back_in(self, folder: str) -> bool:
        """Whether it is an exception that may match a path in `folder` by itself, and not as one in that folder."""
        parts, names = self.pattern.split("/"), folder.split("/")
        for part, name in zip(parts, names, strict=False):
            if "**" in part or not _regex(part).fullmatch(name):
                return self.exception and "**" in part
        return self.exception and len(parts) > len(names)


def read_rules(lines: Iterable[str]) -> list[Rule]:
    """Return the rules of a .dockerignore in their order; of those that match a path, the last one counts.

    Raises:
        ValueError: a line is no pattern, such as `[z-a]`; the message holds it.
    """
    rules = []
    for line in (*(line for line in lines if not line.startswith("#")), *_ALWAYS):
        text = line.strip()
        pattern = posixpath.normpath(text.removeprefix("!").strip()).lstrip("/")
        try:
            _regex(pattern)
        except re.error as error:
            raise ValueError(f"{text}: {error}") from None
        rules.append(Rule(pattern, text.startswith("!")))
    return rules


def included(
    folder: Path, rules: Sequence[Rule], above: str = "", held: frozenset[Rule] = frozenset()
) -> Iterator[str]:
    """Yield the paths that are not excluded, relative to `folder`, in no order; links are not followed.

    Args:
        folder: The build context.
        rules: What `read_rules` returned. What one says of a folder holds for everything in it.
        above: Where to begin, such as `src/`.
        held: The rules that match that place, or a folder that it is in.

    Raises:
        OSError: a folder cannot be listed; names it.
    """
    for entry in list(os.scandir(folder / above)):
        path = above + entry.name
        matching = [rule for rule in rules if rule in held or _regex(rule.pattern).fullmatch(path)]
        excluded = bool(matching) and not matching[-1].exception
        if not excluded:
            yield path
        if entry.is_dir(follow_symlinks=False) and (
            not excluded or any(rule.takes_back_in(path) for rule in rules)
        ):
            yield from included(folder, rules, f"{path}/", frozenset(matching))


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(_TOKEN.sub(_translated, pattern), re.DOTALL)


def _translated(token: re.Match[str]) -> str:
    if token["deep"]:
        return ".*" if token.end() == len(token.string) else "(?:.*/)?"
    if members := token["set"]:
        ranges = _MEMBER.sub(lambda each: "-".join(re.escape(end) for end in each.groups() if end), members)
        return f"(?!/)[{token['not']}{ranges}]"
    return "[^/]*" if token["star"] else "[^/]" if token["one"] else re.escape(token["char"])
