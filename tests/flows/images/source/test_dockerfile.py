"""How a Dockerfile is read: as Docker's parser reads it."""

from __future__ import annotations

import pytest

from flows.images.source.dockerfile import DockerfileError, parse


def read(text):
    return [(each.line, each.keyword, each.arguments) for each in parse(text).instructions]


def test_instructions_know_their_line_and_are_joined():
    text = "# a comment\nfrom a:1\n\nRUN one \\\n  # why\n    two\nUSER 1"
    assert read(text) == [(2, "FROM", "a:1"), (4, "RUN", "one     two"), (7, "USER", "1")]


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("COPY a \\\n\n  b /x", "a   b /x"),  # an empty line, which Docker warns of
        ("COPY a \\ \t\n  b /x", "a   b /x"),  # spaces after the mark
        ("COPY a \\\r\n  b /x\r\n", "a   b /x"),
        ("\ufeffCOPY a b\n", "a b"),
        ("\tcopy\ta\tb", "a\tb"),
        ("# escape=`\nCOPY a `\n b\\ c", "a  b\\ c"),
        ("#escape = `\nCOPY a `\n b", "a  b"),
        ("# a comment\n# escape=`\nCOPY a \\\n b", "a  b"),  # too late for a directive
        ("COPY a \x0c b", "a \x0c b"),  # ends no line
        ("COPY a\u2028b c", "a\u2028b c"),
        ("COPY a b \\", "a b"),
        ("COPY a \\\n# only a comment\n", "a"),
    ],
)
def test_lines_are_joined_as_docker_joins_them(text, arguments):
    (instruction,) = parse(text).instructions
    assert instruction.arguments == arguments


@pytest.mark.parametrize(
    ("text", "flags", "arguments", "words"),
    [
        ("COPY --chown=1:1 --from=a x y", ("--chown=1:1", "--from=a"), "x y", ["x", "y"]),
        ("COPY x --chown=1 y", (), "x --chown=1 y", ["x", "--chown=1", "y"]),
        ('COPY --chown="a b" ["x y", "z"]', ("--chown=a b",), '["x y", "z"]', ["x y", "z"]),
        ("COPY -- --x y", (), "--x y", ["--x", "y"]),
        ("COPY [a, b] c", (), "[a, b] c", ["[a,", "b]", "c"]),
        ("COPY [1, 2]", (), "[1, 2]", ["[1,", "2]"]),
        ("COPY [[[ x", (), "[[[ x", ["[[[", "x"]),
        ("RUN", (), "", []),
    ],
)
def test_options_and_both_forms_of_arguments(text, flags, arguments, words):
    (found,) = parse(text).instructions
    assert (found.flags, found.arguments, found.words) == (flags, arguments, words)


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ("RUN <<EOF\nset -e\nCOPY a b\nEOF\nUSER 1", ["set -e\nCOPY a b\n"]),
        ("RUN <<-EOF\n\tx\n\tEOF\nUSER 1", ["\tx\n"]),
        ("RUN cat <<'E F' x\ny\nE F\nUSER 1", ["y\n"]),
        ('COPY <<"ONE" <<TWO /x/\n1\nONE\n# 2\nTWO\nUSER 1', ["1\n", "# 2\n"]),
        ("RUN 3<<EOF cat\nEOF\nUSER 1", [""]),
        ('RUN echo "<<EOF"\nUSER 1', []),
        ("ENV A=<<EOF\nUSER 1", []),
        ("ONBUILD RUN <<EOF\nx\nEOF\nUSER 1", ["x\n"]),
    ],
)
def test_texts_that_follow_an_instruction(text, bodies):
    first, *rest = parse(text).instructions
    assert [body for _, body in first.heredocs] == bodies
    assert [each.keyword for each in rest] == ["USER"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("FROM a\nRUN x\n&& y", 3, "begins with '&&', which is no instruction"),
        ("FROM a\nRUN <<EOF\nx\n", 2, "begins a text that no line 'EOF' ends"),
        ("# escape=x\nFROM a", 1, "is neither ` nor"),
        ("# escape=`\n# escape=`\nFROM a", 2, "a second directive 'escape'"),
        ("FROM a\npip install x", 2, "'PIP'"),
    ],
)
def test_what_no_builder_reads_is_refused_with_its_line(text, line, words):
    with pytest.raises(DockerfileError, match=words) as caught:
        parse(text)
    assert caught.value.line == line


def test_only_what_docker_sees_is_compared():
    one = parse("# why\nFROM a\n\nRUN x \\\n  y\n").canonical
    assert parse("from a\nRUN x \\\n# so\n  y").canonical == one
    for other in ("FROM a\nRUN x   y", "# escape=`\nFROM a\nRUN x `\n  y", "FROM a\nRUN x \\\n   y"):
        same = parse(other).canonical == one
        assert same is (other == "FROM a\nRUN x   y")
    assert parse("FROM a\nRUN <<E\nx\nE").canonical != parse("FROM a\nRUN <<E\ny\nE").canonical
    assert parse("# syntax=docker/dockerfile:1\nFROM a").canonical != parse("FROM a").canonical


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
    assert parse(text).declares("SOURCE_DATE_EPOCH") is declared
