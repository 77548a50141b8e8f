import shutil
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.processutils import command_from_string

from flows.manifest import ManifestError
from pluginctl.deploying import declarations
from pluginctl.deploying.declarations import read
from pluginctl.deploying.items import items_of

PYTHON = "/srv/my pipeline/.venv/bin/python"
FIELDS = {"source": "plugin", "manifest": "deployments/portfolio", "environments": {"staging": None}}


@pytest.fixture
def items(project):
    return {item.key: item.fields for item in items_of(read(project.folder), project.folder, "1.0", PYTHON)}


def test_there_is_a_release_for_the_plugin_and_a_recollection_for_each_environment(items):
    assert list(items) == [
        ("work pool", "pluginctl"),
        ("limit", "collector:production:plugin-portfolio-inven-collector"),
        ("limit", "collector:staging:plugin-portfolio-inven-collector"),
        ("deployment", "release/coins"),
        ("deployment", "rollback/coins"),
        ("deployment", "recollect/coins@staging"),
        ("deployment", "recollect/coins@production"),
    ]


def test_a_release_must_choose_its_environment(items):
    form = items["deployment", "release/coins"]["parameter_openapi_schema"]
    assert form["properties"]["environment"]["enum"] == ["staging", "production"]
    assert "default" not in form["properties"]["environment"]
    assert form["required"] == ["environment"]
    values = items["deployment", "release/coins"]["parameters"]
    jsonschema.validate({**values, "environment": "staging"}, form)
    for wrong in ({}, {"environment": "moon"}, {"environment": "staging", "source": "/etc"}, {"bogus": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**values, **wrong}, form)


