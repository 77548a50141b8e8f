"""A webhook and a cost data source on SpaceONE's framework: published from their repositories as they are."""

from __future__ import annotations

import pytest

from tests.e2e.other_plugins import Plugin

pytestmark = [pytest.mark.e2e, pytest.mark.apart]

#: The folder of each plugin, what it is registered as, and what its image serves.
KINDS = {
    "webhook": ("monitoring.Webhook", "spaceone.api.monitoring.plugin.Webhook"),
    "cost-data-source": ("cost_analysis.DataSource", "spaceone.api.cost_analysis.plugin.DataSource"),
}


@pytest.fixture(scope="module", params=KINDS)
def plugin(request, platform, sandbox_home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    return request.param, Plugin(request.param, "managed_resource", platform, sandbox_home, folder)


def test_it_is_published_and_a_second_release_writes_nothing(plugin, release, client, witness):
    name, copy = plugin
    kind, service = KINDS[name]
    report = release(copy)
    assert service in report["trial"]["services"]
    assert report["job"] is None
    [registered] = client.list("repository.Plugin.list", {"plugin_id": copy.plugin_id})
    assert registered["resource_type"] == kind
    with witness.watching(copy.image) as window:
        again = release(copy)
    assert {action["action"] for action in again["actions"]} == {"keep"}
    assert (dict(window.calls), window.uploads, dict(window.images)) == ({}, [], {})
