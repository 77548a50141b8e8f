"""What a manifest leaves out because the platform has it, and what the platform manages itself."""

import pytest

from flows.manifest import Manifest
from flows.resources import Plan, Target, Verb, plan_resources
from flows.spaceone import Generation

TARGET = Target("0.1.0")
V2, V1_12 = Generation.V2, Generation.V1_12
FORM = {
    "type": "object",
    "properties": {"project_id": {"type": "string", "minLength": 4}},
    "required": ["project_id"],
}
SECRET = {"type": "object", "required": ["token"]}
PLUGIN = "{name: p, image: a/p, resource_type: inventory.Collector, service_type: inventory.Collector, provider: cloud}"
ACCOUNT = """
name: a
provider: cloud
project: P
data: {project_id: prod-1}
secret_schema_id: cloud_key
secret_data: {token: planted-4711}
"""
ALONE = {"plugin.yaml": PLUGIN}
WITH_ACCOUNT = {**ALONE, "account.yaml": ACCOUNT}


@pytest.fixture
def planned(tmp_path, declare, clients):
    """The plan of a manifest that is written from texts."""

    def planned(files):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return Plan(plan_resources(clients, declare(Manifest.load(tmp_path), TARGET)))

    return planned


@pytest.fixture
def cloud(platform, generation):
    """A platform with a provider of its own, and what belongs to it."""
    if generation is V2:
        platform.records["identity.Provider"] = [{"provider": "cloud", "name": "Cloud", "is_managed": True}]
        platform.records["identity.Schema"] = [
            {
                "schema_id": "cloud-account",
                "schema_type": "SERVICE_ACCOUNT",
                "provider": "cloud",
                "schema": FORM,
                "is_managed": True,
            },
            {
                "schema_id": "cloud_key",
                "name": "Key",
                "schema_type": "SECRET",
                "provider": "cloud",
                "schema": SECRET,
                "is_managed": True,
            },
        ]
    else:
        template = {"service_account": {"schema": FORM}}
        platform.records["identity.Provider"] = [{"provider": "cloud", "name": "Cloud", "template": template}]
        platform.records["repository.Repository"] = [
            {"repository_id": "repo-managed", "name": "Managed", "repository_type": "managed"}
        ]
        platform.records["repository.Schema"] = [{"name": "cloud_key", "repository_id": "repo-managed"}]
    return platform


def verbs(plan):
    return {(action.kind, action.name): str(action.verb) for action in plan.actions}


def test_a_plugin_alone_needs_its_provider(planned):
    (blocked,) = planned(ALONE).blocked
    assert blocked.kind == "provider"
    assert "The platform has no provider cloud" in blocked.reason
    assert "add create_provider.yaml" in blocked.reason


@pytest.mark.usefixtures("cloud")
def test_a_plugin_alone_is_registered_where_the_provider_is(planned):
    plan = planned(ALONE)
    assert not plan.blocked
    assert {kind for kind, _ in verbs(plan)} == {"repository", "provider", "plugin", "collector"}
    assert verbs(plan)["provider", "cloud"] == "keep"
    assert "declares no service account" in " ".join(plan.action("collector").notes)


@pytest.mark.usefixtures("cloud")
def test_schemas_of_the_platform_are_kept(planned, generation):
    plan = planned(WITH_ACCOUNT)
    assert not plan.blocked
    assert verbs(plan)["schema", "cloud_key"] == "keep"
    if generation is V2:
        assert verbs(plan)["schema", "of the accounts of cloud"] == "keep"
    assert plan.action("service account").verb is Verb.CREATE


def test_a_schema_that_nobody_has_blocks(planned, cloud, generation):
    name = "identity.Schema" if generation is V2 else "repository.Schema"
    cloud.records[name] = [
        record for record in cloud.records[name] if record.get("schema_id") == "cloud-account"
    ]
    (blocked,) = planned(WITH_ACCOUNT).blocked
    assert "The platform has no schema cloud_key, which " in blocked.reason
    assert "account.yaml names as secret_schema_id, and the manifest declares none" in blocked.reason


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("generation", [V2], ids=str)
def test_a_schema_for_accounts_is_none_for_a_secret(planned):
    plan = planned({**ALONE, "account.yaml": ACCOUNT.replace("cloud_key", "cloud-account")})
    assert (
        "is of the type SERVICE_ACCOUNT, and an account's secret needs one of SECRET"
        in plan.blocked[0].reason
    )


@pytest.mark.parametrize("generation", [V2], ids=str)
def test_an_account_without_a_form_is_refused_by_2_x(planned):
    files = {**WITH_ACCOUNT, "provider.yaml": "{provider: cloud, name: Cloud}"}
    files["schema.yaml"] = "{name: cloud_key, schema: {type: object}}"
    (blocked,) = planned(files).blocked
    assert (
        "2.x accepts no service account of cloud without a schema of type SERVICE_ACCOUNT" in blocked.reason
    )


