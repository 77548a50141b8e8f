"""Text from elsewhere, in a form that is safe to show.

Names come from platforms, registries, price listings and other people's files. A terminal acts on control characters,
marks for the direction of writing show a text in another order than it has, and the Prefect UI renders Markdown.
"""

from __future__ import annotations

import re
import unicodedata

from flows.hidden import without_secrets

QUOTED_CHARACTERS = 40
"""The most that a message quotes of something that it refuses: enough to find it, too little for a secret file."""

_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
"""They join letters of some scripts, and emoji, and choose the form of an emoji. After ASCII they do nothing."""
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]"
)
"""The characters that Python calls printable, but that have no width or no ink (Unicode: Default_Ignorable)."""
_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")


def printable(text: str, *, keep: str = "") -> str:
    r"""Return a text without the secrets of this process, and every character that cannot be seen as its Python escape.

    Args:
        text: The text.
        keep: Control characters that stay, such as "\n" in a text of several lines.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    text = without_secrets(text)
    if text.isascii() and text.isprintable():
        return text
    before = ("", *text)
    return "".join(
        each if _is_shown(each, previous) or each in keep else ascii(each)[1:-1]
        for previous, each in zip(before, text, strict=False)
    )


def _is_shown(character: str, previous: str) -> bool:
    if character in _JOINERS:
        return not previous.isascii() and previous != character
    if character.isprintable():
        return not _INVISIBLE.match(character)
    return unicodedata.category(character) == "Zs"  # isprintable() is false for all spaces but one


def log_line(line: str) -> str:
    """Return a line that a program has printed, without its colours; other control characters are escaped."""
    return printable(_COLOURS.sub("", line.rstrip("\r\n")), keep="\t")


def quoted(value: object, characters: int = QUOTED_CHARACTERS) -> str:
    """Return the beginning of a value as `repr` shows it, for a message that refuses it.

    >>> quoted("x" * 50)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'"
    """
    text = repr(without_secrets(str(value))[: characters + 1])
    mark, text = text[0], printable(text[1:-1])
    return f"{mark}{text[:characters]}…{mark}" if len(text) > characters else f"{mark}{text}{mark}"


def shortened(text: str, characters: int) -> str:
    """Return a text of at most this length, without secrets; an ellipsis stands for the rest."""
    text = without_secrets(text)
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


class Markdown(str):
    """Markdown that may be rendered: this project's own, or an escaped text."""

    __slots__ = ()


_ACTING = re.compile(
    r"""
      [\\`*~\[<|]                              # escapes, code, emphasis, links, images, HTML, cells
    | &(?=\#|[a-z])                           # entities
    | (?<![^\W_])_+ | _+(?![^\W_])              # emphasis; inside a word it has no meaning
    | ^\#{1,6}(?=\s|$) | (?<!\S)\#+$            # headings, and what may end one
    | ^> | ^[-+](?=\s|$) | ^-(?=[\s-]*$)        # quotations, lists, rules
    | ^[0-9]{1,9}[.)](?=\s|$)                  # numbered lists
    | /(?=/) | (?<=www)\.                      # addresses, which GitHub's dialect makes links
    | (?<=mailto): | (?<=xmpp): | @(?=[\w-]+\.)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CODE = re.compile(r"[^`|\\\s](?:[^`|\\]*[^`|\\\s])?")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def markdown(text: str) -> Markdown:
    r"""Return Markdown that renders as exactly this text, wherever it stands: no link, image, HTML or emphasis.

    Only what has a meaning there is escaped, so that ordinary text stays readable. It is one line, because a line break
    would begin a new block; characters that cannot be seen are escaped as in `printable`. `Markdown` is not changed.

    >>> markdown("a_b costs $1,234.50"), markdown("[x](http://a.example)")
    ('a_b costs $1,234.50', '\\[x](http:\\//a.example)')
    """
    if isinstance(text, Markdown):
        return text
    line = printable(" ".join(filter(None, map(str.strip, text.split("\n"))))).strip()
    return Markdown(_ACTING.sub(_escape, line))


def _escape(found: re.Match[str]) -> str:
    characters = found[0]
    if characters[0].isdigit():
        return f"{characters[:-1]}\\{characters[-1]}"
    return "".join(f"\\{each}" for each in characters)


def code(text: str) -> Markdown:
    """Return a text as a code span, which may stand in a table; a text that could end the span is escaped instead."""
    shown = printable(text)
    return Markdown(f"`{shown}`") if _CODE.fullmatch(shown) else markdown(text)


_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'*+,;=%-]+")


def link(address: str) -> Markdown:
    """Return Markdown that links an address and shows it; what is no address of the web is text."""
    shown = printable(address)
    return Markdown(f"<{shown}>") if _ADDRESS.fullmatch(shown) else markdown(address)


def unescaped(text: str) -> str:
    r"""Return the text that `markdown` was given, as one printable line.

    >>> unescaped(markdown("*a*"))
    '*a*'
    """
    return _ESCAPED.sub(r"\1", text)
