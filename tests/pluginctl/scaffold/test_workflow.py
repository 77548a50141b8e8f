"""The workflow: who gets which secret, and that nothing of a repository is in it."""

from __future__ import annotations

import re

import pytest
import yaml

from pluginctl.scaffold.environment import Target
from pluginctl.scaffold.workflow import SECRETS_TO_READ, SECRETS_TO_RELEASE, workflow_file

PROD, SANDBOX = Target("prod", None), Target("sandbox", "2.x")


def jobs(target, *, publish_only=False):
    return yaml.safe_load(workflow_file(target, "1.2.3", publish_only=publish_only).text)["jobs"]


def secrets(value):
    return set(re.findall(r"secrets\.(\w+)", str(value)))


@pytest.mark.parametrize("target", [PROD, SANDBOX])
def test_it_runs_for_pull_requests_and_tags_with_rights_to_read(target):
    document = yaml.safe_load(workflow_file(target, "1.2.3", publish_only=False).text)
    assert set(document["on"]) == {"pull_request", "push"}, (
        "never pull_request_target, which has secrets for forks"
    )
    assert set(document["on"]["push"]) == {"tags"}
    assert document["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("target", [PROD, SANDBOX])
def test_every_expression_is_one_of_these(target):
    text = workflow_file(target, "1.2.3", publish_only=False).text
    found = set(re.findall(r"\$\{\{ (.*?) \}\}", text))
    allowed = {f"secrets.{name}" for name in (*SECRETS_TO_READ, *SECRETS_TO_RELEASE)}
    assert found <= allowed | {"github.event.pull_request.base.sha"}
    for job in jobs(target).values():
        assert not [step for step in job["steps"] if "${{" in step.get("run", "")]


@pytest.mark.parametrize("target", [PROD, SANDBOX])
def test_every_action_is_named_by_a_commit_and_keeps_no_token(target):
    for job in jobs(target).values():
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
                assert step["with"]["fetch-depth"] == 0


def test_secrets_reach_the_one_step_that_needs_them():
    found = jobs(PROD)
    assert secrets(found["check"]) == set()
    for name, known in (("plan", SECRETS_TO_READ), ("release", SECRETS_TO_RELEASE)):
        *before, last = found[name]["steps"]
        assert secrets(before) == set()
        assert secrets(last) == set(known)
        assert "if" in found[name]


def test_a_fork_gets_no_plan_and_the_plan_takes_the_environment_of_the_base_branch():
    plan = jobs(PROD)["plan"]
    assert "head.repo.full_name == github.repository" in plan["if"]
    assert "--environments ../base/deployments/environments" in plan["steps"][-1]["run"]
    assert "--dry-run" in plan["steps"][-1]["run"]
    assert [step["with"]["path"] for step in plan["steps"] if "path" in step.get("with", {})] == [
        "proposed",
        "base",
    ]


def test_a_release_waits_for_the_check_of_the_tag_and_for_githubs_environment():
    release = jobs(PROD)["release"]
    assert release["environment"] == {"name": "prod"}
    runs = [step["run"] for step in release["steps"] if "run" in step]
    assert runs == [
        "python -m pip install 'spaceone-plugin-pipeline==1.2.3'",
        'pluginctl check --tag "$GITHUB_REF_NAME"',
        "pluginctl release prod",
    ]


def test_a_sandbox_needs_no_secret():
    found = jobs(SANDBOX)
    assert secrets(found) == set()
    assert "environment" not in found["release"]
    assert [step["run"] for step in found["plan"]["steps"] if "run" in step] == [
        "python -m pip install 'spaceone-plugin-pipeline[sandbox]==1.2.3'",
        "pluginctl sandbox up --generation 2.x",
        "pluginctl release sandbox --dry-run",
    ]


def test_without_a_service_account_the_release_publishes():
    runs = [step.get("run", "") for step in jobs(PROD, publish_only=True)["release"]["steps"]]
    assert runs[-1] == "pluginctl release prod --publish-only"
