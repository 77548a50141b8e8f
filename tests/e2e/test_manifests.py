"""Manifests as their authors have them: what the platform has already need not be declared."""

import json
import shutil

import pytest
import yaml

from flows.spaceone import CallError

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["2.x", "1.12"], indirect=True, scope="module"),
]

ACCOUNT = {
    "name": "Account of a managed provider",
    "provider": "google_cloud",
    "project": "P",
    "data": {"project_id": "example-project"},
}
KEY = {"2.x": "google-secret-oauth2-credentials", "1.12": "google_oauth2_credentials"}
FIELDS = (
    *(
        "type",
        "project_id",
        "private_key_id",
        "private_key",
        "client_email",
        "client_id",
        "auth_uri",
        "token_uri",
    ),
    *("auth_provider_x509_cert_url", "client_x509_cert_url"),
)


@pytest.fixture(scope="module")
def generation(platform):
    return "1.12" if platform.name.endswith("1.12") else "2.x"


@pytest.fixture
def planned(run, project):
    """The plan of a manifest's folder, as JSON."""

    def planned(folder, *more, code=0):
        arguments = ("release", project.environment, "--source", project.source, "--manifest", folder)
        done = run(*arguments, "--dry-run", "--output", "json", *more)
        assert done.returncode == code, done.stdout + done.stderr
        found = json.loads(done.stdout)
        return {(action["kind"], action["name"]): action for action in found["actions"]}

    return planned


@pytest.fixture
def manifest(checkout, tmp_path):
    """A plugin of google_cloud alone, and other documents by their files."""

    def manifest(**documents):
        case = checkout / "tests/fixtures/cases/03-plugin-for-managed-provider/manifest"
        folder = shutil.copytree(case, tmp_path / "manifest")
        for name, fields in documents.items():
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(fields))
        return folder

    return manifest


def test_a_plugin_alone_for_a_provider_that_the_platform_has(planned, manifest):
    plan = planned(manifest())
    assert plan["provider", "google_cloud"]["action"] == "keep"
    assert {kind for kind, _ in plan} == {"image", "repository", "provider", "plugin", "collector"}
    (collector,) = [action for (kind, _), action in plan.items() if kind == "collector"]
    assert "options" not in {
        change["field"] for change in collector["fields"]
    }  # those are of the portfolio plugin


def test_a_provider_that_nobody_has_blocks(planned, manifest):
    folder = manifest()
    path = folder / "register_plugin.yaml"
    path.write_text(path.read_text().replace("provider: google_cloud", "provider: nowhere_cloud"))
    plan = planned(folder, code=2)
    assert "The platform has no provider nowhere_cloud" in plan["provider", "nowhere_cloud"]["reason"]


@pytest.mark.parametrize("case", ["01-managed-resource-layout", "18-provider-with-help-text"])
def test_other_peoples_folders_are_planned(planned, checkout, case):
    plan = planned(checkout / "tests/fixtures/cases" / case / "manifest")
    assert not [action for action in plan.values() if action["action"] == "blocked"]


def test_an_account_with_the_platforms_own_schemas(planned, manifest, generation):
    secret = {"secret_schema_id": KEY[generation], "secret_data": dict.fromkeys(FIELDS, "none")}
    plan = planned(manifest(account={**ACCOUNT, **secret}))
    assert plan["schema", KEY[generation]]["action"] == "keep"
    assert plan["service account", ACCOUNT["name"]]["action"] == "create"


def test_data_that_the_platforms_form_does_not_take(planned, manifest):
    plan = planned(manifest(account={**ACCOUNT, "data": {"project": "x"}}), code=2)
    reason = plan["service account", ACCOUNT["name"]]["reason"]
    assert "data does not fit the form that the platform has" in reason
    assert "'project_id' is missing" in reason


def test_a_secret_schema_that_nobody_has(planned, manifest):
    secret = {"secret_schema_id": "nobodys_schema", "secret_data": {"a": "b"}}
    plan = planned(manifest(account={**ACCOUNT, **secret}), code=2)
    assert "The platform has no schema nobodys_schema" in plan["schema", "nobodys_schema"]["reason"]