@pytest.mark.usefixtures("cloud")
def test_data_that_does_not_fit_the_platforms_form_is_refused_before_anything_is_written(planned):
    (blocked,) = planned({**ALONE, "account.yaml": ACCOUNT.replace("prod-1", "'  x1 '")}).blocked
    assert blocked.kind == "service account"
    assert "data does not fit the form that the platform has" in blocked.reason
    assert "'project_id' has fewer characters than 4" in blocked.reason


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("generation", [V2], ids=str)
def test_secret_data_that_do_not_fit_are_not_shown(planned):
    (blocked,) = planned({**ALONE, "account.yaml": ACCOUNT.replace("token:", "tokn:")}).blocked
    assert (
        "secret_data does not fit the form that the platform has, the schema cloud_key: 'token' is missing"
        in (blocked.reason)
    )
    assert "4711" not in blocked.reason


def test_an_account_that_is_there_is_not_judged_again(planned, cloud, generation):
    """The platform's form may have changed since: what is not written is not validated."""
    cloud.records["identity.Project"] = [{"project_id": "p-1", "name": "P"}]
    account = {"service_account_id": "sa-1", "name": "a", "provider": "cloud", "data": {"project_id": "x"}}
    cloud.records["identity.ServiceAccount"] = [
        {**account, "project_id": "p-1", "service_account_type": "GENERAL"}
    ]
    if generation is V1_12:
        cloud.records["identity.ProjectGroup"] = [{"project_group_id": "g-1", "name": "P"}]
        cloud.records["identity.Project"][0]["project_group_id"] = "g-1"
    text = ACCOUNT.partition("secret_schema_id")[0].replace("prod-1", "x")
    plan = planned({**ALONE, "account.yaml": text})
    assert plan.action("service account").verb is Verb.KEEP


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("generation", [V2], ids=str)
def test_what_the_platform_manages_is_used_as_it_is(planned):
    """Identity would refuse the update (ERROR_PERMISSION_DENIED), after the build and the push."""
    files = {
        **WITH_ACCOUNT,
        "provider.yaml": "{provider: cloud, name: Another, color: '#123456', plugin_info: {plugin_id: x}}",
        "schema.yaml": "{name: cloud_key, schema: {type: object}}",
    }
    plan = planned(files)
    assert not plan.blocked
    assert verbs(plan)["provider", "cloud"] == verbs(plan)["schema", "cloud_key"] == "keep"
    (note,) = [note for note in plan.action("provider").notes if "its own" in note]
    assert note == (
        "The platform has its own provider cloud: it is used as it is. "
        "The manifest's name, color, plugin_info cannot be written."
    )


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("generation", [V2], ids=str)
def test_a_form_in_the_words_of_1_12_does_not_stand_beside_the_platforms(planned):
    """Identity takes the first one of two, whichever that is."""
    template = "{provider: cloud, name: Cloud, template: {service_account: {schema: {type: object}}}}"
    plan = planned({**WITH_ACCOUNT, "provider.yaml": template})
    form = plan.action("schema")
    assert (form.name, form.verb, form.id) == ("cloud-service-account", Verb.KEEP, "cloud-account")
    assert "The platform has its own schema cloud-account: it is used as it is." in form.notes[-1]
    (blocked,) = planned({"account.yaml": ACCOUNT.replace("prod-1", "x")}).blocked
    assert "data does not fit the form that the platform has, the schema cloud-account" in blocked.reason


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("generation", [V2], ids=str)
def test_secret_data_must_fit_the_schema_that_the_platform_manages(planned):
    files = {**ALONE, "account.yaml": ACCOUNT.replace("token:", "tokn:")}
    files["schema.yaml"] = "{name: cloud_key, schema: {type: object}}"
    (blocked,) = planned(files).blocked
    assert "secret_data does not fit the form that the platform has, the schema cloud_key" in blocked.reason


@pytest.mark.parametrize("generation", [V1_12], ids=str)
@pytest.mark.parametrize(
    "local", [[], [{"repository_id": "repo-1", "name": "L", "repository_type": "local"}]]
)
def test_a_schema_of_the_managed_repository_is_used_and_not_shadowed(
    checkout, declare, clients, cloud, local
):
    cloud.records["repository.Repository"] += local
    cloud.records["repository.Schema"] = [{"name": "aws_access_key", "repository_id": "repo-managed"}]
    cloud.records["identity.Provider"] = [{"provider": "aws", "name": "AWS"}]
    manifest = Manifest.load(checkout / "tests/fixtures/cases/schema-shadow-1.12/manifest")
    plan = Plan(plan_resources(clients, declare(manifest, TARGET)))
    assert verbs(plan)["schema", "aws_access_key"] == "keep"
    (note,) = [note for note in plan.action("schema").notes if "its own" in note]
    assert "The platform has its own schema aws_access_key in Managed: it is used as it is." in note
    assert not plan.blocked


REFUSED = [
    ("plugin_info: {plugin_id: x}", "2.x requires the field options of plugin_info"),
    ("plugin_info: {plugin_id: x, options: words}", "2.x requires the field options of plugin_info"),
    ("options: {support_auto_sync: true}", "needs support_trusted_account"),
    ("options: {support_auto_sync: true, support_trusted_account: true}", "needs plugin_info"),
]


@pytest.mark.parametrize("generation", [V2], ids=str)
@pytest.mark.parametrize(("fields", "words"), REFUSED)
def test_a_provider_that_2_x_refuses_is_blocked(planned, platform, fields, words):
    files = {**ALONE, "provider.yaml": f"provider: cloud\nname: Cloud\n{fields}\n"}
    (blocked,) = planned(files).blocked
    assert blocked.kind == "provider"
    assert words in blocked.reason
