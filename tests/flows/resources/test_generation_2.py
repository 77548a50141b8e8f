"""What becomes of the walkthrough's 1.12 words on 2.x."""

import dataclasses

import pytest

from flows.manifest import Collector, Place
from flows.manifest.models import SecretFilter
from flows.resources import Target, declared_resources
from flows.spaceone import Generation


@pytest.fixture
def generation():
    return Generation.V2


def by_kind(resources, kind):
    return [resource for resource in resources if resource.kind == kind]


def test_the_template_of_a_provider_is_a_schema(resources):
    secret, account = by_kind(resources, "schema")
    assert (secret.declared["schema_type"], account.declared["schema_type"]) == ("SECRET", "SERVICE_ACCOUNT")
    assert account.declared["schema"]["required"] == ["amount"]
    assert account.declared["related_schemas"] == ["portfolio_investment_schema"]


def test_the_help_is_kept_in_both_languages(resources):
    account = by_kind(resources, "schema")[1]
    assert account.declared["options"]["help"]["en"].startswith("# Getting Started with Portfolio")
    assert account.declared["options"]["help"]["ko"].startswith("# Portfolio 시작 가이드")


def test_the_icon_is_a_field(resources):
    provider = by_kind(resources, "provider")[0]
    assert provider.declared["icon"].startswith("https://")
    assert provider.declared["tags"] == {"label": "Portfolio"}


def test_the_service_type_is_a_resource_type(resources):
    plugin = by_kind(resources, "plugin")[0]
    assert plugin.declared["resource_type"] == "inventory.Collector"
    assert "service_type" not in plugin.declared


def test_the_environments_registry_and_options_override_the_manifests(resources, manifest):
    assert by_kind(resources, "plugin")[0].declared["registry_type"] == "HARBOR"
    assert by_kind(resources, "collector")[0].declared["options"] == {"base_url": "http://127.0.0.1:1"}
    plain = declared_resources(Generation.V2, manifest, Target("0.1.0"))
    assert by_kind(plain, "plugin")[0].declared["registry_type"] == "DOCKER_HUB"
    # Nobody names options: they are whatever the platform has.
    assert "options" not in by_kind(plain, "collector")[0].declared


def test_every_translation_is_said(resources):
    notes = {resource.kind: " ".join(resource.notes) for resource in resources}
    assert "Repositories are configured in 2.x" in notes["repository"]
    assert "template" in notes["provider"]
    assert "resource_type" in notes["plugin"]
    assert "HARBOR" in notes["plugin"]
    assert "base_url" in notes["collector"]
    secret_notes = " ".join(by_kind(resources, "schema")[0].notes)
    assert "labels are not supported" in secret_notes
    assert "SECRET" in secret_notes


def test_each_names_its_file(resources):
    files = {resource.kind: resource.file for resource in resources}
    assert files["collector"].endswith("deployments/portfolio/create_collector.yaml")


def test_a_form_without_schema_is_not_held_and_the_plan_says_so(manifest):
    provider = manifest.provider.model_copy(update={"template": {"service_account": {}}})
    found = declared_resources(
        Generation.V2, dataclasses.replace(manifest, provider=provider), Target("0.1.0")
    )
    notes = by_kind(found, "provider")[0].notes
    assert {"capability: not supported by 2.x.", "metadata: not supported by 2.x."} <= set(notes)


def test_what_is_emptied_in_the_words_of_1_12_is_emptied(manifest):
    provider = manifest.provider.model_copy(update={"capability": {}, "metadata": {}, "tags": {}})
    found = declared_resources(
        Generation.V2, dataclasses.replace(manifest, provider=provider), Target("0.1.0")
    )
    form = by_kind(found, "schema")[1].declared
    assert (form["related_schemas"], form["options"]) == ([], {})
    assert by_kind(found, "provider")[0].declared["tags"] == {}


def test_what_is_not_declared_is_left_alone(manifest):
    provider = manifest.provider.model_copy(update={"capability": None, "metadata": None, "tags": None})
    found = declared_resources(
        Generation.V2, dataclasses.replace(manifest, provider=provider), Target("0.1.0")
    )
    assert not {"related_schemas", "options"} & set(by_kind(found, "schema")[1].declared)
    assert "tags" not in by_kind(found, "provider")[0].declared


def test_a_filter_by_schema_is_told_of_before_it_fails(manifest):
    chosen = manifest.collector.model_copy(update={"secret_filter": SecretFilter(schemas=["x"])})
    found = declared_resources(
        Generation.V2, dataclasses.replace(manifest, collector=chosen), Target("0.1.0")
    )
    (note,) = by_kind(found, "collector")[0].notes
    assert note.startswith("secret_filter.schemas: inventory 2.0.dev247 accepts it, but then fails")


