"""What a Dockerfile copies and which image it is based on, as far as it is known before the build.

The form: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCRATCH = "scratch"
"""The base that is not an image."""

_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?$", re.IGNORECASE)
_ARG = re.compile(r"(\w+)(?:=(\S*))?$")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its first line, from 1; its keyword in capitals; and the rest, on one line."""

    line: int
    keyword: str
    arguments: str


def instructions(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile, without comments and with continued lines joined."""
    found: list[Instruction] = []
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        begun = begun or number
        parts.append(stripped.removesuffix("\\"))
        if not stripped.endswith("\\"):
            keyword, _, arguments = " ".join(parts).partition(" ")
            found.append(Instruction(begun, keyword.upper(), arguments.strip()))
            begun, parts = 0, []
    return found


def base_image(text: str, build_args: Mapping[str, str]) -> str | None:
    """Return the base image of the last stage of a Dockerfile, also `scratch`; None if it names none.

    Arguments before the first FROM are inserted; `build_args` override their defaults. Stages are followed to the
    image that the first of them names.
    """
    arguments: dict[str, str] = {}
    stages: dict[str, str] = {}
    base: str | None = None
    for each in instructions(text):
        if each.keyword == "ARG" and base is None and (argument := _ARG.match(each.arguments)):
            name, default = argument[1], (argument[2] or "").strip("\"'")
            arguments[name] = build_args.get(name, default)
        elif each.keyword == "FROM" and (stage := _FROM.match(each.arguments)):
            named = _VARIABLE.sub(
                lambda found: arguments.get(found[1] or found[2], "") or found[3] or "", stage[1]
            )
            base = stages.get(named.lower(), named)
            if stage[2]:
                stages[stage[2].lower()] = base
    return base or None


def declares(text: str, argument: str) -> bool:
    """Whether a Dockerfile has an ARG instruction for a build argument."""
    arguments = (each.arguments for each in instructions(text) if each.keyword == "ARG")
    return any(argument == word.partition("=")[0] for each in arguments for word in each.split())


def copied(text: str) -> list[tuple[int, str]]:
    """Return what COPY and ADD read from the build context: line and path, with wildcards.

    Paths with variables, URLs and files of another stage are left out, because only the build knows them.
    """
    found = []
    for each in instructions(text):
        if each.keyword in {"COPY", "ADD"}:
            flags, words = _operands(each.arguments)
            if not any(flag.startswith("--from=") for flag in flags):
                found += [
                    (each.line, word) for word in words[:-1] if not re.search(r"\$|://|^<<|^git@", word)
                ]
    return found


def holds(paths: Iterable[str], wanted: str) -> bool:
    """Whether a build context of these paths has `wanted`: a file, a folder with something in it, a wildcard.

    The context's folder is the top: as in Docker, `..` does not leave it.
    """
    parts = posixpath.normpath(f"/{wanted}").strip("/").split("/")
    if parts == [""]:
        return True
    plain, depth = not any(character in wanted for character in "*?["), len(parts)
    return any(
        here == parts if plain else len(here) == depth and all(map(fnmatchcase, here, parts))
        for here in (path.split("/", depth)[:depth] for path in paths)
    )


def _operands(arguments: str) -> tuple[list[str], list[str]]:
    words = arguments.split()
    flags = [word for word in words if word.startswith("--")]
    rest = arguments[arguments.index(flags[-1]) + len(flags[-1]) :].strip() if flags else arguments
    if rest.startswith("["):
        try:
            return flags, [str(word) for word in json.loads(rest)]
        except json.JSONDecodeError:
            pass  # docker reads it as plain words too
    return flags, rest.split()
