"""The list of a source's files: its digest, its form as a label, and what differs between two."""

from __future__ import annotations

import json

import pytest

from flows.images.source.listing import LONGEST_LABEL, Listing, record

ONE, TWO = "1" * 64, "2" * 64


def test_the_digest_is_of_paths_and_contents():
    digest = Listing({"a": ONE, "b": TWO}).digest
    assert digest.startswith("sha256-files:")
    assert Listing({"b": TWO, "a": ONE}).digest == digest
    for other in ({"a": TWO, "b": ONE}, {"a": ONE}, {"a": ONE, "b": TWO, "c": ONE}, {"a\0b": ONE}):
        assert Listing(other).digest != digest


def test_a_record_tells_kinds_and_modes_apart():
    assert (
        len(
            {
                record("file", ONE),
                record("link", ONE),
                record("steps", ONE),
                record("file", ONE, executable=True),
            }
        )
        == 4
    )


def test_differences_name_the_files():
    before = Listing({"Dockerfile": ONE, "src/a.py": ONE, "src/b.py": ONE}).label()
    now = Listing({"Dockerfile": ONE, "src/a.py": TWO, "src/c.py": ONE})
    assert str(now.differences(before)) == "changed: src/a.py; new: src/c.py; gone: src/b.py"
    assert str(now.differences(now.label())) == ""


def test_only_some_are_named_and_nothing_acts_on_a_terminal():
    now = Listing({f"src/{number}\x1b[2J.py": ONE for number in range(9)})
    words = str(now.differences(Listing({"src/x": ONE}).label()))
    assert words.startswith("new: src/0\\x1b[2J.py, src/1")
    assert " and 4 more; gone: src/x" in words
    assert words.isprintable()


@pytest.mark.parametrize("files", [3_000, 100_000])
def test_a_long_list_is_one_of_folders(files):
    names = [f"src/plugin/data/{number % 40}/{number}.yaml" for number in range(files)]
    before, now = Listing(dict.fromkeys(names, ONE)), Listing({**dict.fromkeys(names, ONE), names[41]: TWO})
    label = before.label()
    assert 0 < len(label) <= LONGEST_LABEL
    assert str(now.differences(label)) == "changed: src/plugin/data/1/"


def test_a_list_that_does_not_fit_is_left_out():
    label = Listing(dict.fromkeys((f"{number}.yaml" for number in range(3_000)), ONE)).label()
    assert label == "{}"
    assert Listing({"a": ONE}).differences(label) is None


@pytest.mark.parametrize("label", ["", "x", "[]", "{}", "1", "[" * 100_000, '{"a": [1]}', '{"a": 1}'])
def test_a_label_of_somebody_else_says_nothing(label):
    found = Listing({"a": ONE}).differences(label)
    assert found is None or str(found) == "new: a"


def test_a_name_that_is_not_text():
    name = b"src/\xff.py".decode("utf-8", "surrogateescape")
    listing = Listing({name: ONE})
    assert json.loads(listing.label().encode()) == {"src/\\xff.py": ONE[:12]}
    assert listing.digest != Listing({"src/\\xff.py": ONE}).digest
