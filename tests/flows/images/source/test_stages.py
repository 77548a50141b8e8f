"""The stages of a Dockerfile: bases, what they read from the build context, and which of them count."""

from __future__ import annotations

import pytest

from flows.images.source.dockerfile import DockerfileError, parse
from flows.images.source.stages import bases, sources, used


@pytest.mark.parametrize(
    ("dockerfile", "arguments", "base"),
    [
        ("FROM python:3.11", {}, "python:3.11"),
        ("# FROM nothing\nfrom --platform=linux/amd64 python:3.11 as x\nRUN true", {}, "python:3.11"),
        ("FROM scratch", {}, "scratch"),
        ("", {}, None),
        ("ARG BASE\nFROM $BASE", {}, ""),
        ("ARG BASE=a:1\nFROM $BASE", {}, "a:1"),
        ('ARG BASE="a:1"\nFROM ${BASE}', {}, "a:1"),
        ("ARG BASE=a:1\nFROM $BASE", {"BASE": "b:2"}, "b:2"),
        ("ARG TAG\nFROM python:${TAG:-3.11}", {}, "python:3.11"),
        ("ARG TAG\nFROM python:${TAG:-3.11}", {"TAG": "3.12"}, "python:3.12"),
        ("FROM golang AS build\nRUN x\nFROM alpine:3\nCOPY --from=build /x /x", {}, "alpine:3"),
        ("FROM python:3 AS Base\nFROM base AS test\nFROM base", {}, "python:3"),
        ("FROM a:1\nARG BASE=c\nFROM b:1", {"BASE": "d"}, "b:1"),
        ("FROM \\\n  python:3.11", {}, "python:3.11"),
        ('FROM --platform=$BUILDPLATFORM "python:3.11" AS base\nFROM base', {}, "python:3.11"),
        ("ARG PREFIX=\nARG TAG=3.11\nFROM ${PREFIX:+$PREFIX/}python:${TAG}", {}, "python:3.11"),
        ("ARG P=\nFROM ${P:+$P/}python", {"P": "example.com"}, "example.com/python"),
        ("ARG TAG=3.11\nARG BASE=python:${TAG}\nFROM $BASE", {"TAG": "3.12"}, "python:3.12"),
        ("ARG TAG=3.11 OS=slim\nFROM python:$TAG-$OS", {}, "python:3.11-slim"),
        ("FROM python-$TARGETARCH", {}, "python-amd64"),
    ],
)
def test_base_image(dockerfile, arguments, base):
    assert next(iter(bases(parse(dockerfile), arguments)[-1:]), None) == base


@pytest.mark.parametrize(
    ("dockerfile", "line", "words"),
    [
        ("ARG A\nUSER 1\nFROM x", 2, "USER before the first FROM"),
        ("FROM", 1, "form FROM IMAGE"),
        ("FROM a as b c", 1, "form FROM IMAGE"),
        ("FROM a b", 1, "form FROM IMAGE"),
        ("FROM a\nFROM ${X#y}", 2, "not supported"),
        ('FROM "a', 1, 'a word without a " at its end'),
    ],
)
def test_a_stage_that_is_none(dockerfile, line, words):
    with pytest.raises(DockerfileError, match=words) as caught:
        bases(parse(dockerfile), {})
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("dockerfile", "paths"),
    [
        ("COPY src /src", ["src"]),
        ("copy --chown=1:1 --link pkg/*.txt src/VERSION ./", ["pkg/*.txt", "src/VERSION"]),
        ('COPY ["with space", "src", "/x/"]', ["with space", "src"]),
        ('COPY --chown=0:0 ["pkg/a.txt", \\\n  "src/VERSION", "/tmp/"]', ["pkg/a.txt", "src/VERSION"]),
        ('COPY "src/VERSION" /x', ["src/VERSION"]),
        ("COPY 'a' b\\ c /x/", ["a", "b", "c"]),
        ('ADD --chown=1 ["src", "/x/"]', ["src"]),
        ("COPY --from=packages /opt/venv /opt/venv", []),
        ("ADD https://example.com/x git@example.com:x src /x", ["src"]),
        ("COPY git@example.com:x /x", ["git@example.com:x"]),
        ("COPY a \\\n  b \\\n  /x/", ["a", "b"]),
        ("COPY <<EOF a /x/\nb\nEOF", ["a"]),
        ("RUN <<EOF\nCOPY a b\nEOF", []),
        ("RUN cp a b", []),
        ("RUN --mount=type=bind,source=a,target=/a x", ["a"]),
        ("RUN --mount=target=/a --mount=type=bind,from=b,source=c,target=/c x", ["."]),
        ("RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=a x", []),
        ("ENV D=src E=$D/plugin\nCOPY $D ${E}/main.py /x/", ["src", None]),
        ("ENV D=src\nENV E=$D/plugin\nCOPY ${E}/main.py /x/", ["src/plugin/main.py"]),
        ("ENV D src\nCOPY $D /x", ["src"]),
        ("ARG D=src\nCOPY $D /x", [None]),
        ("ARG D=src\nENV D=pkg\nCOPY $D /x", [None]),
        ("ENV D=pkg\nARG D=src\nCOPY $D /x", [None]),
        ("ARG D\nENV E=$D\nCOPY $E /x", [None]),
        ("COPY $HOME/x /x", [None]),
        ("COPY --parents a/./b /x", ["."]),
        ("ONBUILD COPY a /x", []),
    ],
)
def test_what_is_copied_from_the_build_context(dockerfile, paths):
    ((*found,),) = sources(parse(f"FROM base\n{dockerfile}"))
    assert [source.path for source in found] == paths


@pytest.mark.parametrize("line", ['COPY "a b" /x/', "ADD 'a b' /x/", 'COPY a "b" "c d" /x/'])
def test_a_name_with_spaces_between_quotes_is_refused_as_docker_refuses_it(line):
    with pytest.raises(DockerfileError, match=r'has the form \["a name", "/x/"\]') as caught:
        sources(parse(f"FROM base\n{line}"))
    assert caught.value.line == 2


def test_variables_of_a_stage_on_another():
    text = "FROM scratch AS a\nENV D=src\nARG E=x\nFROM a\nCOPY $D $E/y $PATH /x/"
    assert [source.path for source in sources(parse(text))[1]] == ["src", "/y", None]


def test_a_stage_with_a_trigger_for_those_on_it():
    text = "FROM scratch AS a\nONBUILD COPY b /b\nFROM a"
    assert [source.path for source in sources(parse(text))[1]] == ["."]


@pytest.mark.parametrize(
    ("dockerfile", "numbers"),
    [
        ("FROM a", {0}),
        ("FROM a\nFROM b", {1}),
        ("FROM a AS x\nFROM b AS test\nFROM X", {0, 2}),
        ("FROM a AS x\nFROM b\nCOPY --from=x /a /a", {0, 1}),
        ("FROM a\nFROM b\nFROM c\nCOPY --from=0 /a /a", {0, 2}),
        ("FROM a\nFROM b\nCOPY --from=alpine:3 /a /a", {1}),
        ("FROM a AS x\nFROM x AS y\nFROM b\nRUN --mount=from=y,target=/y cp /y /z", {0, 1, 2}),
        ("ARG S=x\nFROM a AS x\nFROM b AS y\nFROM $S", {0, 1, 2}),
        ("", set()),
    ],
)
def test_only_some_stages_reach_the_image(dockerfile, numbers):
    assert used(parse(dockerfile)) == numbers
