"""The plugin, of every kind, on both generations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.manifest import Manifest
from flows.resources import Target, Verb, plan_resources
from flows.spaceone import Generation

FIELD = {Generation.V1_12: "service_type", Generation.V2: "resource_type"}
TARGET = Target("0.1.0")


@pytest.fixture
def published(tmp_path, declare):
    """The resources for a plugin of a type, which is declared with nothing else."""

    def published(plugin_type, target=TARGET, **fields):
        lines = {"name": "Sample", "resource_type": plugin_type, "image": "team/plugin-sample", **fields}
        text = "".join(f"{name}: {value}\n" for name, value in lines.items())
        (tmp_path / "register_plugin.yaml").write_text(text)
        return declare(Manifest.load(tmp_path), target)

    return published


def test_a_plugin_of_another_kind_is_all_that_there_is(published, generation):
    repository, plugin = published("monitoring.Webhook")
    assert (repository.kind, plugin.kind) == ("repository", "plugin")
    assert plugin.declared[FIELD[generation]] == "monitoring.Webhook"
    assert "provider" not in plugin.declared
    assert "It is a webhook, and no collector: the release ends when it is registered." in plugin.notes


def test_the_provider_of_another_kind_need_not_exist(published):
    *_, plugin = published("notification.Protocol", provider="slack")
    assert plugin.declared["provider"] == "slack"
    assert len(published("notification.Protocol", provider="slack")) == 2


def test_a_type_that_a_generation_has_not_is_blocked(published, clients, generation):
    *_, action = plan_resources(clients, published("identity.ExternalAuth"))
    assert (action.verb is Verb.BLOCKED) is (generation is Generation.V1_12)
    if action.reason:
        assert action.reason.startswith("SpaceONE 1.12 has no plugins of the type identity.ExternalAuth")
        assert action.reason.endswith(
            "Declare service_type: identity.Domain as well, and a plugin that serves identity.plugin.Auth."
        )


def test_a_type_in_another_spelling_is_registered_in_the_usual_one(published, clients, platform, generation):
    *_, plugin = published("inventory.collector", provider="aws")[:-1]
    assert plugin.declared[FIELD[generation]] == "inventory.Collector"
    assert any(note.startswith("inventory.collector is written inventory.Collector") for note in plugin.notes)
    platform.records["repository.Plugin"].append(
        {"plugin_id": "plugin-sample", "name": "Sample", "image": "team/plugin-sample", "provider": "aws"}
        | {FIELD[generation]: "inventory.collector", "registry_type": "DOCKER_HUB"}
    )
    (action,) = plan_resources(clients, [plugin])
    assert action.verb is Verb.KEEP


def test_the_type_of_an_existing_plugin_cannot_be_changed(published, clients, platform, generation):
    *_, plugin = published("monitoring.Webhook")
    platform.records["repository.Plugin"].append(
        {"plugin_id": "plugin-sample", FIELD[generation]: "inventory.Collector", **plugin.declared}
        | {FIELD[generation]: "inventory.Collector"}
    )
    (action,) = plan_resources(clients, [plugin])
    assert action.verb is Verb.BLOCKED
    assert (
        f"{FIELD[generation]} is 'inventory.Collector', but 'monitoring.Webhook' is declared" in action.reason
    )


def test_the_guides_of_the_source_are_docs_where_none_are_declared(published, generation):
    target = replace(TARGET, docs={"en": "# Guide"}, remarks=("docs: not declared",))
    *_, plugin = published("monitoring.Webhook", target)
    assert plugin.declared.get("docs") == ({"en": "# Guide"} if generation is Generation.V2 else None)
    assert plugin.notes[-1] == "docs: not declared"
    *_, plugin = published("monitoring.Webhook", target, docs="{ko: 안내}")
    assert plugin.declared.get("docs") == ({"ko": "안내"} if generation is Generation.V2 else None)
    *_, plugin = published("monitoring.Webhook", target, docs="{}")
    assert plugin.declared.get("docs") == ({} if generation is Generation.V2 else None)
