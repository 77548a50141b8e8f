import sys

import pytest
from typer.testing import CliRunner

from pluginctl.app import app


@pytest.fixture
def worker(monkeypatch):
    """An environment without the packages of the sandbox, as a worker has it."""
    for name in [each for each in sys.modules if each.partition(".")[0] in {"psutil", "sandbox"}]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("pluginctl.commands.sandbox", "pluginctl.commands.demo"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "psutil", None)


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("arguments", [("sandbox", "up", "--prefect"), ("demo",)])
def test_a_command_of_the_sandbox_says_what_to_install(arguments):
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "spaceone-plugin-pipeline[sandbox]" in done.stderr


@pytest.mark.usefixtures("worker")
def test_the_help_lists_every_command():
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    assert "release" in done.stdout
    assert "sandbox" in done.stdout
