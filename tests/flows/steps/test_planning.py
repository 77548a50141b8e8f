"""What a plan says about the base image and the version."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace

import pytest

from flows.images import EngineUnreachable, PushFailed, RegistryRefused, SourceError
from flows.images.base import Base
from flows.images.state import ImageStatus
from flows.images.versions import Part
from flows.manifest import Environment, Settings
from flows.resources import Verb
from flows.spaceone import Generation
from flows.steps import planning
from flows.steps.errors import PlanBlocked
from flows.steps.release import ReleaseRequest, release

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


@pytest.fixture
def noted(world, checkout, recorder, monkeypatch):
    """What the plan notes about the image, for a base image now and the one that the registry's was built on."""

    def noted(now, released=None):
        compare = planning.compare
        monkeypatch.setattr(planning, "compare", lambda *each: replace(compare(*each), base=released))
        world.status = ImageStatus.SAME
        settings = Settings(
            attestations=False, registry={"type": "HARBOR"}, build={"args": {"BASE_IMAGE": now}}
        )
        environment = Environment(name="test", folder="/", settings=settings)
        request = ReleaseRequest(
            environment, checkout / "plugin", checkout / "deployments/portfolio", dry_run=True
        )
        report = release(request, recorder)
        assert not report.planned.plan.blocked
        notes = report.planned.plan.action("image").notes
        return tuple(note for note in notes if note != planning._NOT_RECORDED)

    return noted


def test_another_base_image_is_noted_and_blocks_nothing(noted):
    (note,) = noted(f"python@{B}", Base(f"python@{A}", A))
    assert note.startswith(f"It was built on python@{A}, and the base image is python@{B} now.")


def test_an_image_with_a_digest_asks_no_engine(noted, monkeypatch):
    monkeypatch.setattr("flows.images.engine.client.Engine.connect", lambda: pytest.fail("asked"))
    assert noted(f"python@{A}", Base(f"python@{A}", A)) == ()
    assert noted("pluginctl.invalid/python:3.11-a") == ()


def test_a_tag_is_looked_up_on_the_engine_of_this_machine(noted, engine, monkeypatch):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    engine.digest = lambda name, made_here: None if made_here else A
    (note,) = noted("python:3.11")
    assert note.endswith(f"write python:3.11@{A}.")


@pytest.mark.parametrize("host", ["", "tcp://build.example.com:2376"])
def test_without_an_engine_here_the_note_says_how_to_find_the_digest(noted, monkeypatch, host):
    def connect():
        assert not host, "a plan does not wait for another machine"
        raise EngineUnreachable("No Docker engine answers")

    monkeypatch.setattr("flows.images.engine.client.Engine.connect", connect)
    monkeypatch.setenv("DOCKER_HOST", host) if host else monkeypatch.delenv("DOCKER_HOST", raising=False)
    (note,) = noted("python:3.11")
    assert note.endswith("`docker pull python:3.11` shows the digest.")


@pytest.fixture
def source(tmp_path, checkout):
    """A copy of the plugin's source."""
    return shutil.copytree(checkout / "plugin", tmp_path / "source")


@pytest.fixture
def planned(world, source, checkout, recorder):
    """The image's action in the plan for a version in src/VERSION, and what a release of it is stopped by."""

    def planned(written, **options):
        (source / "src/VERSION").write_text(written)
        request = ReleaseRequest(world.environment, source, checkout / "deployments/portfolio", **options)
        with suppress(PlanBlocked):
            release(request, recorder)
        return recorder.plans[-1].action("image")

    return planned


@pytest.mark.parametrize(
    ("generation", "version"),
    [(Generation.V1_12, "v1.0.0"), (Generation.V1_12, "0.2.1.dev3"), (Generation.V2, "0.3.0-5-gabc1234")],
)
def test_a_version_that_the_platform_cannot_sort_is_blocked(planned, world, platform, generation, version):
    world.generation = generation
    action = planned(version)
    assert action.verb is Verb.BLOCKED
    assert f"SpaceONE {generation} sorts" in action.reason
    assert "src/VERSION" in action.reason
    assert platform.writes == []


def test_a_registry_that_is_not_sorted_takes_any_version(planned, world):
    world.environment = Environment(name="test", folder="/", settings=Settings(registry={"type": "GITHUB"}))
    assert planned("0.3.0-5-gabc1234", dry_run=True).verb is Verb.CREATE


@pytest.mark.parametrize("status", [ImageStatus.ABSENT, ImageStatus.SAME])
def test_a_tag_that_is_no_version_is_named(planned, world, platform, status):
    world.status, world.tags[:] = status, ["0.1.0", "latest"]
    action = planned("0.1.0")
    assert (action.verb, "holds latest." in action.reason) == (Verb.BLOCKED, True)
    assert platform.writes == []


def test_tags_that_cannot_be_listed_stop_nothing(planned, world):
    world.refuses["tags"] = RegistryRefused("x", "lists nothing")
    assert planned("0.1.0", dry_run=True).verb is Verb.CREATE


