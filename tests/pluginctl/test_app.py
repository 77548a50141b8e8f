"""Exit codes, and what goes to which stream; tests/e2e runs the command against the real platform."""

from __future__ import annotations

import copy
import json
import signal

import jsonschema
import pytest
from typer.testing import CliRunner

from flows.images import EngineUnreachable, PushFailed, RegistryUnreachable
from flows.manifest import InvalidField
from flows.resources import Action, Verb
from flows.spaceone import SpaceoneError
from flows.spaceone.advice import from_details
from flows.steps.errors import NotReleased, PlanBlocked, StepTimedOut
from pluginctl import app as cli
from pluginctl.exit_codes import json_schema
from sandbox.errors import SandboxError
from tests.reports import report

BLOCKED = Action("collector", "Coins", Verb.BLOCKED, reason="2 of this name exist.")


@pytest.fixture
def environment(tmp_path):
    path = tmp_path / "here.yaml"
    path.write_text("{}")
    return str(path)


@pytest.fixture
def pluginctl(monkeypatch, checkout):
    """Runs the command; `result` is what the steps give, or the error that they raise."""
    monkeypatch.chdir(checkout)

    def pluginctl(*arguments, result=None):
        seen = []

        def steps(*given):
            seen.append(given)
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr("pluginctl.commands.release.run_release", steps)
        monkeypatch.setattr("pluginctl.commands.recollect.run_recollect", steps)
        done = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done, seen

    return pluginctl


@pytest.mark.parametrize("command", ["release", "recollect"])
def test_json_is_one_object_alone_on_standard_output(pluginctl, environment, command):
    done, _ = pluginctl(command, environment, "--output", "json", result=report())
    assert done.exit_code == 0
    assert json.loads(done.stdout) == report().as_json()
    assert done.stderr == ""


def test_text_names_the_outcome(pluginctl, environment):
    done, _ = pluginctl("release", environment, result=report())
    assert done.exit_code == 0
    assert "release of portfolio 0.1.0 succeeded" in done.stdout


def test_a_version_is_given_or_raised(pluginctl, environment):
    _, [(request, _)] = pluginctl("release", environment, "--version", "0.1.1.dev3", result=report())
    assert (request.version, request.bump) == ("0.1.1.dev3", None)
    _, [(request, _)] = pluginctl("release", environment, "--bump", "minor", result=report())
    assert (request.version, request.bump) == (None, "minor")
    done, seen = pluginctl("release", environment, "--bump", "minor", "--version", "1.0", result=report())
    assert (done.exit_code, seen) == (2, [])
    assert "--version or --bump" in done.stderr


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_failed_verdict_is_1_and_its_reasons_are_in_the_output(pluginctl, environment, output):
    done, _ = pluginctl("release", environment, "--output", output, result=report("No secret matches."))
    assert done.exit_code == 1
    assert "No secret matches." in done.stdout
    assert done.stderr == ""


REFUSED = [
    InvalidField("create_provider.yaml:3: unknown field 'colour'."),
    SpaceoneError("identity.Provider.list failed.", "Is it [running]?"),
    PushFailed("x", reason="denied", advice="Log in"),
    PlanBlocked([BLOCKED]),
    NotReleased("There is no collector."),
]
UNAVAILABLE = [
    from_details("identity.Provider.list", "grpc://host:1", "UNAVAILABLE", "refused"),
    RegistryUnreachable("host:5000", "cannot be reached (Connection refused)"),
    EngineUnreachable("No Docker engine answers at x"),
    StepTimedOut("plan", 300),
]


@pytest.mark.parametrize(
    ("error", "code"),
    [*((error, 2) for error in REFUSED), *((error, 3) for error in UNAVAILABLE)],
    ids=lambda each: type(each).__name__,
)
@pytest.mark.parametrize("command", ["release", "recollect"])
def test_a_known_error_is_told_and_a_document_of_its_own(pluginctl, environment, command, error, code):
    done, _ = pluginctl(command, environment, "--output", "json", result=error)
    assert done.exit_code == code
    assert done.stderr.startswith(f"error: {error.message.splitlines()[0]}")
    assert ("hint: " in done.stderr) is bool(error.advice)
    shown = json.loads(done.stdout)
    assert shown == {"schema": "error/1", "exit_code": code, "error": error.as_json()}
    jsonschema.validate(shown, json_schema())


@pytest.mark.parametrize(("error", "code"), [(REFUSED[0], 1), (UNAVAILABLE[0], 3)])
def test_what_was_changed_before_is_said(pluginctl, environment, error, code):
    changed = copy.copy(error)
    changed.changed = True
    done, _ = pluginctl("release", environment, result=changed)
    assert (done.exit_code, done.stdout) == (code, "")
    assert "Something was changed before that" in done.stderr
    assert "Something was changed" not in pluginctl("release", environment, result=error)[0].stderr


