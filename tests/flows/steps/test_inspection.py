import pytest

from flows.manifest import Manifest
from flows.steps import inspection as looking
from flows.steps.errors import NoSuchResource, NothingCollected, NotReleased
from flows.steps.inspection import list_offers, show_resource
from flows.steps.release import ReleaseRequest, release


@pytest.fixture
def manifest(checkout):
    return Manifest.load(checkout / "deployments/portfolio")


@pytest.fixture
def released(world, checkout, recorder, monkeypatch):
    """The environment of a release that was made."""
    monkeypatch.setattr(looking, "open_session", release.__globals__["open_session"])
    release(
        ReleaseRequest(world.environment, checkout / "plugin", checkout / "deployments/portfolio"), recorder
    )
    recorder.steps.clear()
    return world.environment


def test_a_collected_resource_is_shown_and_nothing_is_changed(released, manifest, platform, recorder):
    platform.calls.clear()
    shown = show_resource(released, manifest, "Bitcoin", recorder)
    assert (shown.name, shown.tags.rows) == ("Bitcoin", (("symbol", "BTC"),))
    assert platform.writes == []
    assert [step.name for step in recorder.steps] == ["find collector", "read the inventory"]


def test_a_name_that_is_not_there_is_told_with_some_that_are(released, manifest, platform, recorder):
    answer = platform.call

    def call(method, params=None, timeout=None):
        if method == "inventory.CloudService.list" and params.get("name") == "Nocoin":
            return {}
        return answer(method, params, timeout)

    platform.call = call
    with pytest.raises(NoSuchResource, match=r"no resource called 'Nocoin'\. Some of its 2: Bitcoin, X\."):
        show_resource(released, manifest, "Nocoin", recorder)


def test_nothing_was_collected_yet(released, manifest, platform, recorder, monkeypatch):
    monkeypatch.setattr(looking, "by_type", lambda *_: {})
    with pytest.raises(NoSuchResource, match="has collected nothing yet"):
        show_resource(released, manifest, None, recorder)


def test_what_was_never_released_cannot_be_shown(world, manifest, recorder, monkeypatch):
    monkeypatch.setattr(looking, "open_session", release.__globals__["open_session"])
    with pytest.raises(NotReleased, match="Release the plugin first"):
        show_resource(world.environment, manifest, None, recorder)


def test_what_is_offered_is_that_of_the_known_services(released, platform, recorder, monkeypatch):
    platform.knows = lambda name: name in {"identity", "inventory"}
    monkeypatch.setattr(looking, "api_resources", lambda client, name: {"Thing": ["list"]})
    assert [(service.name, verbs) for service, verbs in list_offers(released, recorder)] == [
        ("identity", {"Thing": ["list"]}),
        ("inventory", {"Thing": ["list"]}),
    ]


def test_a_plugin_of_another_kind_has_no_resources(released, recorder, tmp_path):
    (tmp_path / "register_plugin.yaml").write_text(
        "name: x\nservice_type: cost_analysis.DataSource\nimage: a/b\n"
    )
    with pytest.raises(
        NothingCollected, match="The plugin b is a cost data source .cost_analysis.DataSource.: it has"
    ):
        show_resource(released, Manifest.load(tmp_path), None, recorder)
