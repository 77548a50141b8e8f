r"""Which paths of a folder reach a Docker build: the rule of .dockerignore.

The rule is in https://docs.docker.com/build/concepts/context/#dockerignore-files; Docker's moby/patternmatcher decides
what that page does not say. The Docker SDK has an older version (docker.utils.build), but it imports the whole SDK,
which was a quarter of a dry run's imports. Its results are the same except where it is wrong: it reads `A` as `a`,
`[!a]` as `[^a]` and `../a` as `a`, does not support `\`, and below an excluded folder it misses exceptions with a
wildcard and what `**/folder` excludes.
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
    """One line: a cleaned pattern, and whether it is an exception (`!`), which includes a path again."""

    pattern: str
    exception: bool

    def takes_back_in(self, folder: str) -> bool:
        """Whether it is an exception that may match a path in `folder` without matching `folder` itself."""
        parts, names = self.pattern.split("/"), folder.split("/")
        for part, name in zip(parts, names, strict=False):
            if "**" in part or not _regex(part).fullmatch(name):
                return self.exception and "**" in part
        return self.exception and len(parts) > len(names)


def read_rules(lines: Iterable[str]) -> list[Rule]:
    """Return the rules of a .dockerignore in their order; the last one that matches a path counts.

    Raises:
        ValueError: a line is not a pattern, such as `[z-a]`; the message quotes it.
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
    """Yield the paths that are not excluded, relative to `folder`, unordered; links are not followed.

    Args:
        folder: The build context.
        rules: What `read_rules` returned. A rule for a folder applies to everything in it.
        above: The subfolder to begin in, such as `src/`.
        held: The rules that match that subfolder, or a parent of it.

    Raises:
        OSError: a folder cannot be listed; the error names it.
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
