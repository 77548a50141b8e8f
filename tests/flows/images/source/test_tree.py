"""What COPY finds in a build context; `tests/integration/test_builders.py` has the same table for Docker itself."""

from __future__ import annotations

import pytest

from flows.images.source.tree import Tree
from tests.copying import LINKS, PATHS, TABLE

FOLDERS = ("deploy", "deploy/pkg", "src", "src/below")
TREE = Tree({**dict.fromkeys((*PATHS, *FOLDERS)), **LINKS})


@pytest.mark.parametrize(("source", "found"), TABLE)
def test_what_a_source_names(source, found):
    assert TREE.find(source) & {*PATHS} == {*found}


def test_the_links_on_the_way_are_a_part_of_it():
    assert TREE.find("pkg/a.txt") == {"pkg", "deploy/pkg/a.txt"}
    assert TREE.find("folder-link") == TREE.find("src") | {"folder-link"}
    assert TREE.find("src") >= {"src", "src/below", "src/below/b.py"}


def test_a_link_before_a_wildcard_is_followed_by_buildkit_alone():
    links = {**dict.fromkeys((*PATHS, *FOLDERS)), **LINKS}
    assert TREE.find("pkg/*.txt") == set()
    assert Tree(links, for_buildkit=True).find("pkg/*.txt") == {"pkg", "deploy/pkg/a.txt"}
    assert Tree(links, for_buildkit=True).find("nowhere/*.txt") == set()


def test_a_path_that_leads_out_is_nothing():
    assert TREE.find("../top.txt") == TREE.find("src/../../top.txt") == set()


@pytest.mark.parametrize("links", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "a/a"}, {"a": "b/../a"}])
def test_links_in_a_circle_lead_nowhere(links):
    assert Tree(links).find("a") == set()
    assert Tree(links).find("a/b") == set()
