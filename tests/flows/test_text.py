import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.text import (
    QUOTED_CHARACTERS,
    Markdown,
    code,
    log_line,
    markdown,
    printable,
    quoted,
    shortened,
    unescaped,
)
from tests.rendering import COMMON, GITHUB, rendered


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
        ("\x1b]8;;http://a.example\x1b\\link", r"\x1b]8;;http://a.example\x1b\link"),
        ("\x9b2J", r"\x9b2J"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("two\nlines", r"two\nlines"),
        ("line\u2028separator", r"line\u2028separator"),
        ("\ufeffmark", r"\ufeffmark"),
        ("\ud800", r"\ud800"),
        ("ad\u200dmin", r"ad\u200dmin"),
        ("ad\u200bmin", r"ad\u200bmin"),
        ("a\ufe0fb", r"a\ufe0fb"),
        ("비\u200d\u200d", "비\u200d\\u200d"),
        ("\u3164", r"\u3164"),
        ("a\u034fb\U000e0101", r"a\u034fb\U000e0101"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_cannot_be_seen_is_shown(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text",
    ["Bitcoin", "비트코인", "a\u00a0b", "\u0645\u06cc\u200c\u062e", "👩\u200d💻", "❤\ufe0f\u200d🔥", "a\\b"],
)
def test_other_text_is_unchanged(text):
    assert printable(text) == text


@given(st.text())
def test_a_terminal_has_nothing_to_act_on(text):
    assert re.fullmatch(
        r"[^\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f]*", printable(text)
    )
    assert printable(printable(text)) == printable(text)


def test_several_lines_are_kept_on_request():
    assert printable("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"


def test_a_line_of_a_log_loses_its_colours_and_nothing_else():
    assert log_line("\x1b[1;32mok\x1b[0m\tdone\r\n") == "ok\tdone"
    assert log_line("\x1b\x1b[0m[2J") == r"\x1b[2J"


def test_a_message_quotes_little():
    assert quoted("0.1.0") == "'0.1.0'"
    assert quoted(5) == "'5'"
    assert quoted("secret" * 20) == f"'{('secret' * 20)[:QUOTED_CHARACTERS]}…'"
    assert len(quoted("\x1b" * 100)) <= QUOTED_CHARACTERS + 3
    assert (shortened("abc", 3), shortened("abcd", 3)) == ("abc", "ab…")


#: What the rules are about, more often than random text holds it.
MARKUP = st.lists(
    st.one_of(
        st.sampled_from(
            [*"\\`*_~[]()<>|#&!:/@.-+= \n\t1aé비", "http://", "www.", "a@b.co", "mailto:", "<!--", "&lt;"]
        ),
        st.text(max_size=3),
    ),
    max_size=12,
).map("".join)


def one_line(text):
    """The text that is expected."""
    return printable(" ".join(filter(None, map(str.strip, text.split("\n"))))).strip()


@given(MARKUP)
@example("<img src=http://a.example/x.png>")
@example("[x](javascript:alert(1))")
@example("![x](http://a.example)")
@example("<http://a.example>")
@example("HTTPS://a.example/?a=b")
@example("www.a.example and WWW.B.example")
@example("ftp://a.example mailto:a@b xmpp:a@b.c a.b+c@d-e.example")
@example("//a.example")
@example("a\\|b|c\\\\|d")
@example("# a\n## b")
@example("1. a")
@example("12)")
@example("- - -")
@example("***")
@example("___")
@example("--")
@example("> a")
@example("~~a~~")
@example("`a` ``b``")
@example("<!-- a -->")
@example("[a]: http://a.example")
@example("a #")
@example("&copy; &#65;")
@example("\x1b]8;;http://a.example\x07x")
def test_markdown_renders_as_the_text(text):
    shown = one_line(text)
    escaped = markdown(text)
    for parser in (GITHUB, COMMON):
        for source in (escaped, f"- {escaped}", f"## {escaped}", f"words\n\n{escaped}\n\nmore"):
            found = [each for each in rendered(source, parser) if each not in {"words", "more"}]
            assert [each.strip() for each in found if each.strip()] == ([shown] if shown else []), source
    table = f"| head | {escaped} |\n| --- | --- |\n| {escaped} | x |"
    assert [each.strip() for each in rendered(table)] == ["head", shown, shown, "x"]
    assert unescaped(escaped) == shown


@given(MARKUP)
@example("a`b")
@example("a|b")
@example("a\\|b")
@example("<img src=x>")
@example("`")
def test_a_code_span_ends_where_its_text_ends(text):
    shown = code(text)
    table = f"| {shown} | x |\n| --- | --- |"
    assert [each.strip() for each in rendered(table)] == [
        one_line(text) if shown != f"`{printable(text)}`" else printable(text),
        "x",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "sha256:0123abc",
        "127.0.0.1:5000/team/plugin-x:0.1.0",
        "image@sha256:0123abc",
        "inventory.CloudService",
        "cloud_service_id",
        "$1,234.50",
        "-5",
        "2024-07-25 17:31:01 UTC",
        "tags.a: old → new; alias: nothing → P",
        "setup.py plugin-portfolio 0.1.0, on python:3.11 (cached)!",
        "Tom & Jerry",
        "C# and #1",
        "비트코인",
    ],
)
def test_ordinary_text_is_not_escaped(text):
    assert markdown(text) == text


@pytest.mark.parametrize(
    "text", [each * 30_000 for each in (" ", "_", "#", "@", "a@", "\\", "-", "\u200d", "/", "1")]
)
@pytest.mark.timeout(60)  # what is not linear takes longer
def test_a_long_text_takes_no_long_time(text):
    for shown in (f"x{text}x", text):
        markdown(shown)
        code(shown)


def test_markdown_is_escaped_once():
    once = markdown("*a*")
    assert isinstance(once, Markdown)
    assert markdown(once) is once
    assert markdown(code("a")) == "`a`"
