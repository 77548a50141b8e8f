"""Names of images: the distribution's grammar and SpaceONE's own rules."""

from __future__ import annotations

import pytest

from flows.images import ImageReference, InvalidReference
from flows.images.reference import check_tag, split_address


@pytest.mark.parametrize(
    ("address", "held"),
    [
        (None, None),
        ("127.0.0.1:5000", "127.0.0.1:5000"),
        ("localhost", "localhost"),
        ("Registry.Example.com", "registry.example.com"),
        ("docker.io", None),
        ("index.docker.io", None),
    ],
)
def test_registry(address, held):
    assert ImageReference(address, "team/plugin").registry == held


@pytest.mark.parametrize(
    ("repository", "tag", "words"),
    [
        ("", None, "it is empty"),
        ("Team/plugin", None, "write 'team/plugin'"),
        ("team//plugin", None, "its part ''"),
        ("team/-plugin", None, "its part '-plugin'"),
        ("team/plug in", None, "its part 'plug in'"),
        ("team/plugin___x", None, "its part 'plugin___x'"),
        ("team/plugin", "", "'' is not an image tag"),
        ("team/plugin", "a:b", "'a:b' is not an image tag"),
        ("a" * 256, None, "is too long: 256 characters"),
    ],
)
def test_refused(repository, tag, words):
    with pytest.raises(InvalidReference) as caught:
        ImageReference(None, repository, tag)
    assert words in caught.value.message
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:5000", "ghcr.io/org", "bad_host", "host:", "host:port", ""]
)
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


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        (None, (None, "")),
        ("docker.io", (None, "")),
        ("docker.io/team", (None, "team")),
        ("Registry.Example.com:5000/a/b", ("registry.example.com:5000", "a/b")),
        ("registry.example.com/a/", ("registry.example.com", "a")),
        ("registry.example.com/", ("registry.example.com", "")),
        ("localhost/a", ("localhost", "a")),
        ("asia-northeast3-docker.pkg.dev/p/r", ("asia-northeast3-docker.pkg.dev", "p/r")),
    ],
)
def test_an_environments_address_may_have_a_path(address, parts):
    assert split_address(address) == parts


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://registry.example.com/a", "write 'registry.example.com/a', without the scheme"),
        ("team/a", "write 'docker.io/team/a'"),
        ("registry.example.com/A", "its path has capital letters"),
        ("registry.example.com/a//b", "its part ''"),
        ("registry.example.com/a:1", "its part 'a:1'"),
        ("registry.example.com/../a", "its part '..'"),
        ("/a", "its first part is no host"),
        ("bad_host.com/a", "give host or host:port"),
        ("", "give host or host:port"),
    ],
)
def test_an_address_that_is_none_is_refused(address, words):
    with pytest.raises(InvalidReference, match="is not a registry address") as caught:
        split_address(address)
    assert words in caught.value.message
