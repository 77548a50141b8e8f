"""Going back to a released version, and the list of released versions."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from flows.images import RegistryUnreachable
from flows.manifest import Manifest
from flows.resources import Released, released, with_release
from flows.steps.ending import PLANNED, ROLLED_BACK, UNCHANGED, of_report
from flows.steps.errors import NotAsReleased, NothingCollected, NotReleased
from flows.steps.markdown import release_report
from flows.steps.release import ReleaseRequest, release
from flows.steps.releases import list_releases
from flows.steps.report import json_schema
from flows.steps.rollback import rollback

PUSHED, OTHER = f"sha256:{'cd' * 32}", f"sha256:{'ee' * 32}"


@pytest.fixture
def manifest(checkout):
    return Manifest.load(checkout / "deployments/portfolio", written=False)


@pytest.fixture
def current(world, checkout, recorder, platform):
    """The version in use; 0.0.1 was released before it."""
    report = release(
        ReleaseRequest(world.environment, checkout / "plugin", checkout / "deployments/portfolio"), recorder
    )
    (plugin,) = platform.records["repository.Plugin"]
    kept = released(plugin)
    tags = with_release(None, "0.0.1", Released(PUSHED, PUSHED))
    for version, each in kept.items():
        tags = with_release(tags, version, each)
    plugin["tags"] = {**plugin["tags"], **tags}
    platform.calls.clear()
    return report.version


@pytest.fixture
def back(world, manifest, recorder):
    return lambda version="0.0.1", **more: rollback(world.environment, manifest, version, recorder, **more)


def test_the_collector_is_moved_and_collects_and_nothing_else_is_written(back, current, platform):
    platform.records["identity.Provider"][0]["name"] = "Mine"  # another difference is left alone
    report = back()
    assert platform.writes == ["inventory.Collector.update_plugin", "inventory.Collector.collect"]
    assert platform.records["inventory.Collector"][0]["plugin_info"]["version"] == "0.0.1"
    assert (report.flow, report.version, report.version_before) == ("rollback", "0.0.1", current)
    ending, words = of_report(report)
    assert ending is ROLLED_BACK
    assert f"0.0.1, before {current}" in words
    Draft202012Validator(json_schema()).validate(report.as_json())
    assert f"| version before | {current} |" in release_report(report)


def test_the_same_again_only_collects(back, current, platform):
    back()
    platform.calls.clear()
    assert back().version_before == "0.0.1"
    assert platform.writes == ["inventory.Collector.collect"]


def test_a_dry_run_writes_nothing(back, current, platform, recorder):
    report = back(dry_run=True)
    assert platform.writes == []
    assert [(each.kind, str(each.verb)) for each in recorder.plans[-1].writes] == [("collector", "update")]
    assert of_report(report)[0] is PLANNED
    assert of_report(back(current, dry_run=True))[0] is UNCHANGED


def test_what_was_never_released_is_refused(back, current, platform):
    with pytest.raises(NotReleased, match=rf"9\.9\.9 of .* was never released .* 0\.0\.1, {current}"):
        back("9.9.9")
    assert platform.writes == []


def test_another_image_under_the_version_is_refused(back, current, world, platform):
    world.digest = OTHER
    with pytest.raises(NotAsReleased, match=r"0\.0\.1 is not the image that was released"):
        back()
    assert platform.writes == []


def test_a_registry_that_does_not_answer_stops_it(back, current, world, platform):
    world.digest = RegistryUnreachable("registry.example.com", "is down")
    with pytest.raises(RegistryUnreachable):
        back()
    assert platform.writes == []


def test_another_kind_of_plugin_has_no_collector_to_move(world, tmp_path, recorder):
    (tmp_path / "register_plugin.yaml").write_text(
        "name: Alerts\nservice_type: monitoring.Webhook\nimage: team/plugin-alerts-mon-webhook\n"
    )
    with pytest.raises(NothingCollected):
        rollback(world.environment, Manifest.load(tmp_path, written=False), "0.0.1", recorder)


def test_the_history_says_which_version_is_in_use_and_what_released_it(world, manifest, recorder, current):
    found = list_releases(world.environment, manifest, recorder)
    assert [(each.version, each.in_use, each.by) for each in found.versions] == [
        (current, True, "pluginctl"),
        ("0.0.1", False, ""),
    ]
    assert found.versions[0].at.endswith("Z")
    assert all(each.in_registry for each in found.versions)
    world.digest = OTHER
    assert not any(each.in_registry for each in list_releases(world.environment, manifest, recorder).versions)
    assert found.as_json()["versions"][1]["digest"] == PUSHED


def test_without_a_release_there_is_no_history(world, manifest, recorder):
    with pytest.raises(NotReleased):
        list_releases(world.environment, manifest, recorder)
