from __future__ import annotations

import doctest

import pytest

from pluginctl.scaffold import naming
from pluginctl.scaffold.naming import (
    image_of,
    is_environment,
    is_image,
    is_provider,
    is_shown,
    is_type,
    plugin_title,
    provider_title,
    type_of,
)


def test_the_examples():
    assert doctest.testmod(naming).failed == 0


@pytest.mark.parametrize("name", ["collector", "inventory.Colector", "a.B;id", "a.B\n", "a." + "B" * 90])
def test_what_is_no_type_of_a_plugin(name):
    assert not is_type(name)


@pytest.mark.parametrize(
    ("image", "title"),
    [
        ("plugin-google-cloud-inven-collector", "Google Cloud Collector"),
        ("team/plugin-aws-sns-mon-webhook", "Aws Sns Webhook"),
        ("team/prices", "Prices"),
        ("plugin-inven-collector", "Collector"),
    ],
)
def test_the_name_for_people_follows_from_the_image(image, title):
    assert plugin_title(image) == title


@pytest.mark.parametrize("provider", ["google_cloud", "google-cloud", "google__cloud_"])
def test_the_name_of_a_provider_for_people(provider):
    assert provider_title(provider) == "Google Cloud"


@pytest.mark.parametrize(
    ("words", "owner", "image"),
    [
        ("My Plugin", "", "my-plugin"),
        ("plugin_x.y", "Team_A", "team-a/plugin-x-y"),
        ("x" * 100, "", "x" * 48),
        ("안녕", "", ""),
        ("x", "안녕", "x"),
        ("", "team", ""),
    ],
)
def test_an_image_of_any_words_is_valid(words, owner, image):
    assert image_of(words, owner) == image
    assert not image or is_image(image)


@pytest.mark.parametrize("name", ["prod", "sandbox-1.12", "eu_west-1", "p", "x" * 60])
def test_a_word_is_the_name_of_an_environment(name):
    assert is_environment(name)


@pytest.mark.parametrize(
    "name", ["", "Prod", "1x", "a b", "a..b", "a.yaml", "a/b", "-a", "a-", "a;b", "x" * 61, "é", "a\n"]
)
def test_what_a_shell_or_a_file_would_take_otherwise_is_none(name):
    assert not is_environment(name)


@pytest.mark.parametrize("name", ["a\nb", "\x1b", "\u202e", "\ud800", " a", "a ", "", "x" * 256, "a\tb"])
def test_what_cannot_be_seen_is_no_name(name):
    assert not is_shown(name)
    assert not is_provider(name)


def test_words_of_any_language_are_shown():
    assert is_shown("포트폴리오 수집기")


def test_a_type_is_written_as_the_platform_writes_it():
    assert type_of("inventory.collector") == "inventory.Collector"
    assert type_of("some.Thing") == "some.Thing"