@pytest.mark.parametrize("metadata", [{"view": None}, {"view": {"layouts": None}}, {"view": []}])
@pytest.mark.parametrize("template", [{"service_account": None}, {"service_account": "words"}, {}])
def test_a_provider_with_less_in_it(manifest, metadata, template):
    provider = manifest.provider.model_copy(update={"metadata": metadata, "template": template})
    found = declared_resources(
        Generation.V2, dataclasses.replace(manifest, provider=provider), Target("0.1.0")
    )
    names = [resource.name for resource in by_kind(found, "schema")]
    assert names == ["portfolio_investment_schema", "of the accounts of portfolio"]


def test_a_manifest_of_2_x_is_taken_as_it_is(native):
    found = declared_resources(Generation.V2, native, Target("0.1.0"))
    secret, account = by_kind(found, "schema")
    assert (secret.name, account.name) == ("portfolio-secret", "portfolio-account")
    assert account.declared["related_schemas"] == ["portfolio-secret"]
    assert account.declared["options"]["help"].keys() == {"en", "ko"}
    provider = by_kind(found, "provider")[0]
    assert (provider.declared["order"], provider.declared["color"]) == (10, "#3f51b5")
    said = {note for resource in found for note in resource.notes if resource.kind != "service account"}
    assert said == {
        "Repositories are configured in 2.x: the installation's local one is used, whatever its name is."
    }


@pytest.mark.parametrize(("plugin_info", "sent"), [({}, False), ({"plugin_id": "x"}, True)])
def test_an_empty_plugin_info_is_not_sent(native, plugin_info, sent):
    """Identity would answer ERROR_REQUIRED_PARAMETER (key = plugin_info, options)."""
    provider = native.provider.model_copy(update={"plugin_info": plugin_info})
    found = declared_resources(Generation.V2, dataclasses.replace(native, provider=provider), Target("0.1.0"))
    resource = by_kind(found, "provider")[0]
    assert ("plugin_info" in resource.create_params(resource.declared)) is sent
    assert resource.declared["plugin_info"] == plugin_info


def test_a_schema_for_accounts_is_stronger_than_a_template_and_the_plan_says_so(native, manifest):
    provider = manifest.provider
    both = dataclasses.replace(native, provider=provider)
    found = declared_resources(Generation.V2, both, Target("0.1.0"))
    assert [resource.name for resource in by_kind(found, "schema")] == [
        "portfolio-secret",
        "portfolio-account",
    ]
    (note,) = [note for note in by_kind(found, "provider")[0].notes if "template" in note]
    assert note.startswith(
        "template, capability, metadata: not supported by 2.x, which uses the schema portfolio-account"
    )


def test_several_accounts_share_a_project(manifest):
    (account,) = manifest.service_accounts
    others = [account.model_copy(update={"name": name}) for name in ("Savings", "Stocks")]
    others[1] = others[1].model_copy(update={"project": "Stocks"})
    changed = dataclasses.replace(manifest, service_accounts=(account, *others))
    found = declared_resources(Generation.V2, changed, Target("0.1.0"))
    assert [resource.name for resource in by_kind(found, "project")] == ["Portfolio", "Stocks"]
    accounts = by_kind(found, "service account")
    assert [(one.name, one.declared["project_id"].name) for one in accounts] == [
        ("Investment", "Portfolio"),
        ("Savings", "Portfolio"),
        ("Stocks", "Stocks"),
    ]


def test_what_is_not_declared_is_said(manifest):
    collector = Collector.model_validate({"name": "x"}, context=Place("folder", default=True))
    found = declared_resources(
        Generation.V2, dataclasses.replace(manifest, collector=collector), Target("0.1.0")
    )
    assert "not declared" in " ".join(by_kind(found, "collector")[0].notes)


def test_an_account_is_complete_when_it_has_its_secret(manifest):
    """Identity stores the account first."""

    def account(secret_data):
        accounts = [manifest.service_accounts[0].model_copy(update={"secret_data": secret_data})]
        declared = declared_resources(
            Generation.V2, dataclasses.replace(manifest, service_accounts=accounts), Target("0.1.0")
        )
        return next(resource for resource in declared if resource.kind == "service account")

    assert not account({"key": "x"}).complete({"service_account_id": "sa-1"})
    assert account({"key": "x"}).complete({"service_account_id": "sa-1", "secret_id": "secret-1"})
    assert account(None).complete({"service_account_id": "sa-1"})
