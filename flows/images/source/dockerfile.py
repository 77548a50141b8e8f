"""The instructions of a Dockerfile, read as Docker's parser reads them, and never run.

The form: https://docs.docker.com/reference/dockerfile/. Where that page is not exact, the parser of the Docker engine
decides (frontend/dockerfile/parser in moby/buildkit, which the classic builder uses, too).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

SCRATCH = "scratch"
"""The base that is not an image."""

KEYWORDS = frozenset(
    {
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
    }
    | {"RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)

MAX_INSTRUCTIONS = 1000
"""Each may refer to all stages before it."""

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")
_DIRECTIVES = {"escape", "syntax", "check"}
_SPACES = re.compile(r"[\t\v\f\r ]+")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)$")
_WITH_HEREDOC = {"ADD", "COPY", "RUN"}


class DockerfileError(ValueError):
    """A Dockerfile that no builder reads; `line` counts from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    Attributes:
        line: Its first line, from 1.
        keyword: In capitals.
        flags: Its options, such as `--from=build`, without quotes.
        arguments: The rest on one line, as Docker joins continued lines.
        heredocs: The texts that follow it, with the words that name them, such as `<<EOF`.
        pieces: Its lines, each with its number, without the mark of a continuation.
        text: The whole instruction without comments: two Dockerfiles with equal texts are the same to Docker.
    """

    line: int
    keyword: str
    flags: tuple[str, ...]
    arguments: str
    heredocs: tuple[tuple[str, str], ...] = ()
    pieces: tuple[tuple[int, str], ...] = ()
    text: str = ""

    def flag(self, name: str) -> str | None:
        """The value of an option, such as `from`; None without it."""
        for each in self.flags:
            found, _, value = each.removeprefix("--").partition("=")
            if found == name:
                return value
        return None

    @property
    def words(self) -> list[str]:
        """The arguments in JSON form, or between spaces; their quotes and variables stay."""
        listed = self.listed
        return [word for word in _SPACES.split(self.arguments) if word] if listed is None else listed

    @property
    def listed(self) -> list[str] | None:
        """The arguments if they have the JSON form; None otherwise."""
        if not self.arguments.startswith("["):
            return None
        try:
            found = json.loads(self.arguments)
        except (ValueError, RecursionError):
            return None  # Docker reads it as plain words, too
        return found if all(isinstance(word, str) for word in found) else None


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile.

    Attributes:
        instructions: In their order.
        escape: The character that continues lines and escapes others.
        syntax: The frontend that `# syntax=` names, with its line; None without it.
    """

    instructions: tuple[Instruction, ...]
    escape: str = "\\"
    syntax: tuple[int, str] | None = None

    @cached_property
    def canonical(self) -> bytes:
        """What Docker sees of it: without comments, empty lines and the ways to break lines."""
        syntax = self.syntax[1] if self.syntax else ""
        texts = (f"{len(each.text)} {each.text}" for each in self.instructions)
        return "\0".join((self.escape, syntax, *texts)).encode("utf-8", "surrogatepass")

    def declares(self, argument: str) -> bool:
        """Whether an ARG instruction declares a build argument."""
        declared = (each.arguments for each in self.instructions if each.keyword == "ARG")
        return any(argument == word.partition("=")[0] for words in declared for word in words.split())


def parse(text: str) -> Dockerfile:
    """Read a Dockerfile.

    Raises:
        DockerfileError: it has an instruction that does not exist, or a text without an end.
    """
    # Not splitlines: to Docker, a form feed or U+2028 ends no line.
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    escape, syntax = _directives(lines)
    found: list[Instruction] = []
    at = 0
    while at < len(lines):
        number, pieces = at + 1, list[tuple[int, str]]()
        ended = False
        while at < len(lines) and not ended:
            line = lines[at]
            at += 1
            if not line.strip() or line.lstrip().startswith("#"):
                if not pieces:
                    break
                continue
            stripped = line.rstrip(" \t")
            ended = not stripped.endswith(escape)
            pieces.append((at, line if ended else stripped[:-1]))
        if joined := "".join(text for _, text in pieces).strip():
            number = pieces[0][0]
            instruction, at = _instruction(number, joined, tuple(pieces), lines, at, escape)
            found.append(instruction)
            if len(found) > MAX_INSTRUCTIONS:
                raise DockerfileError(number, f"is more than {MAX_INSTRUCTIONS:,} instructions")
    return Dockerfile(tuple(found), escape, syntax)


