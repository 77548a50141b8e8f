"""What .dockerignore leaves in a build context, against Docker's own SDK and against the rule as it is documented."""

from __future__ import annotations

import os
import posixpath
import subprocess
import tempfile
from pathlib import Path

import pytest
from docker.utils.build import exclude_paths
from hypothesis import given
from hypothesis import strategies as st

from flows.images import SourceError
from flows.images.source import context
from flows.images.source.dockerignore import included, read_rules

ALWAYS = ("Dockerfile", ".dockerignore")


@st.composite
def trees(draw, names):
    """Paths of a tree: True for a folder, False for a file, None for a link to a folder."""
    tree = {}
    for path in draw(st.lists(st.lists(st.sampled_from(names), min_size=1, max_size=3), max_size=10)):
        above = ["/".join(path[:depth]) for depth in range(1, len(path))]
        if all(tree.setdefault(folder, True) for folder in above):
            tree.setdefault("/".join(path), draw(st.sampled_from([True, False, None])))
    return tree


def lines(parts, marks=("", "!")):
    """Lines of a .dockerignore, made of such parts."""
    pattern = st.lists(st.sampled_from(parts), min_size=1, max_size=3).map("/".join)
    line = st.builds("{}{}{}{}".format, st.sampled_from(marks), st.sampled_from(["", "/"]), pattern, slashes)
    return st.lists(line, max_size=5)


slashes = st.sampled_from(["", "/", " "])


def made(folder, tree):
    for path, kind in sorted(tree.items()):
        if kind:
            (folder / path).mkdir(exist_ok=True)
        elif kind is None:
            (folder / path).symlink_to(folder)
        else:
            (folder / path).touch()


def ours(tree, ignore):
    with tempfile.TemporaryDirectory() as name:
        made(Path(name), tree)
        found = list(included(Path(name), read_rules(ignore)))
        assert len(found) == len(set(found))
        return set(found)


def sdk(tree, ignore):
    with tempfile.TemporaryDirectory() as name:
        made(Path(name), tree)
        return exclude_paths(name, [line.strip() for line in ignore])


def documented(tree, ignore):
    """Path by path: the last line counts that matches it or a folder that it is in."""
    found = set()
    for path in tree:
        parts, excluded = path.split("/"), False
        for line in (*ignore, *(f"!{name}" for name in ALWAYS)):
            pattern = posixpath.normpath(line.strip().removeprefix("!").strip()).lstrip("/")
            if any(fits(pattern, "/".join(parts[:depth])) for depth in range(1, len(parts) + 1)):
                excluded = not line.startswith("!")
        if not excluded:
            found.add(path)
    return found


def fits(pattern, text):
    """Go's filepath.Match with `**`, character by character."""
    if not pattern:
        return not text
    if pattern.startswith("**"):
        rest = pattern[2:].removeprefix("/")
        below = (text[at + 1 :] for at, char in enumerate(text) if char == "/")
        return not rest or fits(rest, text) or any(fits(rest, left) for left in below)
    if pattern[0] == "*":
        return any(fits(pattern[1:], text[at:]) for at in range(len(text.partition("/")[0]) + 1))
    members, left = {pattern[0]}, pattern[1:]
    if pattern[0] == "\\":
        members, left = {pattern[1]}, pattern[2:]
    elif pattern[0] == "[":
        inside, _, left = left.partition("]")
        members = {"[a-b]": {"a", "b"}, "[^a]": ALL - {"a"}, "[!a]": {"!", "a"}}[f"[{inside}]"]
    elif pattern[0] == "?":
        members = ALL
    return text[:1] in members and text[:1] != "" and fits(left, text[1:])


ALL = set("aAbc!*.DdockergnfilE")


@given(trees(["a", "b", "ab", "b.c"]), lines(["a", "b", "ab", "b.c", ".", "", "*", "?", "a*", "[a-b]"]))
def test_the_same_as_the_sdk_with_exceptions_that_name_what_they_take_back(tree, ignore):
    ignore = [line for line in ignore if not (line.startswith("!") and set("*?[") & set(line))]
    assert ours(tree, ignore) == sdk(tree, ignore)


