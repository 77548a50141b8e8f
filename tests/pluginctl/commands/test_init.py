"""`pluginctl init` as a command: what it asks, prints and refuses."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pluginctl.app import app
from pluginctl.commands import init as command
from pluginctl.scaffold.proposal import NAME, PROVIDER, REGISTRY, Value


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    root = tmp_path / "plugin-acme-inven-collector"
    (root / "src/plugin").mkdir(parents=True)
    (root / "Dockerfile").write_text("FROM scratch\nCOPY src /x\n")
    (root / "src/VERSION").write_text("0.1.0\n")
    monkeypatch.chdir(root)
    monkeypatch.setenv("COLUMNS", "200")
    return root


def run(*words: str, code: int = 0):
    done = CliRunner().invoke(app, ["init", *words])
    assert done.exit_code == code, done.output
    return done


def test_it_says_what_it_wrote_and_what_comes_next(repository):
    text = run("--provider", "acme").stdout
    assert "provider: acme (given)" in text
    assert "image: plugin-acme-inven-collector (from the folder)" in text
    assert "wrote deployments/manifest/register_plugin.yaml" in text
    assert text.endswith(
        "Next:\n  $ pluginctl check\n  $ pluginctl sandbox up --generation 2.x\n"
        "  $ pluginctl release sandbox --dry-run\n"
    )
    again = run("--provider", "acme").stdout
    assert "wrote" not in again
    assert "kept deployments/manifest" in again
    assert "Nothing was missing. Next:" in again


def test_a_dry_run_shows_the_files(repository):
    text = run("--provider", "acme", "--dry-run").stdout
    assert "would write .github/workflows/pluginctl.yaml" in text
    assert "    name: Acme Collector\n" in text
    assert not (repository / "deployments").exists()


def test_json_is_one_document(repository):
    document = json.loads(run("--provider", "acme", "--output", "json").stdout)
    assert document["values"]["provider"] == {"value": "acme", "origin": "given"}
    assert "deployments/project.yaml" in {each["path"] for each in document["written"]}
    assert document["next"][0] == "pluginctl check"


def test_without_a_terminal_what_cannot_be_told_is_an_error(repository):
    done = run("--yes", code=2)
    assert "The provider cannot be told from the repository." in done.stderr
    assert "--provider" in done.stderr
    assert not (repository / "deployments").exists()
    error = json.loads(run("--output", "json", code=2).stdout)
    assert error["error"]["code"] == "init-refused"


def test_another_folder(repository, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    text = run(repository.name, "--provider", "acme").stdout
    assert f"  $ cd {repository.name}\n" in text
    assert (repository / "deployments/project.yaml").exists()


@pytest.mark.parametrize("folder", ["nowhere", "Dockerfile"])
def test_what_is_no_folder_is_refused(repository, folder):
    assert "is not a folder" in run(folder, code=2).stderr


@pytest.fixture
def typed(monkeypatch):
    """Answers questions."""

    def typed(text: str):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return typed


def test_nothing_is_what_is_proposed(typed, capsys):
    typed("\n")
    proposed = Value("Acme [1]", "from [x]")
    assert command._ask(NAME, proposed) == proposed
    assert "Name of the plugin [Acme [1], from [x]]: " in capsys.readouterr().err


def test_a_wrong_answer_is_asked_again(typed, capsys):
    typed("\nA B\nacme\n")
    assert command._ask(PROVIDER, None) == Value("acme", "what you typed")
    assert capsys.readouterr().err.count("Give an identifier such as google_cloud.") == 2


def test_what_is_not_required_may_be_nothing(typed):
    typed("\n")
    assert command._ask(REGISTRY, None) is None


def test_the_end_of_the_input_ends_it(typed):
    typed("")
    with pytest.raises(command.typer.Abort):
        command._ask(NAME, None)
