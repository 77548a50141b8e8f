"""What a deployment's flat parameters become; tests/e2e runs the flows on a worker."""

import shutil
from pathlib import Path

import pytest
import yaml

from flows.drift import drift
from flows.manifest import InvalidParameter
from flows.recollect import recollect
from flows.release import release
from flows.rollback import rollback
from flows.steps.errors import InputRefused

LINE = """plugin.name=x collector.name="My collector" """


@pytest.fixture
def asked(monkeypatch, checkout, tmp_path):
    """What the steps are asked for; nothing else runs."""
    asked = []
    for name in ("release", "recollect", "rollback", "drift"):
        monkeypatch.setattr(f"flows.{name}.run_{name}", lambda *given, **_: asked.append(given))
        monkeypatch.setattr(f"flows.{name}.conclude", lambda _runner, work: work())
    (tmp_path / "deployments/environments").mkdir(parents=True)
    (tmp_path / "deployments/environments/here.yaml").write_text("{}")
    (tmp_path / "plugin").mkdir()
    shutil.copytree(checkout / "deployments/portfolio", tmp_path / "deployments/portfolio")
    monkeypatch.chdir(tmp_path)
    return asked


def test_a_release_takes_its_manifests_parameters_in_one_line(asked):
    release.fn("here", parameters=LINE)
    ((request, _),) = asked
    assert request.parameters == ("plugin.name=x", "collector.name=My collector")
    assert "My collector" not in repr(request)


def test_a_release_takes_a_version_for_the_one_in_the_file(asked):
    release.fn("here", version="0.2.0.dev1")
    release.fn("here")
    assert [request.version for request, _ in asked] == ["0.2.0.dev1", None]


@pytest.mark.parametrize("flow", [recollect, drift])
def test_what_was_released_takes_its_manifests_parameters_in_one_line(asked, flow):
    flow.fn("here", parameters=LINE)
    ((_, manifest, _),) = asked
    assert (manifest.plugin.name, manifest.collector.name) == ("x", "My collector")


def test_a_rollback_takes_the_version_and_its_manifests_parameters(asked):
    rollback.fn("0.1.0", "here", parameters=LINE)
    ((_, manifest, version, _),) = asked
    assert (manifest.collector.name, version) == ("My collector", "0.1.0")


def test_a_line_that_cannot_be_read_stops_a_flow_before_anything_runs(asked):
    with pytest.raises(InvalidParameter, match="cannot be split"):
        release.fn("here", parameters="plugin.name='x")
    assert asked == []


def test_paths_of_the_checkout_stay_relative(asked):
    release.fn("here")
    ((request, _),) = asked
    assert (request.environment.name, request.source, request.manifest) == (
        "here",
        Path("plugin"),
        Path("deployments/portfolio"),
    )


@pytest.mark.parametrize(
    ("flow", "given"),
    [
        (release, {"environment": "/etc/shadow"}),
        (release, {"environment": "here", "source": "/etc"}),
        (release, {"environment": "here", "manifest": "../x"}),
        (recollect, {"environment": "/etc/shadow"}),
        (recollect, {"environment": "here", "manifest": "/etc"}),
        (drift, {"environment": "/etc/shadow"}),
        (rollback, {"version": "0.1.0", "environment": "/etc/shadow"}),
        (rollback, {"version": "0.1.0", "environment": "here", "manifest": "/etc"}),
        (drift, {"environment": "here", "manifest": "/etc"}),
    ],
)
def test_a_flow_reads_nothing_outside_of_the_checkout(asked, flow, given):
    with pytest.raises(InputRefused):
        flow.fn(**given)
    assert asked == []


@pytest.mark.parametrize("flow", [release, recollect, drift])
def test_the_form_asks_for_a_name_and_for_folders(flow):
    said = {name: info["description"] for name, info in flow.parameters.properties.items()}
    assert "name of a file in deployments/environments" in said["environment"]
    assert all("in the checkout" in said[name] for name in ("source", "manifest") if name in said)


@pytest.mark.parametrize("flow", [release, recollect])
def test_every_deployment_gives_each_parameter_as_a_plain_value(checkout, flow):
    deployments = yaml.safe_load((checkout / "prefect.yaml").read_text())["deployments"]
    (given,) = [one["parameters"] for one in deployments if one["name"] == flow.name]
    assert given.keys() == flow.parameters.properties.keys()
    assert flow.validate_parameters(given) == given
    assert {info["type"] for info in flow.parameters.properties.values()} <= {"string", "boolean"}