@given(trees(["a", "b", "ab", "b.c"]), lines(["a", "b", "*", "**", "?b", "*.c", "**.c", "a**"], marks=("",)))
def test_the_same_as_the_sdk_with_any_number_of_folders(tree, ignore):
    assert ours(tree, ignore) == sdk(tree, ignore)


@given(
    trees(["a", "A", "b", "ab", "!", "*", "D", "Dockerfile", ".dockerignore"]),
    lines(["a", "A", "ab", ".", "..", "*", "**", "?", "a*", "**b", "[a-b]", "[^a]", "[!a]", "\\*", "a\\b"]),
)
def test_the_rule_as_it_is_documented(tree, ignore):
    assert ours(tree, ignore) == documented(tree, ignore)


@pytest.mark.parametrize(
    ("ignore", "held"),
    [
        (["readme"], {"README", "x", "x/a", "x/b", "x/a/keep", "x/b/keep"}),
        (["x/[!a]"], {"README", "x", "x/b", "x/b/keep"}),
        (["../x"], {"README", "x", "x/a", "x/b", "x/a/keep", "x/b/keep"}),
        (["x/\\a"], {"README", "x", "x/b", "x/b/keep"}),
        (["x", "!x/*/keep"], {"README", "x/a/keep", "x/b/keep"}),
        (["x", "!**/keep"], {"README", "x/a/keep", "x/b/keep"}),
        (["**/x", "!x/a/kept"], {"README"}),
    ],
    ids=["case", "negation", "above", "escape", "wildcard", "anywhere", "folder"],
)
def test_where_the_sdk_is_wrong(ignore, held):
    tree = {"README": False, "x": True, "x/a": True, "x/b": True, "x/a/keep": False, "x/b/keep": False}
    assert ours(tree, ignore) == held == documented(tree, ignore)
    assert sdk(tree, ignore) != held


def test_lines_that_say_nothing():
    rules = read_rules(["# a", "", "  ", "!", ".", "/"])
    tree = {"# a": False, "a": False, "!": False}
    with tempfile.TemporaryDirectory() as name:
        made(Path(name), tree)
        assert set(included(Path(name), rules)) == set(tree)


def test_a_line_that_is_no_pattern_is_named(plugin):
    (plugin / ".dockerignore").write_text("*.log\n[z-a]\n")
    with pytest.raises(SourceError, match=r"\.dockerignore: has a line .*\('\[z-a\]': bad .*Correct it"):
        context.entries(plugin)


def test_a_folder_that_cannot_be_listed_is_named(plugin, monkeypatch):
    def scandir(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(SourceError, match=r"plugin: cannot be read \(Permission denied\)"):
        context.entries(plugin)


@pytest.mark.parametrize(
    "pattern", ["**/a/" * 20 + "b", "*a" * 60 + "b", "**a*" * 30 + "b", "a*" * 100, "?*" * 100 + "b"]
)
@pytest.mark.timeout(60)  # what is not linear takes longer
def test_a_hostile_pattern_costs_little(tmp_path, pattern):
    """A regular expression tries all combinations of its wildcards: more than a lifetime."""
    folder = tmp_path
    for _ in range(30):
        folder = folder / "a"
        folder.mkdir()
    for number in range(20):
        (folder / f"{'a' * 200}{number}").touch()
    assert len(list(included(tmp_path, read_rules([pattern])))) >= 20


def test_any_depth(tmp_path):
    """Deeper than Python's limit of recursion."""
    here, depth = os.open(tmp_path, os.O_RDONLY), 1500
    for _ in range(depth):
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    try:
        assert len(list(included(tmp_path, ()))) == depth
    finally:
        subprocess.run(["rm", "-r", tmp_path / "a"], check=True)  # too deep for pytest


def test_a_list_of_thousands_of_patterns_is_refused(plugin):
    (plugin / ".dockerignore").write_text("".join(f"*a{number}*\n" for number in range(context.MAX_RULES)))
    assert context.entries(plugin)
    with (plugin / ".dockerignore").open("a") as file:
        file.write("one more\n")
    with pytest.raises(SourceError, match=r"\.dockerignore: has more than 1,000 lines"):
        context.entries(plugin)