def test_a_schema_of_the_managed_repository_is_not_shadowed(planned, checkout, client, generation):
    plan = planned(checkout / "tests/fixtures/cases/schema-shadow-1.12/manifest")
    action = plan["schema", "aws_access_key"]
    if generation == "1.12":
        assert action["action"] == "keep"
        assert "The platform has its own schema aws_access_key in " in " ".join(action["notes"])
    else:  # 2.x calls its own aws-secret-access-key
        assert action["action"] == "create"


def test_what_2_x_manages_is_not_updated(planned, manifest, client, generation):
    if generation == "1.12":
        pytest.skip("1.12 lets its default providers be changed")
    plan = planned(manifest(provider={"provider": "google_cloud", "name": "Other", "color": "#123456"}))
    assert plan["provider", "google_cloud"]["action"] == "keep"
    with pytest.raises(CallError, match="PERMISSION_DENIED"):
        client.call("identity.Provider.update", {"provider": "google_cloud", "name": "Other"})


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({"plugin_info": {"plugin_id": "x"}}, False),
        ({"plugin_info": {"plugin_id": "x", "options": {}}}, True),
        ({"plugin_info": {"plugin_id": "x", "options": {"a": 1}}}, True),
        ({"options": {"support_auto_sync": True}}, False),
        ({"options": {"support_auto_sync": True, "support_trusted_account": True}}, False),
    ],
)
def test_what_2_x_requires_of_a_provider_is_what_the_plan_requires(
    planned, manifest, client, generation, project, fields, accepted
):
    if generation == "1.12":
        pytest.skip("1.12 has none of these fields")
    name = f"strict_{project.tag}"
    folder = manifest(provider={"provider": name, "name": "Strict", **fields})
    path = folder / "register_plugin.yaml"
    path.write_text(path.read_text().replace("provider: google_cloud", f"provider: {name}"))
    plan = planned(folder, code=0 if accepted else 2)
    assert plan["provider", name]["action"] == ("create" if accepted else "blocked")
    try:
        client.call("identity.Provider.create", {"provider": name, "name": "Strict", **fields})
        created = True
    except CallError:
        created = False
    if created:
        client.call("identity.Provider.delete", {"provider": name})
    assert created is accepted


def test_an_account_without_a_form_is_blocked_in_2_x(planned, manifest, generation):
    account = {**ACCOUNT, "provider": "bare"}
    folder = manifest(provider={"provider": "bare", "name": "Bare"}, account=account)
    path = folder / "register_plugin.yaml"
    path.write_text(path.read_text().replace("provider: google_cloud", "provider: bare"))
    plan = planned(folder, code=2 if generation == "2.x" else 0)
    if generation == "2.x":
        assert (
            "accepts no service account of bare without a schema"
            in (plan["schema", "of the accounts of bare"]["reason"])
        )


def test_the_documentations_own_parameter_renames_the_plugin_and_keeps_its_options(
    planned, checkout, generation
):
    plan = planned(checkout / "deployments/portfolio", "-p", "plugin.image=team/plugin-x")
    assert plan["plugin", "plugin-x"]["action"] == "create"
    collector = plan["collector", "Portfolio Collector"]
    assert "plugin_info.plugin_id follows -p plugin.image." in " ".join(collector["notes"])
    (options,) = [change["after"] for change in collector["fields"] if change["field"] == "options"]
    assert options["base_url"].startswith("http")


def test_a_plugin_alone_is_published_and_collects_nothing_of_others(run, new_project, client):
    project = new_project()
    for path in project.manifest.iterdir():
        if path.name != "register_plugin.yaml":
            path.unlink()
    project.edit("register_plugin", provider="google_cloud")
    done = run(*project.arguments(), "--publish-only", "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    [plugin] = client.list("repository.Plugin.list", {"plugin_id": project.plugin_id})
    assert plugin["provider"] == "google_cloud"
    again = json.loads(run(*project.arguments(), "--publish-only", "--output", "json").stdout)
    assert {action["action"] for action in again["actions"]} == {"keep"}


def test_a_smaller_manifest_keeps_what_a_larger_one_made(new_project, release):
    project = new_project()
    release(project)
    for name in ("create_schema", "create_provider", "register_repository"):
        (project.manifest / f"{name}.yaml").unlink()
    report = release(project)
    assert {action["action"] for action in report["actions"]} == {"keep"}
    assert report["job"]["status"] == "SUCCESS"
