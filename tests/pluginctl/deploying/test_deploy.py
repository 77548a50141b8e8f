"""`pluginctl deploy` on a server of Prefect's test harness."""

from __future__ import annotations

import json
import re

import pytest
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError
from typer.testing import CliRunner

from flows.resources import Verb
from pluginctl.app import app
from pluginctl.deploying.deploy import deploy
from pluginctl.deployments import PrefectUnreachable

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture(autouse=True)
def clean(project, checkout):
    """Nothing is left on the server by one test for the next."""
    automation = checkout / "deployments/automations/dead-run.yaml"
    (project.folder / "deployments/automations").mkdir()
    (project.folder / "deployments/automations/dead-run.yaml").write_text(automation.read_text())
    yield
    for file in (project.folder / "deployments/automations").iterdir():
        file.unlink()
    project.write(
        "plugins/coins",
        {"source": "plugin", "manifest": "deployments/portfolio", "environments": {"staging": {}}},
    )
    deploy(project.folder, prune=True)


def verbs(plan):
    return {f"{action.kind} {action.name}": str(action.verb) for action in plan.actions}


def test_a_first_deploy_makes_everything_and_a_second_one_changes_nothing(project):
    before = deploy(project.folder, dry_run=True)
    done = []
    assert deploy(project.folder, done=done.append).actions == before.actions
    assert {action.name for action in done} >= {"release/coins", "recollect/coins@production"}
    again = deploy(project.folder)
    assert {*verbs(again).values()} == {"keep"}
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("recollect/coins@production")
        assert client.read_automations_by_name("A run that died becomes Crashed")
    (schedule,) = deployment.schedules
    assert (schedule.active, schedule.schedule.cron) == (True, "5 * * * *")


def test_only_what_changed_is_written_and_a_paused_schedule_stays_paused(project):
    deploy(project.folder)
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("recollect/coins@production")
        (schedule,) = deployment.schedules
        client.update_deployment_schedule(deployment.id, schedule.id, active=False)
    assert {*verbs(deploy(project.folder)).values()} == {"keep"}
    place = {"schedule": {"cron": "7 * * * *", "timezone": "Europe/Berlin"}}
    environments = {"staging": None, "production": place}
    project.write(
        "plugins/coins",
        {"source": "plugin", "manifest": "deployments/portfolio", "environments": environments},
    )
    plan = deploy(project.folder)
    assert [action.name for action in plan.writes] == ["recollect/coins@production"]
    assert [change.name for change in plan.writes[0].changes] == ["schedules"]
    with get_client(sync_client=True) as client:
        (schedule,) = client.read_deployment_by_name("recollect/coins@production").schedules
    assert (schedule.active, schedule.schedule.cron) == (False, "7 * * * *")


def test_what_nothing_declares_any_more_is_removed_only_with_prune(project):
    deploy(project.folder)
    fields = {"source": "plugin", "manifest": "deployments/portfolio", "environments": {"staging": None}}
    project.write("plugins/coins", fields)
    (project.folder / "deployments/automations/dead-run.yaml").unlink()
    over = {
        "deployment recollect/coins@production",
        "limit collector:production:plugin-portfolio-inven-collector",
        "automation A run that died becomes Crashed",
    }
    assert not over & verbs(deploy(project.folder)).keys()
    plan = deploy(project.folder, prune=True, dry_run=True)
    assert {f"{each.kind} {each.name}" for each in plan.actions if each.verb is Verb.DELETE} == over
    deploy(project.folder, prune=True)
    assert {*verbs(deploy(project.folder, prune=True)).values()} == {"keep"}


def test_the_server_refuses_what_the_form_does_not_offer(project):
    deploy(project.folder)
    with get_client(sync_client=True) as client:
        release = client.read_deployment_by_name("release/coins")
        for wrong in ({}, {"environment": "moon"}, {"environment": "staging", "bogus": 1}):
            with pytest.raises(PrefectHTTPStatusError, match="409"):
                client.create_flow_run_from_deployment(release.id, parameters=wrong)
        run = client.create_flow_run_from_deployment(release.id, parameters={"environment": "staging"})
        client.delete_flow_run(run.id)


def test_a_server_that_does_not_answer_is_named(project, monkeypatch):
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}), pytest.raises(PrefectUnreachable):
        deploy(project.folder)


def test_the_command_shows_what_it_would_do_and_then_what_it_did(project, monkeypatch):
    monkeypatch.chdir(project.folder)

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, ["deploy", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    planned = said("--dry-run")
    assert "release/coins" in planned
    assert planned.endswith("Nothing was changed: this was a dry run.\n")
    assert re.fullmatch(r"Deployed: \d+ changed, \d+ kept\.\n", said())
    again = json.loads(said("-o", "json"))
    assert {action["action"] for action in again["actions"]} == {"keep"}
