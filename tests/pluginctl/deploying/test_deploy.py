"""`pluginctl deploy` on a server of Prefect's test harness."""

from __future__ import annotations

import json
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Failed
from typer.testing import CliRunner

from flows.manifest.errors import InvalidField
from flows.resources import Verb
from pluginctl.app import app
from pluginctl.deploying.deploy import deploy
from pluginctl.deployments import DeploymentError, PrefectUnreachable
from tests.waiting import wait_for

COINS = {"source": "plugin", "manifest": "deployments/portfolio", "environments": {"staging": None}}

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture(autouse=True)
def clean(project, checkout):
    """Nothing is left on the server by one test for the next."""
    shutil.copytree(checkout / "deployments/automations", project.folder / "deployments/automations")
    shutil.copytree(checkout / "deployments/notifications", project.folder / "deployments/notifications")
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
        return "".join(line for line in done.stdout.splitlines(True) if not line.startswith("remark: "))

    planned = said("--dry-run")
    assert "release/coins" in planned
    assert planned.endswith("Nothing was changed: this was a dry run.\n")
    assert re.fullmatch(r"Deployed: \d+ changed, \d+ kept\.\n", said())
    again = json.loads(said("-o", "json"))
    assert {action["action"] for action in again["actions"]} == {"keep"}


@pytest.fixture
def received():
    """A receiver of messages on this machine: the address of it, as Apprise writes it, and what has arrived."""
    arrived = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            arrived.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}", arrived
    server.shutdown()
    server.server_close()


def test_without_its_address_an_automation_is_left_out_with_a_remark(project, monkeypatch):
    monkeypatch.delenv("OPERATORS_ADDRESS", raising=False)
    notes = {action.name: action.notes for action in deploy(project.folder).actions}
    assert notes["operators"] == ("left out: its variable is not set here",)
    assert notes["Tell of a run that failed"] == ("left out: the address of operators is not set here",)
    with get_client(sync_client=True) as client:
        assert not client.read_automations_by_name("Tell of a run that failed")


def test_a_failed_run_of_the_project_is_told_and_the_address_is_shown_nowhere(project, monkeypatch, received):
    address, arrived = received
    monkeypatch.setenv("OPERATORS_ADDRESS", f"{address}/a-secret-path")
    monkeypatch.chdir(project.folder)
    first = CliRunner().invoke(app, ["deploy", "--dry-run"])
    assert "notification" in first.stdout
    assert "a-secret-path" not in first.output
    assert verbs(deploy(project.folder))["notification operators"] == "create"
    assert {*verbs(deploy(project.folder)).values()} == {"keep"}
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("release/coins")
        run = client.create_flow_run_from_deployment(deployment.id, parameters={"environment": "staging"})
        state = Failed(name="Blocked", message="plugin x is blocked: {{ 1 }} <b>")
        client.set_flow_run_state(run.id, state, force=True)
    message = wait_for(lambda: arrived, "the message")[0]
    assert message["title"] == f"Blocked: {run.name}"
    assert "plugin x is blocked: {{ 1 }}" in message["message"]
    assert str(run.id) in message["message"]
    # Without the variable, nothing of it is touched.
    monkeypatch.delenv("OPERATORS_ADDRESS")
    plan = deploy(project.folder, prune=True)
    assert {*verbs(plan).values()} == {"keep"}
    monkeypatch.setenv("OPERATORS_ADDRESS", f"{address}/another")
    assert [action.name for action in deploy(project.folder).writes] == ["operators"]


def test_a_drifted_plugin_is_told_with_what_differs(project, monkeypatch, received):
    address, arrived = received
    monkeypatch.setenv("OPERATORS_ADDRESS", address)
    deploy(project.folder)
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("recollect/coins@staging")
        run = client.create_flow_run_from_deployment(deployment.id)
    findings = ["collector Coins: options.count: 5 → 9 {{ 1 }}", "plugin plugin-x is disabled"]
    emit_event(
        "pluginctl.plugin.drifted",
        resource={"prefect.resource.id": "pluginctl.plugin.staging.plugin-x"},
        related=[
            {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.role": "flow-run"},
            {"prefect.resource.id": "prefect.tag.pluginctl", "prefect.resource.role": "tag"},
        ],
        payload={
            "environment": "staging",
            "plugin_id": "plugin-x",
            "version": "0.3.0",
            "message": "",
            "findings": findings,
        },
    )
    message = wait_for(lambda: arrived, "the message")[0]
    assert message["title"] == "Drifted: plugin-x 0.3.0 in staging"
    for words in (*findings, str(run.id)):
        assert words in message["message"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"networkmode": "host"}, "there is no job variable 'networkmode'. There are: "),
        ({"volumes": "/a:/b"}, "job_variables.volumes"),
    ],
)
def test_job_variables_are_those_of_the_worker(project, variables, words):
    project.write("pools/containers", {"type": "docker", "image": "x:1", "job_variables": variables})
    project.write("plugins/coins", {**COINS, "pool": "containers"})
    with pytest.raises(InvalidField) as raised:
        deploy(project.folder)
    assert words in raised.value.message


@pytest.mark.parametrize("type_", ["docker", "kubernetes"])
def test_a_pool_has_the_job_template_of_its_worker(project, type_):
    name = f"of-{type_}"
    project.write(f"pools/{name}", {"type": type_, "image": "x:1", "concurrency": 2})
    project.write("plugins/coins", {**COINS, "pool": name})
    deploy(project.folder)
    assert {*verbs(deploy(project.folder)).values()} == {"keep"}
    with get_client(sync_client=True) as client:
        pool = client.read_work_pool(name)
        assert (pool.type, pool.concurrency_limit) == (type_, 2)
        # That of the worker, if it is installed here; else the first worker gives it its own.
        known = pool.base_job_template.get("variables", {}).get("properties", {})
        assert bool(known) == (type_ == "docker")
        assert ("container_create_kwargs" in known) == (type_ == "docker")
        assert client.read_deployment_by_name("release/coins").job_variables == {"image": "x:1"}
    file = project.folder / f"deployments/pools/{name}.yaml"
    project.write(f"pools/{name}", {"type": "process"})
    with pytest.raises(DeploymentError, match=f"is of the type {type_}, not process"):
        deploy(project.folder)
    file.unlink()


def test_a_changed_automation_is_updated(project):
    deploy(project.folder)
    file = project.folder / "deployments/automations/dead-run.yaml"
    file.write_text(file.read_text().replace("within: 480", "within: 300"))
    (action,) = deploy(project.folder).writes
    assert (action.kind, str(action.verb)) == ("automation", "update")
    assert {*verbs(deploy(project.folder)).values()} == {"keep"}


def test_one_environment_alone(project):
    plan = deploy(project.folder, environments=["production"], dry_run=True)
    names = [action.name for action in plan.actions if action.kind == "deployment"]
    assert names == ["release/coins", "rollback/coins", "recollect/coins@production"]
    nothing = deploy(project.folder, environments=[], dry_run=True)
    assert not [action for action in nothing.actions if action.kind == "deployment"]
