"""The stages of a Dockerfile: which image each is based on, what it copies, and which of them the image is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flows.images.source.dockerfile import SCRATCH, Dockerfile, DockerfileError, Instruction
from flows.images.source.variables import Lookup, Unclosed, Unknown, expand

PLATFORM_ARGUMENTS = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
    "BUILDPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "BUILDARCH": "amd64",
    "BUILDVARIANT": "",
}
"""The arguments that BuildKit sets by itself, with their values for the only platform that SpaceONE's images have."""

_ASSIGNMENT = re.compile(r"""([^\s=]+)(?:=((?:[^\s"'\\`]|\\.|`.|"(?:\\.|[^"\\])*"|'[^']*')*))?""")
_URL = re.compile(r"https?://|git://|ssh://|git@[^/:]+:")


@dataclass(frozen=True)
class Stage:
    """What one FROM instruction begins.

    Attributes:
        number: From 0.
        line: Of its FROM.
        base: The image or the stage as it is written, with its variables.
        name: After AS, in lower case; "" without one.
        instructions: Those after its FROM.
    """

    number: int
    line: int
    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """What an instruction reads from the build context.

    Attributes:
        line: Of the instruction.
        path: A path or a pattern with wildcards; None if only the build knows it, which may be any file.
    """

    line: int
    path: str | None


def stages(dockerfile: Dockerfile) -> list[Stage]:
    """Return the stages of a Dockerfile in their order.

    Raises:
        DockerfileError: a FROM is no FROM, or another instruction comes before it.
    """
    found: list[Stage] = []
    for each in dockerfile.instructions:
        if each.keyword == "FROM":
            words = each.words
            named = len(words) == 3 and words[1].upper() == "AS"
            if len(words) != 1 and not named:
                raise DockerfileError(each.line, "is not of the form FROM IMAGE or FROM IMAGE AS NAME")
            found.append(Stage(len(found), each.line, words[0], words[2].lower() if named else ""))
        elif found:
            found[-1].instructions.append(each)
        elif each.keyword != "ARG":
            raise DockerfileError(each.line, f"has {each.keyword} before the first FROM")
    return found


def assignments(instruction: Instruction) -> Iterator[tuple[str, str | None]]:
    """Yield the names and values of an ARG or ENV; the values have their quotes and variables."""
    arguments = instruction.arguments
    if instruction.keyword == "ENV" and "=" not in arguments.split(" ", 1)[0]:
        name, _, value = arguments.partition(" ")
        yield name, value.strip()
        return
    for match in _ASSIGNMENT.finditer(arguments):
        yield match[1], match[2]


def bases(dockerfile: Dockerfile, build_args: Mapping[str, str]) -> list[str]:
    """Return the base image of each stage; that of a stage on another stage is the other's. "" if it names none.

    Args:
        dockerfile: The Dockerfile.
        build_args: They override the defaults of arguments before the first FROM.

    Raises:
        DockerfileError: a FROM cannot be read.
    """
    values: dict[str, str] = {}

    def lookup(name: str) -> str | None:
        return values.get(name, PLATFORM_ARGUMENTS.get(name))

    for each in dockerfile.instructions:
        if each.keyword == "FROM":
            break
        for name, default in assignments(each):
            if name in build_args:
                values[name] = build_args[name]
            elif default is not None:
                values[name] = _expanded(default, lookup, dockerfile, each.line)
    found: list[str] = []
    named: dict[str, str] = {}
    for stage in stages(dockerfile):
        base = _expanded(stage.base, lookup, dockerfile, stage.line)
        found.append(named.get(base.lower(), base))
        if stage.name:
            named[stage.name] = found[-1]
    return found


def _expanded(word: str, lookup: Lookup, dockerfile: Dockerfile, line: int) -> str:
    try:
        return expand(word, lookup, dockerfile.escape)
    except Unknown as error:
        raise DockerfileError(line, str(error)) from None


def used(dockerfile: Dockerfile) -> set[int]:
    """Return the numbers of the stages that the image is made of: the last one, and those that it uses."""
    found = stages(dockerfile)
    waiting, reached = [len(found) - 1] if found else [], set[int]()
    while waiting:
        number = waiting.pop()
        if number in reached:
            continue
        reached.add(number)
        stage = found[number]
        names = [stage.base, *(name for each in stage.instructions for name in _others(each))]
        waiting += [other for name in names for other in _named(found[:number], name)]
    return reached


