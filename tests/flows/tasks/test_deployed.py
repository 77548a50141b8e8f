from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.pipeline import pipeline_version
from flows.steps.errors import OtherVersion
from flows.tasks import deployed


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project; the process is where Prefect starts a run of it."""
    (tmp_path / "deployments").mkdir()
    monkeypatch.chdir(deployed.start_folder(str(tmp_path)))
    return tmp_path


@pytest.fixture
def begun(monkeypatch):
    """Begins a run with tags and a deployment's version."""

    def begun(*tags, version=None):
        monkeypatch.setattr(
            deployed, "get_run", lambda: SimpleNamespace(tags=tags, deployment_version=version)
        )
        deployed.begin()

    return begun


def test_a_run_of_pluginctl_deploy_works_in_the_project(project, begun):
    begun("pluginctl", version=pipeline_version())
    assert Path.cwd() == project
    begun("pluginctl", version=pipeline_version())
    assert Path.cwd() == project


def test_another_version_is_refused(project, begun):
    with pytest.raises(OtherVersion, match="Version 0.0.1 of the pipeline has deployed this run"):
        begun("pluginctl", version="0.0.1")


def test_other_deployments_stay_where_they_are_with_a_version_of_their_own(project, begun):
    begun("portfolio", version="98c27306")
    assert Path.cwd() == project / "deployments"


def test_outside_of_a_run_nothing_is_done(project, monkeypatch):
    monkeypatch.setattr(deployed, "get_run", lambda: None)
    deployed.begin()
    assert Path.cwd() == project / "deployments"
