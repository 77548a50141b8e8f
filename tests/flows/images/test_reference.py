"""Names of images: the distribution's grammar and SpaceONE's own rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.images import ImageReference, InvalidReference
from flows.images.reference import check_tag

COMPONENT = st.from_regex(r"[a-z0-9]{1,5}([._-][a-z0-9]{1,5}){0,2}", fullmatch=True)
ADDRESS = st.none() | st.from_regex(
    r"[a-z][a-z0-9]{0,5}\.[a-z]{2,3}(:[0-9]{1,5})?|localhost:[0-9]{2}", fullmatch=True
)
TAG = st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)


@given(ADDRESS, st.lists(COMPONENT, min_size=1, max_size=3), TAG)
def test_parse_reads_what_str_writes(address, parts, tag):
    # Docker itself reads a first part with a dot as a registry.
    parts[0] = parts[0].replace(".", "-")
    if parts[0] == "localhost":
        parts[0] = "host"
    reference = ImageReference(address, "/".join(parts), tag)
    assert ImageReference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag"),
    [
        ("alpine", None, "alpine", None),
        ("team/plugin:0.1.0", None, "team/plugin", "0.1.0"),
        ("127.0.0.1:5000/team/plugin:1", "127.0.0.1:5000", "team/plugin", "1"),
        ("localhost/plugin", "localhost", "plugin", None),
        ("localhost:5000/plugin", "localhost:5000", "plugin", None),
        ("Registry.Example.com/a/b/c", "registry.example.com", "a/b/c", None),
        ("docker.io/team/plugin", None, "team/plugin", None),
        ("index.docker.io/team/plugin", None, "team/plugin", None),
    ],
)
def test_parse(text, registry, repository, tag):
    assert ImageReference.parse(text) == ImageReference(registry, repository, tag)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("Team/plugin", "write 'team/plugin'"),
        ("team//plugin", "its part ''"),
        ("team/-plugin", "its part '-plugin'"),
        ("team/plug in", "its part 'plug in'"),
        ("team/plugin___x", "its part 'plugin___x'"),
        ("team/plugin:", "'' is not an image tag"),
        ("team/plugin:a:b", "'a:b' is not an image tag"),
        ("team/plugin@sha256:00", "must not hold a digest"),
        ("https://example.com/plugin", "its part '' must be"),
        ("example.com:port/plugin", "is not a registry address"),
        ("a" * 256, "is too long: 256 characters"),
    ],
)
def test_refused(text, words):
    with pytest.raises(InvalidReference) as caught:
        ImageReference.parse(text)
    assert words in str(caught.value) or "is not a registry address" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:5000", "ghcr.io/org", "bad_host", "host:", ""])
def test_address_is_host_and_port(address):
    with pytest.raises(InvalidReference, match="is not a registry address: give host"):
        ImageReference(address, "plugin")


def test_names():
    reference = ImageReference("example.com", "team/portfolio-plugin", "0.1.0")
    assert (reference.name, reference.last_part) == ("example.com/team/portfolio-plugin", "portfolio-plugin")
    assert str(reference) == "example.com/team/portfolio-plugin:0.1.0"


def test_call_that_needs_a_tag():
    with pytest.raises(InvalidReference, match="'plugin' needs a tag"):
        ImageReference(None, "plugin").require_tag()


@pytest.mark.parametrize("tag", ["0.1.0", "v1", "_", "A-b.c_d", "x" * 128])
def test_tag(tag):
    assert check_tag(tag) == tag
