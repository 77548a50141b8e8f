"""Text from elsewhere, in a form that is safe to show.

Names come from platforms, price listings and other people's files. A terminal acts on control characters, and marks
for the direction of writing show a text in another order than it has.
"""

from __future__ import annotations

import unicodedata

QUOTED_CHARACTERS = 40
"""The most that a message quotes of something that it refuses: enough to find it, too little for a secret file."""

_JOINERS = "\u200c\u200d"  # parts of words in some scripts, and of emoji


def printable(text: str, *, keep: str = "") -> str:
    r"""Return a text with every character that is not printable as its Python escape.

    Args:
        text: The text.
        keep: Control characters that stay, such as "\n" in a text of several lines.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return "".join(each if _is_shown(each) or each in keep else ascii(each)[1:-1] for each in text)


def _is_shown(character: str) -> bool:
    # isprintable() is false for all spaces but one, and for the joiners.
    return character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs"


def quoted(value: object, characters: int = QUOTED_CHARACTERS) -> str:
    """Return the beginning of a value as `repr` shows it, for a message that refuses it.

    >>> quoted("x" * 50)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'"
    """
    text = repr(str(value)[: characters + 1])
    mark, text = text[0], text[1:-1]
    return f"{mark}{text[:characters]}…{mark}" if len(text) > characters else f"{mark}{text}{mark}"
