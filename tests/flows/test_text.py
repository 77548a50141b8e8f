import pytest

from flows.text import QUOTED_CHARACTERS, printable, quoted


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
    ],
)
def test_what_a_terminal_would_act_on_is_shown(text, shown):
    assert printable(text) == shown
    assert printable(text).isprintable()


@pytest.mark.parametrize("text", ["Bitcoin", "비트코인", "a\u00a0b", "a\u200cb", "👩\u200d💻"])
def test_other_text_is_unchanged(text):
    assert printable(text) == text


def test_several_lines_are_kept_on_request():
    assert printable("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"


def test_a_message_quotes_little():
    assert quoted("0.1.0") == "'0.1.0'"
    assert quoted(5) == "'5'"
    assert quoted("secret" * 20) == f"'{('secret' * 20)[:QUOTED_CHARACTERS]}…'"
    assert len(quoted("\x1b" * 100)) <= QUOTED_CHARACTERS + 3
