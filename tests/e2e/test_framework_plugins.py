"""Collectors on SpaceONE's own framework, of 2.x and of 1.12, from their repositories as they are."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.e2e.other_plugins import Plugin

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.apart,
    pytest.mark.parametrize("platform", ["2.x", "1.12"], indirect=True, scope="module"),
]

#: The plugin of each generation: its folder, where its manifest is, and what it collects.
PLUGINS = {
    "2.x": (
        "framework-2x",
        "managed_resource",
        {("Climate", "Sensor", "north"): 3, ("Climate", "Sensor", "south"): 2}
        | {("Water", "Pump", "north"): 1, ("Water", "Pump", "south"): 2},
    ),
    "1.12": (
        "old-style-1.12",
        "test/spacectl",
        {("Plants", "Tree", "hill"): 2, ("Plants", "Tree", "valley"): 1, ("Animals", "Hive", "valley"): 1},
    ),
}


@pytest.fixture(scope="module")
def generation(platform):
    return "1.12" if platform.name.endswith("1.12") else "2.x"


@pytest.fixture(scope="module")
def plugin(platform, generation, sandbox_home, tmp_path_factory):
    name, manifest, _ = PLUGINS[generation]
    return Plugin(name, manifest, platform, sandbox_home, tmp_path_factory.mktemp("plugin"))


@pytest.fixture(scope="module")
def first(plugin, release):
    """The report of the first release."""
    return release(plugin)


def test_it_is_released_and_collected_with_in_full(first, generation, plugin):
    *_, expected = PLUGINS[generation]
    assert first["job"]["status"] == "SUCCESS"
    assert first["job"]["failures"] == []
    assert first["resources"] == {
        "inventory.CloudService": sum(expected.values()),
        "inventory.CloudServiceType": 2,
        "inventory.Region": 2,
    }


def test_the_inventory_holds_all_of_it(first, generation, plugin, client):
    *_, expected = PLUGINS[generation]
    found = client.list("inventory.CloudService.list", {"provider": plugin.provider})
    place = ("cloud_service_group", "cloud_service_type", "region_code")
    assert Counter(tuple(each[key] for key in place) for each in found) == expected
    types = client.list("inventory.CloudServiceType.list", {"provider": plugin.provider})
    assert {(each["group"], each["name"]) for each in types} == {key[:2] for key in expected}
    assert all(each["metadata"]["view"]["table"]["layout"]["options"]["fields"] for each in types)
    regions = client.list("inventory.Region.list", {"provider": plugin.provider})
    assert {each["region_code"] for each in regions} == {key[2] for key in expected}


def test_a_second_release_writes_nothing(first, plugin, release, witness):
    with witness.watching(plugin.image) as window:
        again = release(plugin)
    assert {action["action"] for action in again["actions"]} == {"keep"}
    among_themselves = {"identity.Authorization.verify"}  # the services of 1.12 ask identity about every call
    assert set(window.calls) - among_themselves == {"inventory.Collector.collect"}
    assert (window.uploads, dict(window.images)) == ([], {})


def test_options_that_the_plugin_does_not_know_are_found_before_the_push(
    first, plugin, generation, run, witness
):
    if generation == "1.12":
        pytest.skip("that plugin has no options")
    options = "collector.plugin_info.options={types: [Tap]}"
    with witness.watching(plugin.image) as window:
        done = run(*plugin.arguments(), "--version", "1.0.1.dev1", "-p", options, "--output", "json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"], error["changed"]) == (2, "collector-not-supported", False)
    assert "greenhouse.yaml" in error["message"]
    assert "plugin_info.options: 'types[0]' is none of the values that are allowed" in error["message"]
    assert dict(window.calls) == {}
    assert {line.split()[0] for line in window.uploads} == {"POST", "DELETE"}, (
        "only whether it may push was tried"
    )
