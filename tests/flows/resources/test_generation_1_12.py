"""What becomes of 2.x's words on 1.12, and of the walkthrough's own, which 1.12 takes as they are."""

import dataclasses

import pytest

from flows.manifest import Manifest
from flows.manifest.models import SecretFilter
from flows.resources import Execution, Plan, Target, declared_resources, plan_resources
from flows.resources.account_form import HELP
from flows.resources.resource import Reference
from flows.spaceone import Generation
from tests.flows.resources.conftest import TARGET as RELEASED

TARGET = Target("0.1.0")


@pytest.fixture
def generation():
    return Generation.V1_12


def by_kind(resources, kind):
    return [resource for resource in resources if resource.kind == kind]


def one(resources, kind):
    (found,) = by_kind(resources, kind)
    return found


def said(resources, kind):
    return " ".join(note for resource in by_kind(resources, kind) for note in resource.notes)


def provider_of(manifest, **fields):
    changed = dataclasses.replace(manifest, provider=manifest.provider.model_copy(update=fields))
    return one(declared_resources(Generation.V1_12, changed, TARGET), "provider")


def with_account(manifest, *changed):
    (account,) = manifest.service_accounts
    accounts = tuple(account.model_copy(update=fields) for fields in changed)
    return declared_resources(
        Generation.V1_12, dataclasses.replace(manifest, service_accounts=accounts), TARGET
    )


def test_the_walkthroughs_words_are_taken_as_they_are(checkout):
    manifest = Manifest.load(checkout / "tests/fixtures/walkthrough")
    found = declared_resources(Generation.V1_12, manifest, TARGET)
    schema, provider, plugin = one(found, "schema"), one(found, "provider"), one(found, "plugin")
    assert schema.declared == {
        "service_type": "secret.credentials",
        "schema": manifest.schemas[0].definition,
        "labels": ["Investment"],
        "tags": {"description": "Investment Credentials"},
    }
    own = manifest.provider
    assert provider.declared == {
        "name": "Portfolio",
        "template": own.template,
        "metadata": own.metadata,
        "capability": own.capability,
        "tags": own.tags,
    }
    assert plugin.declared["service_type"] == "inventory.Collector"
    assert plugin.declared["template"] == {}
    assert {note for kind in ("schema", "provider", "plugin") for note in one(found, kind).notes} == set()


def test_the_schema_of_2_x_for_accounts_is_the_providers_form(native):
    provider = one(declared_resources(Generation.V1_12, native, TARGET), "provider")
    form = native.schemas[0]
    assert provider.declared["template"] == {"service_account": {"schema": form.definition}}
    assert provider.declared["capability"] == {"supported_schema": ["portfolio-secret"]}
    layout = provider.declared["metadata"]["view"]["layouts"][HELP]
    assert layout["options"]["markdown"] == form.options["help"]
    assert (
        f"template, metadata, capability: the schema portfolio-account of {form.place}, of type SERVICE_ACCOUNT."
    ) in provider.notes


def test_icon_and_color_are_tags(native):
    provider = one(declared_resources(Generation.V1_12, native, TARGET), "provider")
    assert provider.declared["tags"] == {
        "label": "Portfolio",
        "icon": native.provider.icon,
        "color": "#3f51b5",
    }
    assert {"icon: tags.icon in 1.12.", "color: tags.color in 1.12."} <= set(provider.notes)


@pytest.mark.parametrize(("tags", "declared"), [(None, None), ({}, {}), ({"label": "x"}, {"label": "x"})])
def test_tags_are_emptied_where_that_is_declared(manifest, tags, declared):
    assert provider_of(manifest, tags=tags).declared.get("tags") == declared


def test_every_other_field_of_2_x_is_said_to_be_lost(native):
    found = declared_resources(Generation.V1_12, native, TARGET)
    assert "schema_type SECRET is service_type secret.credentials" in said(found, "schema")
    assert "name is the schema_id, portfolio-secret" in said(found, "schema")
    assert "provider: not supported by a schema of 1.12" in said(found, "schema")
    assert "docs are not supported by a plugin of 1.12" in said(found, "plugin")
    assert "resource_group: not supported by a collector of 1.12" in said(found, "collector")