def test_another_version_is_released_without_an_edit(planned, source, recorder):
    assert planned("0.1.0", version="0.1.1.dev3").name.endswith(":0.1.1.dev3")
    assert recorder.reports[-1].version == "0.1.1.dev3"
    assert (source / "src/VERSION").read_text() == "0.1.0"
    assert "Give 0.1.1 with --version." in planned("0.1.0", version="0.1.1-dirty").reason


def test_a_raised_version_is_written_when_the_image_is_there(planned, source, engine, recorder):
    assert planned("0.1.0", bump=Part.MINOR, dry_run=True).name.endswith(":0.2.0")
    assert (source / "src/VERSION").read_text() == "0.1.0"
    engine.refuses["push"] = PushFailed("no", reason="no", advice="")
    with pytest.raises(PushFailed):
        planned("0.1.0", bump=Part.MINOR)
    assert (source / "src/VERSION").read_text() == "0.1.0"
    engine.refuses.clear()
    planned("0.1.0", bump=Part.MINOR)
    assert (source / "src/VERSION").read_text() == "0.2.0\n"
    assert recorder.reports[-1].version == "0.2.0"


def test_a_version_that_cannot_be_raised_is_refused(planned):
    with pytest.raises(SourceError, match=r"src/VERSION: cannot be raised: 'main' does not begin with N\.N"):
        planned("main", bump=Part.PATCH)


GOOGLE = "asia-northeast3-docker.pkg.dev"
BELOW = "example-project/example-repository"


@pytest.fixture
def google(world, source, checkout, recorder):
    """The plan of a manifest for Google's Artifact Registry, in an environment with that registry."""
    manifest = checkout / "tests/fixtures/cases/07-gcp-artifact-registry/manifest"

    def planned(path="", **fields):
        world.address = GOOGLE
        registry = {"address": f"{GOOGLE}{path}", "type": "GCP_PRIVATE_GCR", **fields}
        world.environment = Environment(name="test", folder="/", settings=Settings(registry=registry))
        request = ReleaseRequest(world.environment, source, manifest, publish_only=True)
        with suppress(PlanBlocked):
            release(request, recorder)
        return recorder.plans[-1]

    return planned


def test_an_image_below_a_path_is_pushed_there_and_registered_without_it(google, platform):
    assert not google(f"/{BELOW}").blocked
    (registered,) = platform.records["repository.Plugin"]
    assert registered["image"] == "plugin-rep-google-cloud-inven-collector"
    assert (registered["registry_type"], registered["registry_config"]) == (
        "GCP_PRIVATE_GCR",
        {"image_pull_secret": "example-gcr-json-key", "url": f"{GOOGLE}/{BELOW}"},
    )
    plan = google(f"/{BELOW}")
    image = plan.action("image")
    assert image.name.startswith(f"{GOOGLE}/{BELOW}/plugin-rep-google-cloud-inven-collector:")
    assert plan.action("plugin").verb is Verb.KEEP


def test_a_path_that_is_missing_is_named_and_the_registry_is_not_asked(google, platform, monkeypatch):
    monkeypatch.setattr(planning, "compare", lambda *_: pytest.fail("asked"))
    (action,) = google().blocked
    assert action.kind == "image"
    assert f"write registry.address: {GOOGLE}/{BELOW} in the environment" in action.reason
    assert platform.writes == []


def test_1_12_has_no_type_for_google(google, world, platform):
    world.generation = Generation.V1_12
    plan = google(f"/{BELOW}")
    action = plan.action("image")
    assert (
        "registry_type" not in plan.action("plugin").resource.declared
    )  # the server's enum does not have it
    assert (action.verb, "1.12 has no registry type 'GCP_PRIVATE_GCR'" in action.reason) == (
        Verb.BLOCKED,
        True,
    )
    assert platform.writes == []


def test_a_plugin_that_the_platform_pulls_from_another_path_is_blocked(google, platform):
    google(f"/{BELOW}")
    platform.records["repository.Plugin"][0]["registry_url"] = f"{GOOGLE}/other/repository"
    action = google(f"/{BELOW}").action("plugin")
    assert action.verb is Verb.BLOCKED
    assert f"The platform pulls {GOOGLE}/other/repository/plugin-rep-google" in action.reason


@pytest.mark.parametrize("given", [True, False])
def test_a_helper_that_is_missing_is_a_remark(planned, world, tmp_path, monkeypatch, given):
    (tmp_path / "config.json").write_text('{"credsStore": "gone"}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    login = {"username_variable": "PLUGINCTL_USER"} if given else {}
    settings = Settings(registry={"type": "HARBOR", **login})
    world.environment = Environment(name="test", folder="/", settings=settings)
    action = planned("0.1.0", dry_run=True)
    assert action.verb is Verb.CREATE
    found = [note for note in action.notes if note.startswith("It was looked up without a login: ")]
    assert ("Install docker-credential-gone" in "".join(found)) != given
