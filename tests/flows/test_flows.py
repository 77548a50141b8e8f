"""What a deployment's flat parameters become; tests/e2e runs the flows on a worker."""

import pytest
import yaml

from flows.manifest import InvalidParameter
from flows.recollect import recollect
from flows.release import release

LINE = """plugin.name=x collector.name="My collector" """


@pytest.fixture
def asked(monkeypatch, checkout, tmp_path):
    """What the steps are asked for; nothing else runs."""
    asked = []
    for name in ("release", "recollect"):
        monkeypatch.setattr(f"flows.{name}.run_{name}", lambda *given: asked.append(given))
        monkeypatch.setattr(f"flows.{name}.result_of", lambda _: {})
    (tmp_path / "here.yaml").write_text("{}")
    monkeypatch.chdir(checkout)
    return asked


def test_a_release_takes_its_manifests_parameters_in_one_line(asked, tmp_path):
    release.fn(str(tmp_path / "here.yaml"), parameters=LINE)
    ((request, _),) = asked
    assert request.parameters == ("plugin.name=x", "collector.name=My collector")
    assert "My collector" not in repr(request)


def test_a_recollection_takes_its_manifests_parameters_in_one_line(asked, tmp_path):
    recollect.fn(str(tmp_path / "here.yaml"), parameters=LINE)
    ((_, manifest, _),) = asked
    assert (manifest.plugin.name, manifest.collector.name) == ("x", "My collector")


def test_a_line_that_cannot_be_read_stops_a_flow_before_anything_runs(asked, tmp_path):
    with pytest.raises(InvalidParameter, match="cannot be split"):
        release.fn(str(tmp_path / "here.yaml"), parameters="plugin.name='x")
    assert asked == []


@pytest.mark.parametrize("flow", [release, recollect])
def test_every_deployment_gives_each_parameter_as_a_plain_value(checkout, flow):
    deployments = yaml.safe_load((checkout / "prefect.yaml").read_text())["deployments"]
    (given,) = [one["parameters"] for one in deployments if one["name"] == flow.name]
    assert given.keys() == flow.parameters.properties.keys()
    assert flow.validate_parameters(given) == given
    assert {info["type"] for info in flow.parameters.properties.values()} <= {"string", "boolean"}
