"""What `pluginctl sandbox` passes on and shows; its errors are in test_cli, the sandbox itself in tests/integration."""

from __future__ import annotations

import json
import subprocess

import pytest
from typer.testing import CliRunner

from pluginctl.commands.sandbox import app
from sandbox import prefect_parts
from sandbox.logs import Line
from sandbox.machine.layout import Layout
from sandbox.machine.processes import Processes
from sandbox.machine.state import State
from sandbox.status import Service

PASSWORD = "sandbox:it's"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    for module in ("lifecycle", "status"):
        monkeypatch.setattr(f"sandbox.{module}.connect", lambda: None)
    return tmp_path


@pytest.fixture
def run(home):
    def run(*arguments, code=0):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def prefect(home):
    """Prefect runs beside the sandboxes."""
    layout = Layout.of(home, "2.x").prefect
    layout.make()
    processes = Processes(layout)
    processes.start(prefect_parts.WORKER, ["sleep", "60"])
    state = State(layout.state)
    state.put("ports", {prefect_parts.PORT: 24000})
    state.put("passwords", {prefect_parts.SERVER: PASSWORD})
    state.put("started", {"server": True})
    yield processes
    processes.stop(prefect_parts.WORKER)


@pytest.mark.parametrize("command", ["up", "down", "status", "env", "password", "logs", "compose"])
def test_an_unknown_generation_names_the_known_ones(run, command):
    arguments = ["identity"] if command == "logs" else []
    done = run(command, *arguments, "--generation", "3.x", code=2)
    words = " ".join(done.stderr.replace("│", " ").split())
    assert "there is no SpaceONE '3.x' here. Known: 2.x, 1.12." in words


@pytest.mark.parametrize("command", ["up", "down", "status", "env", "password", "logs", "compose"])
def test_help_names_the_generations(run, command):
    assert "2.x|1.12" in run(command, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "generation"),
    [((), None), (("--generation", "1.12"), "1.12"), (("--generation", "2.x"), "2.x")],
)
def test_down_stops_all_of_them_or_one(run, monkeypatch, arguments, generation):
    seen = []
    monkeypatch.setattr("sandbox.lifecycle.down", lambda home, **given: seen.append(given))
    run("down", *arguments)
    assert [(given["generation"], given["purge"]) for given in seen] == [(generation, False)]


@pytest.mark.parametrize(
    ("there", "titles"),
    [((), ["2.x"]), (("1.12",), ["1.12"]), (("1.12", "2.x"), ["2.x", "1.12"])],
)
def test_status_shows_every_sandbox_that_exists(run, home, there, titles):
    for generation in there:
        Layout.of(home, generation).make()
    said = run("status").stdout
    assert [line.strip() for line in said.splitlines() if line.startswith("SpaceONE")] == [
        f"SpaceONE {title}" for title in titles
    ]
    assert said.endswith("0 MiB in total.\n")


def test_status_of_one_alone(run, home):
    Layout.of(home, "2.x").make()
    said = run("status", "--generation", "1.12").stdout
    assert "SpaceONE 1.12" in said
    assert "SpaceONE 2.x" not in said


def test_status_shows_once_what_the_sandboxes_share(run, home, prefect):
    for generation in ("2.x", "1.12"):
        Layout.of(home, generation).make()
    said = run("status").stdout
    assert said.count("Shared by the sandboxes") == said.count(prefect_parts.WORKER) == 1
    assert said.index("SpaceONE 1.12") < said.index("Shared by the sandboxes")


NAMED = [
    Service("identity", "grpc://127.0.0.1:1", "running", 0, 2**20, "pluginctl-x-identity"),
    Service("aws-1", "grpc://aws-1:50051", "running", 0, 2**21, "aws-1", "plugin-aws"),
    Service("aws-2", "grpc://aws-2:50051", "ended", 0, 0, "aws-2", "plugin-aws"),
]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["plugin-aws"], ["aws-1", "aws-2"]),
        (["aws-2"], ["aws-2"]),
        (["identity", "plugin-aws"], ["identity", "aws-1", "aws-2"]),
        ([], ["identity", "aws-1", "aws-2"]),
    ],
)
def test_status_of_parts_and_plugins_by_their_names(run, monkeypatch, names, shown):
    monkeypatch.setattr("sandbox.lifecycle.status", lambda *_, **__: NAMED)
    found = json.loads(run("status", *names, "--output", "json").stdout)["services"]
    assert [each["name"] for each in found] == shown
    text = run("status", *names).stdout
    for name in ("identity", "aws-1", "aws-2"):
        assert (f"{name} " in text) is (name in shown)