def test_a_bug_is_a_document_too(pluginctl, environment, capsys):
    with pytest.raises(ZeroDivisionError):
        pluginctl("release", environment, "-o", "json", result=ZeroDivisionError("x"))


def test_a_bug_keeps_its_trace(pluginctl, environment):
    with pytest.raises(ZeroDivisionError):
        pluginctl("release", environment, result=ZeroDivisionError())


def test_sigterm_ends_a_run_as_ctrl_c_does(monkeypatch):
    """A trial's container is removed, a build is given up."""
    before, cleaned = signal.getsignal(signal.SIGTERM), []

    def app():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            cleaned.append(True)

    monkeypatch.setattr(cli, "app", app)
    try:
        with pytest.raises(SystemExit) as caught:
            cli.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (caught.value.code, cleaned) == (143, [True])


def test_a_dry_run_that_would_be_stopped_is_told_and_is_2(pluginctl, environment):
    blocked = report(dry_run=True, collected=None, actions=(BLOCKED,))
    done, _ = pluginctl("release", environment, "--dry-run", "--output", "json", result=blocked)
    assert done.exit_code == 2
    assert json.loads(done.stdout)["actions"][0]["action"] == "blocked"
    assert done.stderr == "error: collector Coins is blocked: 2 of this name exist.\n"


def test_what_is_asked_for_reaches_the_steps(pluginctl, environment, tmp_path):
    _, ((request, *_),) = pluginctl(
        "release",
        environment,
        "--source",
        tmp_path / "a",
        "--manifest",
        tmp_path / "b",
        "--dry-run",
        "-p",
        "plugin.image=me/plugin-x",
        "--parameter",
        "collector.name=My = collector",
        result=report(),
    )
    assert (request.source, request.manifest, request.dry_run) == (tmp_path / "a", tmp_path / "b", True)
    assert request.parameters == ("plugin.image=me/plugin-x", "collector.name=My = collector")
    assert request.environment.name == "here"


def test_the_defaults_are_the_portfolio_in_this_checkout(pluginctl, environment, checkout):
    _, ((request, *_),) = pluginctl("release", environment, result=report())
    assert (checkout / request.source / "src/VERSION").is_file()
    assert (checkout / request.manifest / "register_plugin.yaml").is_file()
    assert not request.dry_run


def test_a_recollections_parameters_reach_the_manifest(pluginctl, environment):
    _, ((_, manifest, *_),) = pluginctl(
        "recollect", environment, "-p", "collector.name=Mine", result=report()
    )
    assert manifest.collector.name == "Mine"


def test_a_bad_parameter_is_2_and_its_value_is_not_shown(pluginctl, environment):
    done, seen = pluginctl("recollect", environment, "-p", "plugin.image=Hush", result=report())
    assert (done.exit_code, seen) == (2, [])
    assert done.stderr.startswith("error: -p plugin.image: the field 'image': ")
    assert "hush" not in done.stderr.lower()


@pytest.mark.parametrize("command", ["release", "recollect"])
def test_an_unknown_environment_is_2_before_anything_runs(pluginctl, command):
    done, seen = pluginctl(command, "nowhere", result=report())
    assert (done.exit_code, seen) == (2, [])
    assert "no environment 'nowhere'" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("release",), ("release", "sandbox", "--colour"), ("release", "sandbox", "--output", "xml"), ("sell",)],
)
def test_wrong_arguments_are_2(pluginctl, arguments):
    done, seen = pluginctl(*arguments, result=report())
    assert (done.exit_code, done.stdout, seen) == (2, "", [])


@pytest.mark.parametrize(
    "command", [(), ("release",), ("recollect",), ("sandbox",), ("sandbox", "up"), ("demo",)]
)
def test_every_command_has_help(pluginctl, command):
    done, _ = pluginctl(*command, "--help")
    assert done.exit_code == 0
    assert "Usage" in done.stdout


def test_the_sandboxs_errors_are_one_message_and_1(pluginctl, monkeypatch):
    def up(*_, **__):
        raise SandboxError("There is no Docker.", "Install it.")

    monkeypatch.setattr("sandbox.lifecycle.up", up)
    done, _ = pluginctl("sandbox", "up")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: There is no Docker.")


def test_the_log_of_a_part_that_there_is_not(pluginctl, monkeypatch, tmp_path):
    monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(tmp_path))
    done, _ = pluginctl("sandbox", "logs", "nothing")
    assert done.exit_code == 1
    assert "There is no log of 'nothing'" in done.stderr


def test_the_status_of_a_sandbox_that_was_never_started(pluginctl, monkeypatch, tmp_path):
    monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(tmp_path))
    done, _ = pluginctl("sandbox", "status", "--output", "json")
    assert done.exit_code == 0
    shown = json.loads(done.stdout)
    assert {service["state"] for service in shown["services"]} == {"stopped"}
    names = {"name", "address", "state", "restarts", "memory", "container", "plugin"}
    assert set(shown["services"][0]) == names
    assert shown["spacectl_environment"].startswith(str(tmp_path))
