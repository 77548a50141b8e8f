"""Which versions SpaceONE can sort, and which comes next."""

from __future__ import annotations

import pytest

from flows.images.versions import Part, bumped, rule, suggestion

STRICT, PEP_440 = rule("1.12", "HARBOR"), rule("2.x", "HARBOR")


@pytest.mark.parametrize("tag", ["0.1", "0.1.0", "2026.11.25", "1.0a1", "1.0.0b12"])
def test_both_generations_sort_a_plain_version(tag):
    assert STRICT.allows(tag)
    assert PEP_440.allows(tag)


@pytest.mark.parametrize(
    "tag", ["1", "v1.2", "1.0rc1", "1.0.dev3", "0.2.1.dev20261125", "2026.1.1.post1", "1.2.3.4"]
)
def test_pep_440_has_more_than_strict_version(tag):
    assert PEP_440.allows(tag)
    assert not STRICT.allows(tag)


@pytest.mark.parametrize(
    "tag",
    ["latest", "sha256-ab", "sha256-ab.sig", "main", "1.0-x86", "0.3.0-5-gabc1234", "", "\u0661.\u0662"],
)
def test_other_tags_are_sorted_by_neither(tag):
    assert not STRICT.allows(tag)
    assert not PEP_440.allows(tag)


@pytest.mark.parametrize("generation", ["1.12", "2.x"])
@pytest.mark.parametrize("registry", ["DOCKER_HUB", "AWS_PRIVATE_ECR", "GITHUB", "GCP_PRIVATE_GCR"])
def test_other_registries_are_not_sorted(generation, registry):
    assert rule(generation, registry) is None


def test_a_rule_says_what_it_is_about():
    assert str(STRICT).startswith(
        "SpaceONE 1.12 sorts all tags of a HARBOR repository as versions, N.N or N.N.N"
    )
    assert "PEP 440" in str(PEP_440)


@pytest.mark.parametrize(
    ("version", "other"),
    [("v1.0.0", "1.0.0"), ("0.3.0-5-gabc", "0.3.0"), ("1.2.3.4", "1.2.3"), ("main", "0.1.0")],
)
def test_a_version_that_all_take(version, other):
    assert suggestion(version) == other
    assert STRICT.allows(other)
    assert PEP_440.allows(other)


@pytest.mark.parametrize(
    ("version", "part", "following"),
    [
        ("0.1.2", Part.PATCH, "0.1.3"),
        ("0.1.9", Part.PATCH, "0.1.10"),
        ("0.1.2", Part.MINOR, "0.2.0"),
        ("0.1.2", Part.MAJOR, "1.0.0"),
        ("1.2", Part.PATCH, "1.2.1"),
        ("1.2", Part.MINOR, "1.3.0"),
        ("0.2.0rc1", Part.PATCH, "0.2.0"),
        ("0.2.0.dev3", Part.PATCH, "0.2.0"),
        ("0.2.0rc1", Part.MINOR, "0.3.0"),
    ],
)
def test_the_next_version(version, part, following):
    assert bumped(version, part) == following


@pytest.mark.parametrize("version", ["1", "v1.0.0", "main", "", "1.x"])
def test_what_cannot_be_raised(version):
    with pytest.raises(ValueError, match=r"does not begin with N\.N"):
        bumped(version, Part.PATCH)
