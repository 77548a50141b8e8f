import shutil

import pytest

from flows.manifest import ManifestError
from flows.manifest.errors import FileMissing
from pluginctl.deploying.declarations import read

COINS = {"source": "plugin", "manifest": "deployments/portfolio", "environments": {"staging": None}}


def test_a_plugin_with_its_environments(project):
    (plugin,) = read(project.folder).plugins
    assert plugin.name == "coins"
    assert list(plugin.settings.environments) == ["staging", "production"]
    assert plugin.plugin_ids == dict.fromkeys(("staging", "production"), "plugin-portfolio-inven-collector")


def test_an_environments_parameters_may_change_the_plugins_id(project):
    place = {"parameters": "plugin.image=team/plugin-x"}
    project.write(
        "plugins/coins", {**COINS, "parameters": "plugin.name=X", "environments": {"staging": place}}
    )
    (plugin,) = read(project.folder).plugins
    assert plugin.plugin_ids == {"staging": "plugin-x"}


def test_secrets_that_only_the_worker_has_are_not_needed(project):
    path = project.folder / "deployments/portfolio/create_service_account.yaml"
    path.write_text(
        path.read_text().replace("investment_type: COIN", "investment_type: {from_env: PLUGINCTL_SECRET_X}")
    )
    assert read(project.folder).plugins


def test_an_environment_may_extend_a_file_that_only_the_worker_has(project):
    project.write("environments/staging", {"extends": "of-the-worker.yaml"})
    assert read(project.folder).plugins


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"source": "nowhere"}, "'nowhere' is not a folder"),
        ({"environments": {"moon": None}}, "no environment 'moon'"),
        ({"environments": {"staging": {"schedule": {"cron": "x"}}}}, "schedule"),
        ({"environments": {"staging": {"schedule": {"interval": 59}}}}, "interval"),
        ({"environments": {"staging": {"schedule": {"interval": float("inf")}}}}, "interval"),
        ({"environments": {"staging": {"schedule": {"interval": float("nan")}}}}, "interval"),
        ({"environments": {"staging": {"schedule": {"cron": "*/10 * * * * *"}}}}, "five fields"),
        ({"environments": {"staging": {"schedule": {"interval": 60, "timezone": ""}}}}, "timezone"),
        ({"environments": {"staging": {"schedule": {"cron": "* * * * *", "timezone": "Mars"}}}}, "schedule"),
        ({"environments": {"staging": {"schedule": {}}}}, "either cron or interval"),
        ({"environments": {}}, "environments"),
        ({"colour": "red"}, "unknown field 'colour'"),
        ({"parameters": "plugin.imgae=x"}, "imgae"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(project, fields, words):
    project.write("plugins/coins", {**COINS, **fields})
    with pytest.raises(ManifestError) as raised:
        read(project.folder)
    assert words in raised.value.message


def test_all_faults_come_at_once(project):
    project.write("plugins/coins", {**COINS, "source": "nowhere"})
    project.write("plugins/other", {**COINS, "environments": {"moon": None}})
    project.write("automations/wrong", {"name": "x"})
    with pytest.raises(ManifestError) as raised:
        read(project.folder)
    for words in ("nowhere", "moon", "wrong.yaml: trigger"):
        assert words in raised.value.message


def test_a_project_without_plugins_is_told_what_to_write(project):
    shutil.rmtree(project.folder / "deployments/plugins")
    with pytest.raises(FileMissing, match="declares no plugin"):
        read(project.folder)
