"""Variables in the words of a Dockerfile: https://docs.docker.com/reference/dockerfile/#environment-replacement."""

from __future__ import annotations

import re
from collections.abc import Callable

from flows.files import KIB

Lookup = Callable[[str], str | None]
"""Returns a variable's value, None if it is not set, or raises `Unknown`."""

_NAME = re.compile(r"[^\W\d]\w*|\d")
_DEEPEST = 20
_LONGEST = 64 * KIB
"""Characters of all values in a word: each of some lines may double the one before it."""


class Unknown(ValueError):
    """Only the build knows the value of a word."""


class BadSubstitution(Unknown):
    """A word that cannot be expanded."""


class Unclosed(BadSubstitution):
    """A word with a quote that is not closed: Docker splits words at spaces, also between quotes."""


def expand(word: str, lookup: Lookup, escape: str = "\\") -> str:
    """Return a word without its quotes and with the values of its variables.

    Args:
        word: As it is written.
        lookup: Gives the values.
        escape: The Dockerfile's escape character.

    Raises:
        Unknown: a value is not known.
        BadSubstitution: a quote or a brace is not closed, or the form is not supported.
    """
    return _Word(word, lookup, escape).until("", 0)


class _Word:
    def __init__(self, text: str, lookup: Lookup, escape: str) -> None:
        self._text, self._lookup, self._escape = text, lookup, escape
        self._at = self._size = 0

    def until(self, stop: str, depth: int) -> str:
        """Expand up to the character `stop`, which is passed over; "" is the end of the word."""
        if depth > _DEEPEST:
            raise BadSubstitution("has too many braces in each other")
        found = list[str]()
        while self._at < len(self._text):
            character = self._next()
            if character == stop:
                return "".join(found)
            if character == "'":
                found.append(self._single())
            elif character == '"':
                found.append(self._double(depth))
            elif character == "$":
                found.append(self._dollar(depth))
            elif character == self._escape:
                found.append(self._next())
            else:
                found.append(character)
        if stop:
            raise BadSubstitution(f"has a word without a {stop} at its end")
        return "".join(found)

    def _next(self) -> str:
        character = self._text[self._at : self._at + 1]
        self._at += 1
        return character

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _single(self) -> str:
        end = self._text.find("'", self._at)
        if end < 0:
            raise Unclosed("has a word without a ' at its end")
        begun, self._at = self._at, end + 1
        return self._text[begun:end]

    def _double(self, depth: int) -> str:
        found = list[str]()
        while character := self._next():
            if character == '"':
                return "".join(found)
            if character == "$":
                found.append(self._dollar(depth))
            elif character == self._escape and self._peek() in {'"', "$", self._escape}:
                found.append(self._next())
            else:
                found.append(character)
        raise Unclosed('has a word without a " at its end')

    def _value(self, name: str) -> str | None:
        value = self._lookup(name)
        self._size += len(value or "")
        if self._size > _LONGEST:
            raise BadSubstitution("becomes too long with the values of its variables")
        return value

    def _dollar(self, depth: int) -> str:
        if self._peek() != "{":
            name = _NAME.match(self._text, self._at)
            if name is None:
                return "$"
            self._at = name.end()
            return self._value(name[0]) or ""
        self._at += 1
        name = _NAME.match(self._text, self._at)
        if name is None:
            raise BadSubstitution("has a brace without a name")
        self._at = name.end()
        operator = self._next()
        if operator == "}":
            return self._value(name[0]) or ""
        empty_counts = operator == ":"  # with a colon, an empty value is like none
        if empty_counts:
            operator = self._next()
        if operator not in {"-", "+", "?"} or not operator:
            raise BadSubstitution(f"has ${{{name[0]}{operator}…}}, which is not supported")
        otherwise = self.until("}", depth + 1)
        value = self._value(name[0])
        is_set = bool(value) if empty_counts else value is not None
        if operator == "+":
            return otherwise if is_set else ""
        if not is_set and operator == "?":
            raise BadSubstitution(f"requires {name[0]}, which has no value")
        return (value or "") if is_set else otherwise