def _named(before: list[Stage], name: str) -> list[int]:
    """The stage of that name or number; all of them if a variable may name any."""
    if "$" in name:
        return [stage.number for stage in before]
    plain = name.strip("\"'").lower()
    found = [stage.number for stage in before if stage.name == plain]
    if not found and plain.isdecimal() and int(plain) < len(before):
        found = [int(plain)]
    return found[-1:]


def _others(instruction: Instruction) -> Iterator[str]:
    """What an instruction takes from other stages or images."""
    if instruction.keyword in {"COPY", "ADD"} and (other := instruction.flag("from")):
        yield other
    for mount in _mounts(instruction):
        if other := mount.get("from"):
            yield other


def _mounts(instruction: Instruction) -> Iterator[dict[str, str]]:
    """The options of each `RUN --mount=`."""
    for flag in instruction.flags if instruction.keyword == "RUN" else ():
        if flag.startswith("--mount="):
            parts = (part.partition("=") for part in flag.removeprefix("--mount=").split(","))
            yield {name.strip().lower(): value for name, _, value in parts}


def sources(dockerfile: Dockerfile) -> list[list[Source]]:
    """Return what each stage reads from the build context: by COPY, ADD and RUN --mount.

    A variable is replaced if the Dockerfile alone decides its value. The value of an ARG is the environment's, and a
    variable that nobody sets may be the base image's.

    Raises:
        DockerfileError: an instruction cannot be read.
    """
    found: list[list[Source]] = []
    environments: list[dict[str, str | None]] = []
    every = stages(dockerfile)
    for stage in every:
        below = _named(every[: stage.number], stage.base)
        on_scratch = stage.base.lower() == SCRATCH
        known = dict(environments[below[0]]) if len(below) == 1 else {"": "" if on_scratch else None}
        triggers = [Source(stage.line, ".") for number in below if _copies_later(every[number])]
        found.append([*triggers, *_of_stage(stage, known, dockerfile.escape)])
        environments.append(known)
    return found


def copies_everything(dockerfile: Dockerfile) -> bool:
    """Whether the image may have any file of the build context."""
    each_stage = sources(dockerfile)
    return any(source.path in {None, "."} for number in used(dockerfile) for source in each_stage[number])


def _copies_later(stage: Stage) -> bool:
    """Whether a stage has an ONBUILD that copies into the stages that are based on it."""
    later = (each.arguments for each in stage.instructions if each.keyword == "ONBUILD")
    return any(re.match(r"(?i)(ADD|COPY|RUN\s+--mount)\b", arguments) for arguments in later)


def _of_stage(stage: Stage, known: dict[str, str | None], escape: str) -> Iterator[Source]:
    """Read a stage.

    Args:
        stage: The stage.
        known: The variables of its base, None for a value that only the build knows, under "" for all others. Those
            that the stage sets are added.
        escape: The Dockerfile's escape character.
    """
    arguments = set[str]()

    def lookup(name: str) -> str | None:
        # An image has a PATH that no instruction names, also one without a base.
        value = known.get(name, None if name == "PATH" else known[""])
        if value is None or name in arguments:  # the two builders differ if it is set by ENV, too
            raise Unknown(name)
        return value

    def expanded(word: str | None) -> str | None:
        try:
            return None if word is None else expand(word, lookup, escape)
        except Unclosed as error:
            advice = 'a name with spaces has the form ["a name", "/x/"]'
            raise DockerfileError(each.line, f"{error}: {advice}") from None
        except Unknown:
            return None

    for each in stage.instructions:
        if each.keyword == "ARG":
            arguments.update(name for name, _ in assignments(each))
        elif each.keyword == "ENV":
            # Values see the variables before the instruction, not those of the same line.
            known |= {name: expanded(value) for name, value in assignments(each)}
        elif each.keyword in {"COPY", "ADD"} and each.flag("from") is None:
            inline = {word for word, _ in each.heredocs}
            for word in each.words[:-1]:
                path = expanded(word)
                if word in inline or (path is not None and each.keyword == "ADD" and _URL.match(path)):
                    continue
                yield Source(each.line, "." if each.flag("parents") is not None else path)
        elif each.keyword == "RUN":
            for mount in _mounts(each):
                if mount.get("type", "bind") == "bind" and "from" not in mount:
                    path = mount.get("source", mount.get("src", "."))
                    yield Source(each.line, expanded(path))
