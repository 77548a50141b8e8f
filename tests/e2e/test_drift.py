"""What somebody changed by hand is shown and put back, field by field; what nobody can settle stops a release."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def first(project, release):
    """The report of the first release."""
    return release(project)


def updates(report):
    """The fields of every action that is not `keep`, by kind."""
    return {
        (action["kind"], action["action"]): [
            (change["field"], change["before"], change["after"]) for change in action["fields"]
        ]
        for action in report["actions"]
        if action["action"] != "keep"
    }


@pytest.fixture
def renamed(first, project, client, release):
    """The provider, renamed by hand; put back afterwards, whatever the test did."""
    client.call("identity.Provider.update", {"provider": project.provider, "name": "Somebody's own"})
    yield
    release(project)


RENAMED = {("provider", "update"): [("name", "Somebody's own", "Portfolio")]}


def test_a_dry_run_says_what_it_would_put_back_and_writes_nothing(renamed, project, run, client, witness):
    with witness.watching(project.image) as window:
        done = run(*project.arguments(), "--dry-run", "--output", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert updates(report) == RENAMED
    assert (report["dry_run"], report["job"], report["resources"]) == (True, None, {})
    assert (window.calls, window.uploads, window.images) == ({}, [], {})
    assert window.reads > 8
    (held,) = client.list("identity.Provider.list", {"provider": project.provider})
    assert held["name"] == "Somebody's own"
    text = run(*project.arguments(), "--dry-run")
    assert "Nothing was changed" in text.stdout
    assert "name: Somebody's own → Portfolio" in text.stderr


def test_a_drift_check_names_what_was_changed_and_changes_nothing(
    renamed, project, run, release, client, witness
):
    place = [project.arguments()[1], "--manifest", project.manifest]
    with witness.watching(project.image) as window:
        found = run("drift", *place, "--output", "json")
    assert found.returncode == 1, found.stderr
    document = json.loads(found.stdout)
    assert document["findings"] == [f"provider {project.provider}: name: Somebody's own → Portfolio"]
    assert (window.calls, window.uploads, window.images) == ({}, [], {})
    release(project)
    same = run("drift", *place)
    assert same.returncode == 0, same.stdout + same.stderr
    assert "is as it was released and declared" in same.stdout


def test_a_release_carries_out_the_plan_that_was_read_or_says_what_has_moved(
    renamed, project, run, client, tmp_path
):
    def name_it(name):
        client.call("identity.Provider.update", {"provider": project.provider, "name": name})

    file = tmp_path / "plan.json"
    _, *place = project.arguments()
    made = run("plan", *place, "--detailed-exitcode", "--out", file)
    assert made.returncode == 2, made.stderr
    assert "name: Somebody's own → Portfolio" in made.stderr
    name_it("Another's")
    stopped = run(*project.arguments(), "--plan", file)
    assert stopped.returncode == 2, stopped.stderr
    assert "on the platform, name was Somebody's own, now it is Another's" in stopped.stderr
    (held,) = client.list("identity.Provider.list", {"provider": project.provider})
    assert held["name"] == "Another's"
    name_it("Somebody's own")
    done = run(*project.arguments(), "--plan", file)
    assert done.returncode == 0, done.stderr
    assert run("plan", *place, "--detailed-exitcode").returncode == 0


def test_what_was_changed_by_hand_is_put_back_and_reported_field_by_field(
    renamed, project, release, client, witness
):
    with witness.watching(project.image) as window:
        report = release(project)
    assert updates(report) == RENAMED
    assert window.calls == {"identity.Provider.update": 1, "inventory.Collector.collect": 1}
    (held,) = client.list("identity.Provider.list", {"provider": project.provider})
    assert held["name"] == "Portfolio"
    assert {action["action"] for action in release(project)["actions"]} == {"keep"}


def test_each_of_several_changes_is_put_back(first, project, release, client, workspace, witness):
    client.call("identity.Schema.update", {"schema_id": project.schema, "tags": {"description": "Mine"}})
    client.call("repository.Plugin.update", {"plugin_id": project.plugin_id, "labels": ["Mine"]})
    (account,) = workspace.list("identity.ServiceAccount.list", {"provider": project.provider})
    account_id = account["service_account_id"]
    workspace.call(
        "identity.ServiceAccount.update", {"service_account_id": account_id, "data": {"amount": "a house"}}
    )
    with witness.watching(project.image) as window:
        report = release(project)
    assert updates(report) == {
        ("schema", "update"): [("tags", {"description": "Mine"}, {"description": "Investment Credentials"})],
        ("plugin", "update"): [("labels", ["Mine"], ["Portfolio", "Investment"])],
        ("service account", "update"): [("data", {"amount": "a house"}, {"amount": "cryptocurrency"})],
    }
    assert window.calls == {
        "identity.Schema.update": 1,
        "repository.Plugin.update": 1,
        "identity.ServiceAccount.update": 1,
        "inventory.Collector.collect": 1,
    }
    assert {action["action"] for action in release(project)["actions"]} == {"keep"}


def test_a_changed_option_of_the_plugin_is_moved_to_the_collector(first, project, release, client):
    environment = project.write_environment("three", plugin_options={"count": 3})
    report = release(project, environment=environment)
    ((kind, changes),) = updates(report).items()
    assert kind == ("collector", "update")
    assert changes[0][0] == "options"
    (held,) = client.list("inventory.Collector.list", {"name": project.collector})
    assert held["plugin_info"]["options"]["count"] == 3
    assert report["job"]["changes"]["updated"] == 3
    release(project)


def test_a_secret_that_was_lost_is_written_again_and_not_shown(first, project, release, workspace, witness):
    (account,) = workspace.list("identity.ServiceAccount.list", {"provider": project.provider})
    workspace.call(
        "identity.ServiceAccount.delete_secret_data", {"service_account_id": account["service_account_id"]}
    )
    with witness.watching(project.image) as window:
        report = release(project)
    changed = {field: after for field, _, after in updates(report)[("service account", "update")]}
    assert changed == {"secret_data": "(hidden)", "secret_schema_id": project.schema}
    assert window.calls["identity.ServiceAccount.update_secret_data"] == 1
    assert (report["job"]["status"], report["job"]["tasks"]) == ("SUCCESS", 1)


def test_two_collectors_of_one_name_block_a_release(first, project, run, client, witness):
    (held,) = client.list("inventory.Collector.list", {"name": project.collector})
    double = {name: held[name] for name in ("name", "provider", "resource_group", "plugin_info")}
    double["plugin_info"].pop("metadata", None)
    double["plugin_info"].pop("secret_filter", None)
    second = client.call("inventory.Collector.create", double, 120)["collector_id"]
    try:
        with witness.watching(project.image) as window:
            done = run(*project.arguments(), "--output", "json")
        assert (done.returncode, json.loads(done.stdout)["error"]["changed"]) == (2, False)
        words = done.stderr.partition("error: ")[2]
        assert f"collector {project.collector} is blocked: 2 exist, but one is expected" in words
        assert held["collector_id"] in words
        assert second in words
        assert window.calls == {}
    finally:
        client.call("inventory.Collector.delete", {"collector_id": second})


def test_a_field_that_the_platform_cannot_change_blocks_a_release(first, project, run, witness):
    project.edit("register_plugin", image=f"other/{project.plugin_id}")
    try:
        with witness.watching(project.plugin_id) as window:
            done = run(*project.arguments(), "--output", "json")
    finally:
        project.edit("register_plugin", image=project.image)
    assert (done.returncode, json.loads(done.stdout)["error"]["changed"]) == (2, False)
    words = done.stderr.partition("error: ")[2]
    assert f"plugin {project.plugin_id} is blocked" in words
    assert project.image in words
    assert (window.calls, window.uploads, window.images) == ({}, [], {})


@pytest.mark.parametrize("excluded", ["exclude_service_accounts", "exclude_secrets"])
def test_a_collector_whose_filter_lets_no_secret_through_fails_although_its_job_is_a_success(
    first, project, release, client, workspace, excluded
):
    (account,) = workspace.list("identity.ServiceAccount.list", {"provider": project.provider})
    ids = {"exclude_service_accounts": account["service_account_id"], "exclude_secrets": account["secret_id"]}
    project.edit("create_collector", secret_filter={"state": "ENABLED", excluded: [ids[excluded]]})
    try:
        report = release(project, code=1)
    finally:
        project.edit("create_collector", secret_filter={"state": "DISABLED"})
        release(project)
    job = client.call("inventory.Job.get", {"job_id": report["job"]["job_id"]})
    assert (job["status"], job.get("total_tasks", 0)) == ("SUCCESS", 0)
    assert (report["job"]["status"], report["job"]["tasks"]) == ("SUCCESS", 0)
    (reason,) = report["job"]["failures"]
    assert "no secret matches" in reason
    assert repr(project.provider) in reason


def test_a_provider_without_any_secret_fails_with_the_reason(new_project, run):
    other = new_project()
    other.edit("create_service_account", secret_schema_id=None, secret_data=None)
    done = run(*other.arguments())
    assert done.returncode == 1
    assert "no secret matches" in " ".join(done.stdout.split())
    assert repr(other.provider) in done.stdout
