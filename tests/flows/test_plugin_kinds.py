"""The table of plugin kinds, beside the API's own packages and the types of the plugins that SpaceONE ships."""

from __future__ import annotations

import re

import pytest

from flows.plugin_kinds import (
    COLLECTOR,
    COLLECTS,
    KINDS,
    TYPE_FIELDS,
    check_type,
    kind_named,
    kind_of,
    kinds_serving,
)
from flows.spaceone import Generation

PLUGIN = "spaceone.api.{}.plugin.{}"
#: The types of the plugins in spaceone-repository's managed_resource, and what the platform calls.
SHIPPED = {
    "1.12": {
        "inventory.Collector": COLLECTOR,
        "cost_analysis.DataSource": PLUGIN.format("cost_analysis", "DataSource"),
        "monitoring.DataSource": PLUGIN.format("monitoring", "DataSource"),
        "monitoring.Webhook": PLUGIN.format("monitoring", "Webhook"),
        "notification.Protocol": PLUGIN.format("notification", "Protocol"),
        "identity.Domain": PLUGIN.format("identity", "Auth"),
    },
    "2.x": {
        "inventory.Collector": COLLECTOR,
        "cost_analysis.DataSource": PLUGIN.format("cost_analysis", "DataSource"),
        "monitoring.DataSource": PLUGIN.format("monitoring", "DataSource"),
        "monitoring.Webhook": PLUGIN.format("monitoring", "Webhook"),
        "notification.Protocol": PLUGIN.format("notification", "Protocol"),
        "identity.Domain": PLUGIN.format("identity", "ExternalAuth"),
        "identity.ExternalAuth": PLUGIN.format("identity", "ExternalAuth"),
        "identity.Provider": PLUGIN.format("identity", "AccountCollector"),
    },
}
CASES = [(generation, *each) for generation, types in SHIPPED.items() for each in types.items()]
WEBHOOK = kind_of("monitoring.Webhook").on("2.x")
EVENT = PLUGIN.format("monitoring", "Event")


def test_generations_have_the_names_that_they_have_elsewhere():
    assert set(TYPE_FIELDS) == set(Generation)
    assert {generation for kind in KINDS for generation in (*kind.services, *kind.uses)} == set(Generation)


@pytest.mark.parametrize(("generation", "plugin_type", "service"), CASES)
def test_each_type_that_the_platform_ships_is_known_with_its_service(generation, plugin_type, service):
    kind = kind_of(plugin_type)
    assert kind.known
    assert kind.obstacle(generation) == ""
    assert kind.on(generation).services[0] == service
    assert kind.on(generation).is_served(["grpc.health.v1.Health", service])
    assert kind in kinds_serving([service], generation)


def test_only_a_collector_collects():
    assert [kind.type for kind in KINDS if kind.collects] == [COLLECTS]
    assert kind_of(COLLECTS).remark("2.x") == ""
    assert kind_of(COLLECTS).label is None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
@pytest.mark.parametrize("generation", [*Generation])
def test_each_kind_says_what_is_next_or_why_it_is_blocked(kind, generation):
    if generation in kind.services:
        assert kind.uses[generation].create in kind.next_step(generation)
        assert kind.uses[generation].update in kind.next_step(generation)
    else:
        assert f"SpaceONE {generation} has no plugins of the type {kind.type}" in kind.obstacle(generation)


def test_a_type_in_another_spelling_is_the_same():
    assert kind_of("inventory.collector") is kind_of("inventory.Collector")
    assert kind_of("cost-analysis.datasource") is kind_of("cost_analysis.DataSource")


def test_a_type_that_is_almost_known_is_refused_with_the_word():
    for almost in (
        "inventory.Colector",
        "inventory/Collector",
        "monitoring.Webhooks",
        "notification.Protocoll",
    ):
        with pytest.raises(
            ValueError, match="is (inventory.Collector|monitoring.Web|notification.Pro).* meant"
        ):
            check_type(almost)


@pytest.mark.parametrize("wrong", ["collector", "inventory.", ".Collector", "a.b.C", "a b.C", ""])
def test_a_type_of_another_form_is_refused_with_the_list(wrong):
    with pytest.raises(
        ValueError, match="inventory.Collector, cost_analysis.DataSource, .* form service.Resource"
    ):
        check_type(wrong)


@pytest.mark.parametrize("other", ["power_scheduler.Controller", "statistics.Storage", "billing.DataSource"])
def test_another_type_is_taken_with_a_remark(other):
    check_type(other)
    kind = kind_of(other)
    assert not kind.known
    assert f"{other} is not among the types that the pipeline knows (inventory.Collector" in kind.remark(
        "2.x"
    )
    assert kind.obstacle("1.12") == kind.obstacle("2.x") == ""
    assert kind.label == other


