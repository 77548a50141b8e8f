"""What a Dockerfile says before it is built."""

from __future__ import annotations

import pytest

from flows.images.source.dockerfile import base_image, copied, declares, holds, instructions


def test_instructions_know_their_line_and_are_joined():
    text = "# syntax\nfrom a:1\n\nRUN one \\\n  # why\n    two\nUSER 1"
    assert [(each.line, each.keyword, each.arguments) for each in instructions(text)] == [
        (2, "FROM", "a:1"),
        (4, "RUN", "one  two"),
        (7, "USER", "1"),
    ]


@pytest.mark.parametrize(
    ("dockerfile", "arguments", "base"),
    [
        ("FROM python:3.11", {}, "python:3.11"),
        ("# FROM nothing\nfrom --platform=linux/amd64 python:3.11 as x\nRUN true", {}, "python:3.11"),
        ("FROM scratch", {}, "scratch"),
        ("", {}, None),
        ("ARG BASE\nFROM $BASE", {}, None),
        ("ARG BASE=a:1\nFROM $BASE", {}, "a:1"),
        ('ARG BASE="a:1"\nFROM ${BASE}', {}, "a:1"),
        ("ARG BASE=a:1\nFROM $BASE", {"BASE": "b:2"}, "b:2"),
        ("ARG TAG\nFROM python:${TAG:-3.11}", {}, "python:3.11"),
        ("ARG TAG\nFROM python:${TAG:-3.11}", {"TAG": "3.12"}, "python:3.12"),
        ("FROM golang AS build\nRUN x\nFROM alpine:3\nCOPY --from=build /x /x", {}, "alpine:3"),
        ("FROM python:3 AS Base\nFROM base AS test\nFROM base", {}, "python:3"),
        ("FROM a:1\nARG BASE=c\nFROM b:1", {"BASE": "d"}, "b:1"),
        ("FROM \\\n  python:3.11", {}, "python:3.11"),
    ],
)
def test_base_image(dockerfile, arguments, base):
    assert base_image(dockerfile, arguments) == base


@pytest.mark.parametrize(
    ("dockerfile", "paths"),
    [
        ("COPY src /src", ["src"]),
        ("copy --chown=1:1 --link pkg/*.txt src/VERSION ./", ["pkg/*.txt", "src/VERSION"]),
        ('COPY ["with space", "src", "/x/"]', ["with space", "src"]),
        ('ADD --chown=1 ["src", "/x/"]', ["src"]),
        ("COPY --from=packages /opt/venv /opt/venv", []),
        ("ADD https://example.com/x git@example.com:x ${HERE}/x $X src /x", ["src"]),
        ("COPY a \\\n  b \\\n  /x/", ["a", "b"]),
        ("RUN cp a b", []),
    ],
)
def test_what_is_copied_from_the_build_context(dockerfile, paths):
    assert [path for _, path in copied(dockerfile)] == paths


@pytest.mark.parametrize(
    ("wanted", "held"),
    [
        (".", True),
        ("/", True),
        ("./", True),
        ("src", True),
        ("/src/", True),
        ("./src/plugin", True),
        ("src/plugin/main.py", True),
        ("pkg/*.txt", True),
        ("pkg/*", True),
        ("*/VERSION", True),
        ("*.txt", False),
        ("sr", False),
        ("plugin", False),
        ("src/plugin/main.py/x", False),
        ("pkg/*.in", False),
        ("../secret", False),
    ],
)
def test_whether_a_build_context_holds_it(wanted, held):
    assert holds(["pkg/a.txt", "src/VERSION", "src/plugin", "src/plugin/main.py"], wanted) is held


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("ARG SOURCE_DATE_EPOCH", True),
        ("FROM x\narg SOURCE_DATE_EPOCH=0", True),
        ("FROM x\nARG A=1 SOURCE_DATE_EPOCH=0", True),
        ("FROM x\nARG SOURCE_DATE_EPOCH_2\nENV SOURCE_DATE_EPOCH=1", False),
        ("# ARG SOURCE_DATE_EPOCH\nFROM x", False),
        ("FROM x\nARG", False),
    ],
)
def test_a_declared_build_argument_is_found(text, declared):
    assert declares(text, "SOURCE_DATE_EPOCH") is declared
