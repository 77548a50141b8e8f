"""What `pluginctl demo` shows of a run; tests/e2e runs it."""

import io
import json
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from typer.testing import CliRunner

from pluginctl import deployments as remote
from pluginctl.app import app
from pluginctl.commands import demo
from pluginctl.output import Terminal
from sandbox import lifecycle

RUN = UUID(int=1)


@pytest.fixture
def console():
    return Terminal(file=io.StringIO(), width=100)


def run(completed=True, message="", **artifacts):
    return SimpleNamespace(
        id=RUN, name="release to sandbox", completed=completed, message=message, artifacts=artifacts
    )


def test_what_was_registered_and_collected_is_a_table_each(console):
    plan = [{"kind": "plugin", "name": "portfolio", "action": "create", "changes": "", "remarks": ""}]
    resources = [{"Name": "Bitcoin", "Rank": "1"}, {"Name": "Ethereum", "Rank": "2"}]
    demo._show(console, run(plan=json.dumps(plan), resources=resources), 61.2)
    text = console.file.getvalue()
    for words in (
        "Registered",
        "portfolio",
        "Collected",
        "Bitcoin",
        "Ethereum",
        "2 resources, 61 s in total.",
    ):
        assert words in text


def test_a_failed_run_says_why(console):
    demo._show(console, run(completed=False, message="The job [x] failed."), 1)
    assert "release to sandbox failed: The job [x] failed." in console.file.getvalue()


def test_a_line_for_each_task_that_ended(console):
    with console.status("release") as status:
        watcher = demo._Watcher(console, status, "http://host")
        watcher.started(SimpleNamespace(name="release to sandbox", id=RUN))
        watcher.waiting("waiting for a worker [/]")
        for completed in (True, False):
            state = SimpleNamespace(is_completed=lambda completed=completed: completed)
            watcher.ended(
                SimpleNamespace(name="create schema [x]", state=state, total_run_time=timedelta(seconds=2.5))
            )
    text = console.file.getvalue()
    assert f"http://host/runs/flow-run/{RUN}" in text
    assert "✓ create schema [x] 2.5 s" in text
    assert "✗ create schema [x]" in text


def test_without_a_checkout_it_says_so_before_anything_is_started(monkeypatch, tmp_path):
    monkeypatch.setattr("sandbox.machine.layout.PACKAGE", tmp_path / "sandbox")
    monkeypatch.setattr(demo.lifecycle, "up", lambda *_, **__: pytest.fail("it was started"))
    done = CliRunner().invoke(app, ["demo"])
    assert done.exit_code == 2
    assert "error: `pluginctl demo` works only in a checkout" in done.stderr
    assert "hint: Clone the repository" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--generation", "1.12"], ["--generation", "2.x"]])
def test_it_releases_into_the_sandbox_of_the_generation_that_is_asked_for(monkeypatch, tmp_path, arguments):
    generation = arguments[-1] if arguments else "2.x"
    started, ran = [], []

    def up(home, **given):
        started.append(given)
        return lifecycle.summary(tmp_path, generation=given["generation"])

    def run_deployment(name, parameters, _):
        ran.append((name, parameters))
        return run(completed=generation == "2.x", message="It cannot be done.")

    monkeypatch.setattr(demo.lifecycle, "up", up)
    monkeypatch.setattr("pluginctl.deploying.deploy.deploy", lambda *_, **__: None)
    monkeypatch.setattr(remote, "run_deployment", run_deployment)
    done = CliRunner().invoke(app, ["demo", *arguments])
    assert done.exit_code == (0 if generation == "2.x" else 1), done.output
    assert [(each["generation"], each["prefect"]) for each in started] == [(generation, True)]
    environment = {"2.x": "sandbox", "1.12": "sandbox-1.12"}[generation]
    assert ran == [("release/portfolio", {"environment": environment})]
    assert "Prefect's pages ask for a password. To print it: pluginctl sandbox password\n" in done.stdout