@pytest.mark.parametrize(
    ("served", "fits"),
    [
        (["spaceone.api.power_scheduler.plugin.Controller"], True),
        (["spaceone.api.power_scheduler.v1.Anything"], True),
        (["com.example.Controller", "grpc.health.v1.Health"], True),
        ([COLLECTOR], False),
        ([COLLECTOR, "com.example.Controller"], False),
        (["grpc.health.v1.Health", "spaceone.api.core.v1.ServerInfo"], False),
        ([], False),
    ],
)
def test_what_an_image_of_another_type_must_serve(served, fits):
    assert kind_of("power_scheduler.Controller").on("2.x").is_served(served) is fits


def test_an_image_of_another_kind_is_told_by_what_it_serves():
    expected = kind_of("cost_analysis.DataSource").on("2.x")
    assert not expected.is_served([COLLECTOR])
    reason, advice = expected.contradiction([COLLECTOR])
    assert reason == (
        f"it serves a collector, and the manifest registers it as cost_analysis.DataSource; it lists {COLLECTOR}"
    )
    assert advice.startswith("Write the type inventory.Collector into the manifest, or make its server serve")


def test_all_types_of_what_is_served_are_named():
    _, advice = WEBHOOK.contradiction([PLUGIN.format("identity", "ExternalAuth")])
    assert "the type identity.Domain or identity.Auth or identity.ExternalAuth" in advice


def test_an_authentication_plugin_of_the_older_generation_is_none_of_the_newer():
    assert not kind_of("identity.Domain").on("2.x").is_served([PLUGIN.format("identity", "Auth")])
    assert not kind_of("identity.Domain").on("1.12").is_served([PLUGIN.format("identity", "ExternalAuth")])


def test_the_alert_managers_package_does_in_2_x_with_its_own_partner():
    webhook, event = PLUGIN.format("alert_manager", "Webhook"), PLUGIN.format("alert_manager", "Event")
    assert WEBHOOK.is_served([webhook])
    assert WEBHOOK.lacking([webhook, event]) == ()
    assert WEBHOOK.lacking([webhook, EVENT]) != ()
    assert not kind_of("monitoring.Webhook").on("1.12").is_served([webhook])


def test_services_that_the_platform_calls_later_are_remarked():
    (remark,) = WEBHOOK.lacking([WEBHOOK.services[0]])
    assert remark == f"It does not serve {EVENT}, which the platform calls when it uses a webhook"
    data_source = kind_of("monitoring.DataSource").on("1.12")
    for one in ("Metric", "Log"):
        assert data_source.lacking([data_source.services[0], PLUGIN.format("monitoring", one)]) == ()
    cost = kind_of("cost_analysis.DataSource").on("1.12")
    assert len(cost.lacking(cost.services)) == 2
    assert kind_of(COLLECTS).on("2.x").lacking([COLLECTOR]) == ()


def test_the_documentation_has_each_type_with_its_services(checkout):
    page = (checkout / "docs/own-plugin.md").read_text().partition("## Other kinds of plugins")[2]
    for kind in KINDS:
        (row,) = [line for line in page.splitlines() if line.startswith("|") and f"`{kind.type}`" in line]
        named = set(re.findall(r"`(?:spaceone\.api\.)?(\w+\.plugin(?:\.\w+)?)`", row))
        for service in {each for services in kind.services.values() for each in services}:
            short = service.removeprefix("spaceone.api.")
            assert named & {short, short.rpartition(".")[0]}, (kind.type, service)
        for partner in (name for group in kind.partners for name in group):
            assert partner in row


def test_a_capability_that_the_platform_requires_is_remarked():
    kind = kind_of("monitoring.DataSource")
    wanted = ("monitoring_type is not declared (METRIC or LOG)", "supported_schema is not declared")
    refused = "monitoring.DataSource.register refuses such a plugin."
    assert kind.unusable({}) == tuple(f"capability.{each}: {refused}" for each in wanted)
    (remark,) = kind.unusable({"monitoring_type": ["METRIC"], "supported_schema": []})
    assert remark.startswith("capability.monitoring_type is another value (METRIC or LOG)")
    assert kind.unusable({"monitoring_type": "LOG", "supported_schema": ["x"]}) == ()
    assert kind_of("monitoring.Webhook").unusable({}) == kind_of(COLLECTS).unusable({}) == ()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("plugin-google-cloud-inven-collector", "inventory.Collector"),
        ("plugin-asset-csv-collector", "inventory.Collector"),
        ("plugin-aws-identity-account-collector", "identity.Provider"),
        ("plugin-azure-cost-mgmt-cost-datasource", "cost_analysis.DataSource"),
        ("plugin-aws-cloudwatch-mon-datasource", "monitoring.DataSource"),
        ("plugin-aws-sns-mon-webhook", "monitoring.Webhook"),
        ("plugin-telegram-noti-protocol", "notification.Protocol"),
        ("plugin-keycloak-identity-auth", "identity.Domain"),
        ("plugin-prefect", None),
    ],
)
def test_the_kind_follows_from_the_ending_of_a_name(name, found):
    kind = kind_named(name)
    assert (kind.type if kind else None) == found
