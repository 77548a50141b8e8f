"""Quotes and variables in a word, as Docker's builders replace them."""

from __future__ import annotations

import pytest

from flows.images.source.variables import BadSubstitution, Unknown, expand

VALUES = {"A": "a", "EMPTY": "", "A_1": "long"}


@pytest.mark.parametrize(
    ("word", "expanded"),
    [
        ("plain", "plain"),
        ('"src/VERSION"', "src/VERSION"),
        ("'a $A'", "a $A"),
        ('"x $A"y', "x ay"),
        ("a\\ b", "a b"),
        ("\\$A", "$A"),
        ('"\\"\\x"', '"\\x'),
        ("$A$A_1-$", "along-$"),
        ("${A}x", "ax"),
        ("$NONE/x", "/x"),
        ("${NONE:-$A}", "a"),
        ("${NONE-b}${EMPTY-b}${EMPTY:-b}", "bb"),
        ("${A:+$A/}x${NONE:+y}", "a/x"),
        ("${EMPTY:+y}${EMPTY+y}", "y"),
        ("${A:?no}", "a"),
        ("${NONE:-${OTHER:-'x}'}}", "x}"),
    ],
)
def test_expand(word, expanded):
    assert expand(word, VALUES.get) == expanded


def test_the_escape_character_may_be_another():
    assert expand("c:\\a`$A", VALUES.get, "`") == "c:\\a$A"


@pytest.mark.parametrize(
    "word",
    ['"a', "'a", "${A", "${A:-b", "${}", "${A:?}${NONE:?}", "${A#x}", "${A/x/y}", "${A:" + "-${A:" * 50],
)
def test_what_cannot_be_expanded(word):
    with pytest.raises(BadSubstitution):
        expand(word, VALUES.get)


def test_what_nobody_knows_stays_unknown():
    def lookup(name):
        raise Unknown(name)

    with pytest.raises(Unknown):
        expand("x/${HERE:-y}", lookup)