def test_the_providers_own_form_is_stronger_than_a_schema_and_the_plan_says_so(native, manifest):
    provider = one(
        declared_resources(Generation.V1_12, dataclasses.replace(native, provider=manifest.provider), TARGET),
        "provider",
    )
    assert provider.declared["template"] == manifest.provider.template
    assert provider.notes[-1].endswith(
        "of type SERVICE_ACCOUNT: name, schema, options.help, related_schemas."
    )


def test_what_a_form_of_2_x_says_beside_the_help_is_said_to_be_lost(native):
    form, secret = native.schemas
    changed = form.model_copy(update={"tags": {"a": "b"}, "options": {"hint": 1}})
    found = declared_resources(
        Generation.V1_12, dataclasses.replace(native, schemas=(changed, secret)), TARGET
    )
    provider = one(found, "provider")
    assert "of type SERVICE_ACCOUNT: name, tags, options.hint." in " ".join(provider.notes)
    assert provider.declared["metadata"] == {}  # options without a help: there shall be none


def test_another_schema_for_accounts_is_said_to_be_lost(native):
    trusted = native.schemas[0].model_copy(update={"schema_id": "t", "schema_type": "TRUSTED_ACCOUNT"})
    found = declared_resources(
        Generation.V1_12, dataclasses.replace(native, schemas=(*native.schemas, trusted)), TARGET
    )
    assert [schema.name for schema in by_kind(found, "schema")] == ["portfolio-secret"]
    assert f"the schema t of {trusted.place}, of type TRUSTED_ACCOUNT: not supported by 1.12." in said(
        found, "provider"
    )


def test_the_secret_stands_by_itself(manifest):
    secret = one(declared_resources(Generation.V1_12, manifest, TARGET), "secret")
    owner = Reference("service account", "Investment")
    assert secret.query == {"service_account_id": owner}
    assert secret.declared == {
        "service_account_id": owner,
        "secret_type": "CREDENTIALS",
        "schema": "portfolio_investment_schema",
        "data": {"investment_type": "cryptocurrency"},
    }
    assert secret.hidden == {"data"}


def test_an_account_without_secret_data_has_no_secret(manifest):
    found = with_account(manifest, {"secret_data": None, "secret_schema_id": None})
    assert by_kind(found, "secret") == []


def test_a_project_lies_in_a_group_which_is_called_as_it_unless_declared(manifest):
    found = with_account(manifest, {})
    assert [group.name for group in by_kind(found, "project group")] == ["Portfolio"]
    assert "project_group is not declared" in said(found, "project group")
    found = with_account(manifest, {"project_group": "Investments"})
    assert [group.name for group in by_kind(found, "project group")] == ["Investments"]
    assert said(found, "project group") == ""
    assert one(found, "project").declared == {"project_group_id": Reference("project group", "Investments")}


def test_projects_of_one_name_in_two_groups_are_two(manifest):
    found = with_account(
        manifest, {"name": "a", "project_group": "G"}, {"name": "b", "project_group": "H"}, {"name": "c"}
    )
    assert [project.name for project in by_kind(found, "project")] == [
        "G/Portfolio",
        "H/Portfolio",
        "Portfolio",
    ]
    assert [account.declared["project_id"].name for account in by_kind(found, "service account")] == [
        "G/Portfolio",
        "H/Portfolio",
        "Portfolio",
    ]


