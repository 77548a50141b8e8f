"""What a drift check finds: each difference by itself, and nothing after a release."""

from __future__ import annotations

import pytest

from flows.images import RegistryUnreachable
from flows.manifest import Manifest
from flows.resources import Released, with_release
from flows.steps.drift import drift
from flows.steps.ending import DRIFTED, IN_SYNC, of_drift
from flows.steps.errors import NotReleased
from flows.steps.markdown import drift_report
from flows.steps.release import ReleaseRequest, release

PUSHED, OTHER = f"sha256:{'cd' * 32}", f"sha256:{'ee' * 32}"


@pytest.fixture
def manifest(checkout):
    return Manifest.load(checkout / "deployments/portfolio", written=False)


@pytest.fixture
def released(world, checkout, recorder, platform):
    release(
        ReleaseRequest(world.environment, checkout / "plugin", checkout / "deployments/portfolio"), recorder
    )
    platform.calls.clear()


@pytest.fixture
def check(released, world, manifest, recorder, platform):
    """Checks, and makes sure that nothing was written."""

    def check():
        found = drift(world.environment, manifest, recorder)
        assert platform.writes == []
        return found

    return check


def test_after_a_release_nothing_differs(check, recorder):
    found = check()
    assert found.findings == ()
    assert of_drift(found) == (IN_SYNC, f"{found.plugin_id} {found.version}")
    assert "as it was released and declared" in drift_report(found)
    assert [step.title for step in recorder.steps[-3:]] == ["find collector", "find plugin", "compare"]
    assert recorder.outcomes["compare"] == "no drift"


def test_a_newer_source_is_no_drift(check, platform):
    """What is compared is the version in use, and not the one in the checkout."""
    platform.records["inventory.Collector"][0]["plugin_info"]["version"] = "0.0.1"
    (plugin,) = platform.records["repository.Plugin"]
    plugin["tags"] = with_release(plugin["tags"], "0.0.1", Released(PUSHED, PUSHED))
    found = check()
    assert (found.version, found.findings) == ("0.0.1", ())


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("identity.Provider", {"name": "Mine"}, "provider portfolio: name: Mine → Portfolio"),
        ("inventory.Collector", {"state": "DISABLED"}, "collector Portfolio Collector is disabled"),
        ("repository.Plugin", {"state": "DISABLED"}, "plugin plugin-portfolio-inven-collector is disabled"),
        ("identity.Schema", {"schema_type": "x"}, "schema_type is 'x', but"),
    ],
)
def test_what_somebody_changed_is_named(check, platform, kind, change, words):
    platform.records[kind][0].update(change)
    found = check()
    assert words in found.summary()
    ending, why = of_drift(found)
    assert ending is DRIFTED
    assert words in why


def test_an_option_that_was_changed_in_the_console_is_named_by_its_path(check, platform):
    info = platform.records["inventory.Collector"][0]["plugin_info"]
    info["options"] = {**info["options"], "base_url": "http://elsewhere"}
    assert check().findings == (
        "collector Portfolio Collector: options.base_url: http://elsewhere → http://coins",
    )


def test_what_is_gone_is_named(check, platform):
    platform.records["identity.Schema"].pop()
    (words,) = check().findings
    assert words.endswith(" is gone")


def test_a_tag_that_was_moved_is_named(check, world):
    world.digest = OTHER
    (words,) = check().findings
    assert words.startswith(f"image: the registry has {OTHER}, and ")
    assert "was released as sha256:cdcd" in words


def test_an_image_that_is_gone_is_named(check, world):
    world.digest = None
    (words,) = check().findings
    assert words.startswith("image: the registry holds no 127.0.0.1:5000/")


def test_a_registry_that_does_not_answer_is_no_drift(check, world):
    world.digest = RegistryUnreachable("registry.example.com", "is down")
    with pytest.raises(RegistryUnreachable):
        check()


def test_what_was_never_released_is_named(world, manifest, recorder):
    with pytest.raises(NotReleased, match="Release the plugin first"):
        drift(world.environment, manifest, recorder)


def test_the_document_holds_findings_and_actions(check, platform):
    platform.records["identity.Provider"][0]["name"] = "Mine"
    document = check().as_json()
    assert (document["schema"], document["flow"], document["drifted"]) == ("drift/1", "drift", True)
    assert document["findings"] == ["provider portfolio: name: Mine → Portfolio"]
    assert document["image"]["passed"] is True
    assert {action["action"] for action in document["actions"]} == {"keep", "update"}


def test_a_name_from_elsewhere_is_text_in_the_report(check, platform):
    platform.records["identity.Provider"][0]["name"] = "<img src=x> [here](http://x)"
    assert "\\<img src=x> \\[here]" in drift_report(check())
