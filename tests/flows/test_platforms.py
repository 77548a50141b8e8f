"""Names of platforms."""

from __future__ import annotations

import pytest

from flows.platforms import describe, normalise, platform_of, tag_of


@pytest.mark.parametrize(
    ("fields", "platform"),
    [
        ({"os": "linux", "architecture": "amd64"}, "linux/amd64"),
        ({"os": "linux", "architecture": "arm64", "variant": "v8"}, "linux/arm64"),
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
        ({"os": "linux", "architecture": "arm64", "variant": None}, "linux/arm64"),
        ({"os": "unknown", "architecture": "unknown"}, None),
        ({"os": "linux"}, None),
        ({}, None),
    ],
)
def test_the_platform_of_an_image(fields, platform):
    assert platform_of(fields) == platform


def test_a_platform_as_an_index_has_it():
    assert describe("linux/arm/v7") == {"os": "linux", "architecture": "arm", "variant": "v7"}
    assert describe("linux/amd64") == {"os": "linux", "architecture": "amd64"}
    assert normalise("linux/arm64/v8") == "linux/arm64"


def test_a_tag_on_the_engine():
    assert tag_of("0.1.0", "linux/arm/v7") == "0.1.0-linux-arm-v7"