def test_the_plugins_id_is_the_images_last_part(manifest):
    plugin = manifest.plugin.model_copy(update={"plugin_id": "plugin-of-2x"})
    found = declared_resources(Generation.V1_12, dataclasses.replace(manifest, plugin=plugin), TARGET)
    assert one(found, "plugin").name == "plugin-portfolio-inven-collector"
    assert "plugin_id plugin-of-2x: in 1.12 it is the image's last part" in said(found, "plugin")
    collector = one(found, "collector")
    info = collector.create_params(collector.declared)["plugin_info"]
    assert info["plugin_id"] == "plugin-portfolio-inven-collector"


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (
            SecretFilter(schemas=["x"]),
            "inventory of 1.12 does not support secret_filter.schemas: it looks up",
        ),
        (
            SecretFilter(schemas=["x"], exclude_schemas=["y"]),
            "does not support secret_filter.schemas and secret_filter.exclude_schemas",
        ),
        (SecretFilter(state="DISABLED", schemas=["x"]), ""),
        (SecretFilter(service_accounts=["x"]), ""),
    ],
)
def test_a_filter_by_schema_blocks(clients, manifest, declare, chosen, words):
    collector = manifest.collector.model_copy(update={"secret_filter": chosen})
    wanted = declare(dataclasses.replace(manifest, collector=collector), TARGET)
    reasons = [action.reason for action in Plan(plan_resources(clients, wanted)).blocked]
    assert len(reasons) == bool(words)
    assert words in "".join(reasons)


def release(clients, resources):
    ids = {}
    plan = Plan(plan_resources(clients, resources))
    for action in plan.actions:
        Execution(clients, action, ids)()
    return plan


def test_an_account_of_the_name_and_another_provider_blocks(clients, resources, platform):
    """Names of accounts are unique in a domain of 1.12: a create would meet it."""
    platform.records["identity.ServiceAccount"].append(
        {
            "service_account_id": "sa-9",
            "name": "Investment",
            "provider": "aws",
            "service_account_type": "GENERAL",
        }
    )
    (blocked,) = Plan(plan_resources(clients, resources)).blocked
    assert "provider is 'aws', but 'portfolio' is declared" in blocked.reason


def test_a_local_repository_of_another_name_is_taken(clients, resources, platform):
    platform.records["repository.Repository"].append(
        {"repository_id": "repo-1", "name": "Ours", "repository_type": "local"}
    )
    plan = release(clients, resources)
    assert plan.action("repository").verb == "keep"
    assert "repository.Repository.register" not in dict(platform.writes)


@pytest.mark.parametrize("fields", [{"secret_schema_id": "another"}, {"project": "Stocks"}])
def test_an_account_is_changed_where_it_is(clients, manifest, platform, fields):
    release(clients, with_account(manifest, {}))
    platform.writes.clear()
    platform.records["repository.Schema"].append({"name": "another", "repository_id": "repository_id-1"})
    (schema,) = manifest.schemas
    release(clients, with_account(manifest, fields))
    written = [method for method, _ in platform.writes]
    assert written == (
        ["secret.Secret.update_data"]
        if "secret_schema_id" in fields
        else ["identity.ProjectGroup.create", "identity.Project.create", "identity.ServiceAccount.update"]
    )
    if "secret_schema_id" in fields:
        assert platform.writes[0][1]["data"] == {"investment_type": "cryptocurrency"}
        assert schema.id != platform.writes[0][1]["schema"]


def test_a_lost_secret_is_written_again_and_never_shown(clients, resources, platform):
    release(clients, resources)
    platform.records["secret.Secret"].clear()
    platform.writes.clear()
    plan = release(clients, resources)
    (change,) = [change for change in plan.action("secret").changes if change.name == "data"]
    assert (change.before, change.after) == (None, "(hidden)")
    assert [method for method, _ in platform.writes] == ["secret.Secret.create"]


@pytest.mark.parametrize("field", ["labels", "tags", "template", "capability"])
def test_what_is_emptied_is_written(clients, resources, platform, manifest, declare, field):
    release(clients, resources)
    platform.records["repository.Plugin"][0].setdefault(field, {})
    platform.records["repository.Plugin"][0][field] = ["x"] if field == "labels" else {"x": "y"}
    empty = [] if field == "labels" else {}
    plugin = manifest.plugin.model_copy(update={field: empty})
    platform.writes.clear()
    release(clients, declare(dataclasses.replace(manifest, plugin=plugin), RELEASED))
    assert platform.writes == [("repository.Plugin.update", {"plugin_id": manifest.plugin.id, field: empty})]