@pytest.mark.parametrize("output", ["text", "json"])
def test_status_of_an_unknown_name_lists_the_known_ones(run, monkeypatch, output):
    monkeypatch.setattr("sandbox.lifecycle.status", lambda *_, **__: NAMED)
    done = run("status", "plugin-gcp", "--output", output, code=1)
    assert "There is no part or plugin 'plugin-gcp'" in done.stderr
    assert "aws-1, aws-2, identity, plugin-aws" in " ".join(done.stderr.split())


def test_status_as_json_is_one_object_of_2_unless_another_is_named(run, home, prefect):
    for generation in ("2.x", "1.12"):
        Layout.of(home, generation).make()
    default = json.loads(run("status", "--output", "json").stdout)
    named = json.loads(run("status", "--generation", "1.12", "--output", "json").stdout)
    assert (default["generation"], named["generation"]) == ("2.x", "1.12")
    assert default["spacectl_environment"].startswith(str(home / "2.x"))
    assert named["spacectl_environment"].startswith(str(home / "1.12"))
    for shown in (default, named):
        assert [each["name"] for each in shown["shared"]] == [prefect_parts.WORKER]
        assert shown["prefect"] == "http://127.0.0.1:24000"


@pytest.mark.parametrize("command", ["env", "password"])
def test_without_prefect_it_says_how_to_start_it(run, command):
    assert "pluginctl sandbox up --prefect" in run(command, code=1).stderr


def test_env_has_the_password_for_the_shell(run, prefect):
    done = subprocess.run(
        ["sh", "-c", f'{run("env").stdout}\nprintf %s "$PREFECT_API_AUTH_STRING"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == PASSWORD


def test_the_password_alone(run, prefect):
    assert run("password").stdout == f"{PASSWORD}\n"


def test_status_says_how_to_get_the_password_and_does_not_show_it(run, prefect):
    said = run("status").stdout
    assert "Prefect's pages ask for a password. To print it: pluginctl sandbox password\n" in said
    assert PASSWORD not in said


def test_status_without_prefect_speaks_of_no_password(run):
    assert "password" not in run("status").stdout


def test_status_as_json_has_the_variables_of_prefect(run, prefect):
    shown = json.loads(run("status", "--output", "json").stdout)
    assert shown["prefect_environment"]["PREFECT_API_AUTH_STRING"] == PASSWORD


def test_env_names_the_one_server_of_all_sandboxes(run, prefect):
    said = {run("env", "--generation", each).stdout for each in ("2.x", "1.12")}
    assert len(said) == 1
    assert "export PREFECT_API_URL=http://127.0.0.1:24000/api\n" in said.pop()


@pytest.fixture
def lines(monkeypatch):
    """What the sandbox was asked for its logs, which have two lines of two parts."""
    seen = []

    def logs(home, names, **given):
        seen.append((list(names), given))
        return iter([Line("1", "identity", "one"), Line("2", "config", "[two]")])

    monkeypatch.setattr("sandbox.lifecycle.logs", logs)
    return seen


def test_logs_of_several_parts_name_the_part(run, lines):
    assert run("logs", "--generation", "1.12", "-n", "1").stdout == "identity | one\nconfig | [two]\n"
    assert run("logs", "identity", "config").stdout.startswith("identity | one\n")
    assert lines[0] == ([], {"generation": "1.12", "lines": 1, "follow": False})


def test_logs_of_one_part_are_its_own_lines(run, lines):
    assert run("logs", "identity", "--follow").stdout == "one\n[two]\n"
    assert lines == [(["identity"], {"generation": "2.x", "lines": 100, "follow": True})]


def test_logs_of_an_unknown_part(run):
    assert "There is no log of 'identitty'" in run("logs", "identitty", code=1).stderr


def test_a_compose_file_is_printed_as_it_is(run, monkeypatch):
    monkeypatch.setattr("sandbox.lifecycle.compose", lambda *_, **given: f"name: {given['generation']}\n")
    assert run("compose", "--generation", "1.12").stdout == "name: 1.12\n"