def test_a_recollection_needs_nothing_and_takes_nothing_else(items):
    fields = items["deployment", "recollect/coins@production"]
    jsonschema.validate(fields["parameters"], fields["parameter_openapi_schema"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            {**fields["parameters"], "environment": "staging"}, fields["parameter_openapi_schema"]
        )
    assert fields["schedules"] == [{"slug": "recollect", "cron": "5 * * * *", "timezone": "Europe/Berlin"}]
    assert fields["tags"] == ["environment:production", "plugin:coins", "pluginctl"]


def test_a_rollback_must_choose_environment_and_version(items):
    fields = items["deployment", "rollback/coins"]
    assert fields["entrypoint"] == "flows.rollback.rollback"
    form = fields["parameter_openapi_schema"]
    assert form["required"] == ["version", "environment"]
    jsonschema.validate({**fields["parameters"], "environment": "staging", "version": "0.1.0"}, form)
    for wrong in ({"version": "0.1.0"}, {"environment": "staging"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**fields["parameters"], **wrong}, form)


def test_a_drift_check_has_a_schedule_of_its_own(project):
    environments = {"staging": {"drift": {"cron": "0 6 * * *"}}, "production": None}
    project.write("plugins/coins", {**FIELDS, "environments": environments})
    found = deployments(project)
    assert [name for name in found if name.startswith("drift/")] == ["drift/coins@staging"]
    fields = found["drift/coins@staging"]
    assert fields["entrypoint"] == "flows.drift.drift"
    assert fields["schedules"] == [{"slug": "drift", "cron": "0 6 * * *", "timezone": "UTC"}]
    assert fields["tags"] == ["environment:staging", "plugin:coins", "pluginctl"]
    jsonschema.validate(fields["parameters"], fields["parameter_openapi_schema"])


ADDRESS = "git+https://git.example.com/team/plugin-x.git@v0.3.1"


def deployments(project):
    found = items_of(read(project.folder), project.folder, "1.0", PYTHON)
    return {item.name: item.fields for item in found if item.kind == "deployment"}


@pytest.fixture
def fetched(monkeypatch, checkout):
    """Manifests of git addresses come from the samples: what is cloned is tested with the repositories."""

    @contextmanager
    def fetching(_runner):
        yield lambda place, _what: place if isinstance(place, Path) else checkout / "deployments/portfolio"

    monkeypatch.setattr(declarations, "fetching", fetching)


@pytest.mark.usefixtures("fetched")
def test_a_plugin_in_a_repository_has_a_revision_to_choose_and_its_workers_may_fetch_it(project):
    fields = {"source": f"{ADDRESS}#plugin", "manifest": ADDRESS, "environments": {"staging": None}}
    project.write("plugins/coins", fields)
    release, rollback, recollect = deployments(project).values()
    assert release["parameters"]["revision"] == ""
    assert release["parameter_openapi_schema"]["properties"]["source"]["enum"] == [f"{ADDRESS}#plugin"]
    for each in (release, rollback, recollect):
        url = "https://git.example.com/team/plugin-x.git"
        assert each["job_variables"]["env"] == {"PLUGINCTL_REPOSITORIES": url}


def test_a_plugin_in_a_folder_has_none(items):
    fields = items["deployment", "release/coins"]
    assert "revision" not in fields["parameters"]
    assert "revision" not in fields["parameter_openapi_schema"]["properties"]
    assert "env" not in fields["job_variables"]


def test_a_worker_of_this_machine_starts_the_python_that_deployed(project):
    """One Python for a run, and not two."""
    (own, *_) = deployments(project).values()
    assert command_from_string(own["job_variables"]["command"]) == [PYTHON, "-m", "prefect.engine"]
    project.write("pools/elsewhere", {"folder": "/srv/plugins"})
    project.write("plugins/coins", {**FIELDS, "pool": "elsewhere"})
    (elsewhere, *_) = deployments(project).values()
    assert elsewhere["job_variables"] == {}
    project.write("pools/pluginctl", {"job_variables": {"command": "nice python -m prefect.engine"}})
    project.write("plugins/coins", FIELDS)
    (declared, *_) = deployments(project).values()
    assert declared["job_variables"] == {"command": "nice python -m prefect.engine"}


def test_flows_are_those_of_the_installed_pipeline(items):
    """A project need not be a checkout of the pipeline."""
    assert items["deployment", "release/coins"]["entrypoint"] == "flows.release.release"
    assert load_flow_from_entrypoint("flows.release.release").name == "release"


def test_a_pool_of_containers_gives_its_image_and_its_variables(project):
    pool = {
        "type": "docker",
        "image": "registry.example.com/pipeline:1.0",
        "concurrency": 4,
        "job_variables": {"network_mode": "host"},
    }
    project.write("pools/containers", pool)
    project.write("plugins/coins", {**FIELDS, "pool": "containers"})
    items = {item.key: item.fields for item in items_of(read(project.folder), project.folder, "1.0", PYTHON)}
    assert items["work pool", "containers"] == {"type": "docker", "concurrency_limit": 4}
    assert ("work pool", "pluginctl") not in items
    release = items["deployment", "release/coins"]
    assert release["work_pool_name"] == "containers"
    assert release["job_variables"] == {
        "image": "registry.example.com/pipeline:1.0",
        "network_mode": "host",
    }
    (step,) = release["pull_steps"]
    assert step["prefect.deployments.steps.set_working_directory"] == {"directory": "/project/deployments"}


@pytest.mark.parametrize(
    ("pool", "plugin", "words"),
    [
        ({"type": "docker"}, {}, "needs the image"),
        ({"image": "x"}, {}, "has no image"),
        ({"type": "ecs", "image": "x"}, {}, "type"),
        ({"folder": "project"}, {}, "absolute path"),
        ({}, {"pool": "other"}, "there is no work pool 'other'"),
    ],
)
def test_a_pool_that_cannot_be_is_named(project, pool, plugin, words):
    project.write("pools/containers", pool)
    project.write("plugins/coins", {**FIELDS, **plugin})
    with pytest.raises(ManifestError) as raised:
        read(project.folder)
    assert words in raised.value.message


def test_an_automation_of_a_notification_that_is_not_declared_is_refused(project, checkout):
    folder = shutil.copytree(checkout / "deployments/automations", project.folder / "deployments/automations")
    with pytest.raises(ManifestError, match="there is no notification 'operators'"):
        read(project.folder)
    project.write("notifications/operators", {"address_variable": "X"})
    assert len(read(project.folder).automations) == len([*folder.glob("*.yaml")])
    project.write("notifications/Not a name", {"address_variable": "X"})
    with pytest.raises(ManifestError, match="small letters"):
        read(project.folder)


def test_an_environment_with_parameters_or_a_pool_of_its_own_has_a_release_of_its_own(project):
    """A form cannot choose them together with the environment."""
    project.write("pools/guarded", {})
    environments = {
        "staging": None,
        "production": {"parameters": "collector.name=Coins", "pool": "guarded"},
    }
    project.write("plugins/coins", {**FIELDS, "environments": environments})
    found = deployments(project)
    assert list(found) == [
        "release/coins",
        "rollback/coins",
        "recollect/coins@staging",
        "release/coins@production",
        "rollback/coins@production",
        "recollect/coins@production",
    ]
    for name in ("release/coins@production", "rollback/coins@production", "recollect/coins@production"):
        assert found[name]["parameters"]["parameters"] == "collector.name=Coins"
        assert found[name]["parameters"]["environment"] == "production"
        assert found[name]["work_pool_name"] == "guarded"
        assert "environment:production" in found[name]["tags"]
    assert found["release/coins"]["parameters"]["environment"] == "staging"
    assert found["release/coins"]["work_pool_name"] == "pluginctl"
