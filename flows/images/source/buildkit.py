"""What of a Dockerfile the classic builder does not know, and which version of BuildKit's Dockerfile syntax does.

The versions: https://docs.docker.com/build/dockerfile/release-notes/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.images.source.dockerfile import Dockerfile, Instruction
from flows.images.source.stages import PLATFORM_ARGUMENTS, assignments

Version = tuple[int, int]

_CLASSIC: dict[str, frozenset[str]] = {
    "ADD": frozenset({"chown"}),
    "COPY": frozenset({"chown", "from"}),
    "FROM": frozenset({"platform"}),
    "HEALTHCHECK": frozenset({"interval", "timeout", "start-period", "retries"}),
}
_SINCE: dict[tuple[str, str], Version] = {
    ("RUN", "mount"): (1, 2),
    ("RUN", "network"): (1, 3),
    ("RUN", "security"): (1, 20),
    ("ADD", "chmod"): (1, 2),
    ("ADD", "link"): (1, 4),
    ("ADD", "checksum"): (1, 6),
    ("ADD", "keep-git-dir"): (1, 6),
    ("ADD", "unpack"): (1, 17),
    ("ADD", "exclude"): (1, 19),
    ("COPY", "chmod"): (1, 2),
    ("COPY", "link"): (1, 4),
    ("COPY", "exclude"): (1, 19),
    ("COPY", "parents"): (1, 20),
    ("HEALTHCHECK", "start-interval"): (1, 6),
}
_UNKNOWN: Version = (99, 0)
_HEREDOC: Version = (1, 4)
_FIRST: Version = (1, 0)
_OFFICIAL = re.compile(r"(docker\.io/)?docker/dockerfile(:[\w.-]+)?(@sha256:[0-9a-f]{64})?")
_GIT = re.compile(r"git://|ssh://|git@")

REMEDIES = {
    "RUN --mount": "copy the files with COPY, and give pip `--no-cache-dir` in place of a cache",
    "COPY --chmod": "run chmod in a RUN after it, or set the mode of the file in git",
    "ADD --chmod": "run chmod in a RUN after it, or set the mode of the file in git",
    "COPY --link": "remove --link: the image has the same files",
    "ADD --link": "remove --link: the image has the same files",
    "a heredoc": "write one RUN with `&& \\`, or put the text into a file and copy it",
}


@dataclass(frozen=True, slots=True)
class Need:
    """Something that only BuildKit builds.

    Attributes:
        line: In the Dockerfile.
        what: Such as `RUN --mount`.
        since: The first version of the Dockerfile syntax that has it.
    """

    line: int
    what: str
    since: Version

    @property
    def remedy(self) -> str:
        """How to do without it."""
        return REMEDIES.get(self.what, f"write it without {self.what}")


def foreign_frontend(dockerfile: Dockerfile) -> tuple[int, str] | None:
    """The line and the image of a `# syntax=` that is not Docker's own frontend; None if it is, or there is none."""
    if dockerfile.syntax is None or _OFFICIAL.fullmatch(dockerfile.syntax[1]):
        return None
    return dockerfile.syntax


def needs(dockerfile: Dockerfile) -> list[Need]:
    """Return what the classic builder refuses, or builds to another image than BuildKit, by line."""
    declared = {
        name
        for each in dockerfile.instructions
        if each.keyword == "ARG"
        for name, value in assignments(each)
        if value is not None
    }
    found = [need for each in dockerfile.instructions for need in _of(each, declared)]
    return sorted(found, key=lambda need: need.line)


def _of(instruction: Instruction, declared: set[str]) -> list[Need]:
    line, keyword = instruction.line, instruction.keyword
    found = []
    for flag in instruction.flags:
        name = flag.removeprefix("--").partition("=")[0]
        if name not in _CLASSIC.get(keyword, ()):
            found.append(Need(line, f"{keyword} --{name}", _SINCE.get((keyword, name), _UNKNOWN)))
    if instruction.heredocs:
        found.append(Need(line, "a heredoc", _HEREDOC))
    if keyword == "ADD" and any(_GIT.match(word) for word in instruction.words[:-1]):
        found.append(Need(line, "ADD of a git repository", (1, 6)))
    if keyword == "ARG":
        names = [name for name, value in assignments(instruction) if value is None]
        found += [Need(line, f"ARG {name}", _FIRST) for name in names if name in PLATFORM_ARGUMENTS]
    if keyword == "FROM":
        text = " ".join((*instruction.flags, instruction.arguments))
        names = re.findall(r"\$\{?(\w+)", text)
        found += [
            Need(line, f"${name}", _FIRST)
            for name in names
            if name in PLATFORM_ARGUMENTS and name not in declared
        ]
    return found