def _directives(lines: list[str]) -> tuple[str, tuple[int, str] | None]:
    """The parser directives: the comments of the form `# name=value` at the top."""
    found: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines, start=1):
        match = _DIRECTIVE.match(line.lstrip())
        name = match[1].lower() if match else ""
        if not match or name not in _DIRECTIVES:
            break
        if name in found:
            raise DockerfileError(number, f"has a second directive '{name}'")
        found[name] = (number, match[2])
    number, escape = found.get("escape", (0, "\\"))
    if escape not in {"\\", "`"}:
        raise DockerfileError(number, "has an escape directive that is neither ` nor \\")
    return escape, found.get("syntax")


def _instruction(
    number: int, joined: str, pieces: tuple[tuple[int, str], ...], lines: list[str], at: int, escape: str
) -> tuple[Instruction, int]:
    keyword, *rest = _SPACES.split(joined, maxsplit=1)
    keyword, rest_of_line = keyword.upper(), (rest[0].strip() if rest else "")
    if keyword not in KEYWORDS:
        raise DockerfileError(number, f"begins with {_shown(keyword)}, which is no instruction")
    heredocs, bodies = list[tuple[str, str]](), list[str]()
    with_heredoc = keyword in _WITH_HEREDOC
    if keyword == "ONBUILD":
        with_heredoc = rest_of_line.split(" ", 1)[0].upper() in _WITH_HEREDOC
    if with_heredoc and "<<" in rest_of_line:
        for _, word in _quoted_words(rest_of_line, escape):
            if match := _HEREDOC.match(word):
                name = re.sub(r"[\"']", "", match[2])
                body, at = _heredoc(number, name, bool(match[1]), lines, at)
                heredocs.append((word, body))
                bodies.append(body)
    flags, arguments = _flags(rest_of_line, escape)
    text = "\0".join((f"{keyword} {rest_of_line}", *bodies))
    return Instruction(number, keyword, flags, arguments, tuple(heredocs), pieces, text), at


def _heredoc(number: int, name: str, chomp: bool, lines: list[str], at: int) -> tuple[str, int]:
    body = list[str]()
    while at < len(lines):
        line = lines[at]
        at += 1
        if (line.lstrip("\t") if chomp else line) == name:
            return "".join(f"{each}\n" for each in body), at
        body.append(line)
    raise DockerfileError(number, f"begins a text that no line {_shown(name)} ends")


def _flags(rest: str, escape: str) -> tuple[tuple[str, ...], str]:
    """The options at the beginning, and what follows them."""
    flags = list[str]()
    for at, word in _quoted_words(rest, escape):
        if not word.startswith("--"):
            return tuple(flags), rest[at:]
        if word == "--":
            return tuple(flags), rest[at + 2 :].lstrip()
        flags.append(re.sub(r"[\"']", "", word))
    return tuple(flags), ""


def _quoted_words(text: str, escape: str) -> Iterator[tuple[int, str]]:
    """Where the words of a line begin, and the words as they are written.

    Spaces in quotes, and escaped ones, do not end a word.
    """
    begun = -1
    for at, (character, (quote, escaped)) in enumerate(zip(text, _quoting(text, escape), strict=False)):
        if character.isspace() and not quote and not escaped:
            if begun >= 0:
                yield begun, text[begun:at]
            begun = -1
        elif begun < 0:
            begun = at
    if begun >= 0:
        yield begun, text[begun:]


def open_quote(text: str, escape: str, quote: str = "") -> str:
    """The quotation mark that is open after a text; "" if none is. `quote` is the one that is open before it."""
    *_, (last, _) = _quoting(text, escape, quote)
    return last


def _quoting(text: str, escape: str, quote: str = "") -> Iterator[tuple[str, bool]]:
    """The open quotation mark and whether the next character is escaped: before each character, and at the end."""
    escaped = False
    for character in text:
        yield quote, escaped
        if escaped:
            escaped = False
        elif character == escape and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
    yield quote, escaped


def _shown(word: str) -> str:
    from flows.text import quoted

    return quoted(word)
