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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flows.text import quoted

_Step = Callable[[str, set[int]], set[int]]
"""From a path, and the places in it where the pattern may have come to, to the places after one part of the pattern."""

DOCKERIGNORE = ".dockerignore"
_ALWAYS = ("!Dockerfile", f"!{DOCKERIGNORE}")
_TOKEN = re.compile(
    r"(?P<deep>\*\*/?)|(?P<star>\*)|(?P<one>\?)|\[(?P<not>\^?)(?P<set>(?:\\[^/]|[^]\\/])+)]"
    r"|(?:\\(?=[^/]))?(?P<char>.)",
    re.DOTALL,
)
_MEMBER = re.compile(r"\\?(.)(?:-\\?(.))?", re.DOTALL)


class Pattern:
    """A pattern of .dockerignore, or of COPY: Go's filepath.Match, with `**` for any number of folders.

    A regular expression would try the wildcards of a hostile pattern in every combination. This follows all places
    where the pattern may have come to, so the work is the length of the pattern times that of the path.

    Raises:
        re.error: it has a set that does not exist, such as `[z-a]`.
    """

    def __init__(self, text: str) -> None:
        self._steps: list[_Step] = []
        plain = ""
        for token in _TOKEN.finditer(text):
            if character := token["char"]:
                plain += character
                continue
            if plain:
                self._steps.append(_text(plain))
                plain = ""
            self._steps.append(_wildcard(token))
        if plain:
            self._steps.append(_text(plain))
        # Most patterns are decided here.
        self._begins = re.split(r"[*?[\\]", text, maxsplit=1)[0]
        self._plain = self._begins == text

    def matches(self, path: str) -> bool:
        """Whether a path with '/' is one of those that it stands for."""
        if not path.startswith(self._begins) or (self._plain and path != self._begins):
            return False
        places = {0}
        for step in self._steps:
            places = step(path, places)
            if not places:
                return False
        return len(path) in places


def _wildcard(token: re.Match[str]) -> _Step:
    if token["deep"]:
        return _anything if token.end() == len(token.string) else _folders
    if members := token["set"]:
        ranges = _MEMBER.sub(lambda each: "-".join(re.escape(end) for end in each.groups() if end), members)
        return _member(re.compile(f"(?!/)[{token['not']}{ranges}]", re.DOTALL))
    return _rest_of_name if token["star"] else _member(re.compile("[^/]", re.DOTALL))


def _text(text: str) -> _Step:
    return lambda path, places: {place + len(text) for place in places if path.startswith(text, place)}


def _member(expression: re.Pattern[str]) -> _Step:
    return lambda path, places: {place + 1 for place in places if expression.match(path, place)}


def _rest_of_name(path: str, places: set[int]) -> set[int]:
    found: set[int] = set()
    reached = -1
    for place in sorted(places):
        if place > reached:
            end = path.find("/", place)
            reached = len(path) if end < 0 else end
            found.update(range(place, reached + 1))
    return found


def _anything(path: str, places: set[int]) -> set[int]:
    return set(range(min(places), len(path) + 1))


def _folders(path: str, places: set[int]) -> set[int]:
    return places.union(index + 1 for index in range(min(places), len(path)) if path[index] == "/")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: a cleaned pattern, and whether it is an exception (`!`), which includes a path again."""

    pattern: str
    exception: bool

    def takes_back_in(self, folder: str) -> bool:
        """Whether it is an exception that may match a path in `folder` without matching `folder` itself."""
        parts, names = self.pattern.split("/"), folder.split("/")
        for part, name in zip(parts, names, strict=False):
            if "**" in part or not pattern(part).matches(name):
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
        cleaned = posixpath.normpath(text.removeprefix("!").strip()).lstrip("/")
        try:
            pattern(cleaned)
        except re.error as error:
            raise ValueError(f"{quoted(text)}: {error.msg}") from None
        rules.append(Rule(cleaned, text.startswith("!")))
    return rules


def is_excluded(name: str, rules: Sequence[Rule]) -> bool:
    """Whether lines exclude Dockerfile or .dockerignore, which a builder needs all the same.

    Docker sends both, and COPY does not find one that is excluded.
    """
    own = rules[: len(rules) - len(_ALWAYS)]
    matching = [rule for rule in own if pattern(rule.pattern).matches(name)]
    return bool(matching) and not matching[-1].exception


def included(folder: Path, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield the paths that are not excluded, relative to `folder`, unordered; links are not followed.

    Args:
        folder: The build context.
        rules: What `read_rules` returned. A rule for a folder applies to everything in it.

    Raises:
        OSError: a folder cannot be listed; the error names it.
    """
    waiting: list[tuple[str, frozenset[Rule]]] = [("", frozenset())]
    while waiting:
        above, held = waiting.pop()
        for entry in list(os.scandir(folder / above)):
            path = above + entry.name
            matching = [rule for rule in rules if rule in held or pattern(rule.pattern).matches(path)]
            excluded = bool(matching) and not matching[-1].exception
            if not excluded:
                yield path
            if entry.is_dir(follow_symlinks=False) and (
                not excluded or any(rule.takes_back_in(path) for rule in rules)
            ):
                waiting.append((f"{path}/", frozenset(matching)))


pattern = cache(Pattern)
