"""`pluginctl check`, which needs nothing but the files."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pluginctl.app import app

MANIFEST = "name: Acme\nprovider: acme\nimage: team/plugin-acme\nservice_type: inventory.Collector\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    for path, text in {
        "Dockerfile": "FROM scratch\nCOPY src /x\n",
        "src/VERSION": "0.1.0\n",
        "deployments/project.yaml": "source: .\nmanifest: deployments/manifest\n",
        "deployments/manifest/register_plugin.yaml": MANIFEST,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(*words: str, code: int = 0):
    done = CliRunner().invoke(app, ["check", *words])
    assert done.exit_code == code, done.output
    return done


def test_what_can_be_planned(project):
    assert run().stdout == "plugin-acme 0.1.0 can be planned.\n"
    document = json.loads(run("-o", "json").stdout)
    assert (document["plugin_id"], document["version"], document["remarks"]) == ("plugin-acme", "0.1.0", [])


def test_the_tag_must_be_the_version(project):
    run("--tag", "v0.1.0")
    assert "says 0.1.0, and the git tag is 'v0.2.0'" in run("--tag", "v0.2.0", code=2).stderr


def test_a_fault_is_told(project):
    (project / "deployments/manifest/register_plugin.yaml").write_text(MANIFEST.replace("team", "TEAM"))
    assert "register_plugin.yaml:3" in run(code=2).stderr


def test_a_remark_does_not_fail(project):
    (project / "src/setup.py").write_text("from setuptools import setup\nsetup(name='x', version='9')\n")
    assert "remark: " in run().stdout


def test_secrets_are_not_read(project):
    account = (
        "name: A\nprovider: acme\nproject: P\ndata: {}\nsecret_schema_id: s\n"
        "secret_data: {key: {from_env: PLUGINCTL_SECRET_ACME}}\n"
    )
    (project / "deployments/manifest/create_service_account.yaml").write_text(account)
    assert "Not read: PLUGINCTL_SECRET_ACME." in run().stdout
