import re

import pytest

from flows.manifest.image_name import check_plugin_image


@pytest.mark.parametrize(
    "image",
    ["plugin-portfolio-inven-collector", "quasarhub/plugin-portfolio-inven-collector", "a_b/" + "c" * 48],
)
def test_taken(image):
    assert check_plugin_image(image) == image


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("team/" + "c" * 49, "its last part has 49 characters, at most 48"),
        ("team/plugin:0.1.0", "must not contain a tag: write 'team/plugin', the version is in src/VERSION"),
        ("team/plugin@sha256:0", "must not contain a digest"),
        ("team/Plugin", "write 'team/plugin'"),
        ("team/my_plugin", "its last part contains '_'"),
        ("team/my.plugin", "its last part contains '.'"),
        ("ghcr.io/team/plugin", "must not contain a registry: remove 'ghcr.io/'"),
        ("localhost:5000/plugin", "must not contain a registry"),
        ("", "it is empty"),
        ("team//plugin", "its part ''"),
    ],
)
def test_refused(image, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        check_plugin_image(image)
