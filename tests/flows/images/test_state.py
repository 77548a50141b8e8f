"""A source against what a registry holds under its version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from flows.images import ImageReference, InvalidReference
from flows.images.labels import PLUGIN_TYPE, SOURCE_DIGEST, SOURCE_FILES
from flows.images.source import PluginSource
from flows.images.source.context import whole_digest
from flows.images.state import ImageStatus, compare, of_kind, remarks_on_kind, sortable
from flows.images.versions import rule
from flows.plugin_kinds import kind_of


@pytest.fixture
def hold(stub, answer):
    """Make the registry hold `team/plugin:0.1.0` with these labels."""

    def hold(labels: dict[str, str] | None) -> None:
        config = json.dumps({"config": {"Labels": labels}}).encode()
        digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
        stub.on("/v2/team/plugin/manifests/0.1.0", answer(200, {"config": {"digest": digest}}))
        stub.on(f"/v2/team/plugin/blobs/{digest}", answer(200, config))

    return hold


@pytest.fixture
def reference(registry):
    return ImageReference(registry.address, "team/plugin", "0.1.0")


def test_absent(plugin, registry, reference):
    state = compare(PluginSource.load(plugin), registry, reference)
    assert state.status is ImageStatus.ABSENT
    assert not state.blocked
    assert (state.digest, state.source_digest) == (None, None)


def test_same(plugin, registry, reference, hold):
    source = PluginSource.load(plugin)
    hold({SOURCE_DIGEST: source.digest})
    state = compare(source, registry, reference)
    assert state.status is ImageStatus.SAME
    assert not state.blocked
    assert state.source_digest == source.digest
    assert state.digest.startswith("sha256:")


def test_conflict_names_the_file_to_bump(plugin, registry, reference, hold):
    hold({SOURCE_DIGEST: "sha256:0ther"})
    state = compare(PluginSource.load(plugin), registry, reference)
    assert state.status is ImageStatus.CONFLICT
    assert state.blocked
    assert state.message.startswith(
        f"VERSION 0.1.0 was released from another source (sha256:0ther in {reference};"
    )
    assert (
        "was made by a version of the pipeline before 0.4.0 and covers all files of the folder"
        in state.message
    )
    assert f"Bump {plugin / 'src/VERSION'}" in state.message
    assert "caches" not in state.message


def test_a_changed_readme_is_no_conflict(plugin, registry, reference, hold):
    source = PluginSource.load(plugin)
    hold({SOURCE_DIGEST: source.digest, SOURCE_FILES: source.listing.label()})
    for name in ("README.md", ".github/workflows/release.yml", "docs/a.md", "test/test_a.py"):
        (plugin / name).parent.mkdir(parents=True, exist_ok=True)
        (plugin / name).write_text("new")
    assert compare(PluginSource.load(plugin), registry, reference).status is ImageStatus.SAME


def test_a_conflict_names_the_files_that_changed(plugin, registry, reference, hold):
    source = PluginSource.load(plugin)
    hold({SOURCE_DIGEST: source.digest, SOURCE_FILES: source.listing.label()})
    (plugin / "README.md").write_text("new")
    (plugin / "src/plugin/main.py").write_text("new")
    (plugin / "src/plugin/new.py").write_text("new")
    (plugin / "src/setup.py").unlink()
    state = compare(PluginSource.load(plugin), registry, reference)
    assert state.status is ImageStatus.CONFLICT
    files = "Since then: changed: src/plugin/main.py; new: src/plugin/new.py; gone: src/setup.py. Bump "
    assert files in state.message
    assert "README" not in state.message


@pytest.mark.parametrize("label", ["", "x", "[" * 10**5, '{"\\u001b[2J": "x"}'])
def test_a_list_of_somebody_else_does_no_harm(plugin, registry, reference, hold, label):
    hold({SOURCE_DIGEST: f"sha256-files:{'0' * 64}", SOURCE_FILES: label})
    state = compare(PluginSource.load(plugin), registry, reference)
    assert state.status is ImageStatus.CONFLICT
    assert state.message.isprintable()


def test_a_version_of_an_earlier_pipeline_is_kept(plugin, registry, reference, hold):
    hold({SOURCE_DIGEST: whole_digest(plugin, without={"src/VERSION"})})
    assert compare(PluginSource.load(plugin), registry, reference).status is ImageStatus.SAME
    (plugin / "README.md").write_text("new")
    state = compare(PluginSource.load(plugin), registry, reference)
    assert state.status is ImageStatus.CONFLICT
    assert "before 0.4.0" in state.message


def test_conflict_by_caches_says_so(plugin, registry, reference, hold):
    source = PluginSource.load(plugin)
    hold({SOURCE_DIGEST: source.digest})
    (plugin / "src/plugin/main.pyc").write_text("x")
    state = compare(PluginSource.load(plugin), registry, reference)
    assert state.status is ImageStatus.CONFLICT
    assert "(src/plugin/main.pyc): name `**/__pycache__` and `**/*.pyc` in .dockerignore" in state.message


@pytest.mark.parametrize("labels", [None, {}, {"other": "label"}])
def test_image_of_somebody_else(plugin, registry, reference, hold, labels):
    hold(labels)
    state = compare(PluginSource.load(plugin), registry, reference)
    assert state.status is ImageStatus.UNLABELLED
    assert state.blocked
    assert "this pipeline did not build" in state.message
    assert str(plugin / "src/VERSION") in state.message


def test_reference_of_another_registry(plugin, registry):
    with pytest.raises(InvalidReference, match="is not in registry 127"):
        compare(PluginSource.load(plugin), registry, ImageReference(None, "team/plugin", "0.1.0"))


def test_reference_of_another_version(plugin, registry, reference):
    with pytest.raises(InvalidReference, match=r"is not version 0\.1\.0 of"):
        compare(PluginSource.load(plugin), registry, replace(reference, tag="0.2.0"))


STRICT, PEP_440 = rule("1.12", "HARBOR"), rule("2.x", "HARBOR")


@pytest.mark.parametrize(
    ("version", "strictly"),
    [
        ("v1.0.0", True),
        ("1", True),
        ("0.2.1.dev20261125", True),
        ("0.3.0-5-gabc1234", False),
        ("main", False),
    ],
)
def test_a_version_that_would_spoil_its_repository_is_blocked(plugin, registry, version, strictly):
    """A single such tag, and SpaceONE lists no version of the plugin any more."""
    (plugin / "src/VERSION").write_text(version)
    source = PluginSource.load(plugin)
    absent = compare(source, registry, ImageReference(registry.address, "team/plugin", version))
    strict = sortable(absent, source, STRICT, ())
    assert strict.status is ImageStatus.UNSORTABLE
    assert strict.blocked
    assert strict.message.startswith(
        f"{version} is not a version that the platform can sort. SpaceONE 1.12 sorts"
    )
    assert f"into {plugin / 'src/VERSION'}." in strict.message
    assert (sortable(absent, source, PEP_440, ()) == absent) is strictly


def test_a_tag_that_spoils_the_repository_is_named(plugin, registry, reference):
    source = PluginSource.load(plugin)
    absent = compare(source, registry, reference)
    assert sortable(absent, source, PEP_440, ["0.0.9", "0.1.0rc1"]) == absent
    tags = ["0.0.9", "latest", "sha256-ab", "x.sig", "\x1b[2J", "a", "b"]
    state = sortable(absent, source, PEP_440, tags)
    assert state.status is ImageStatus.UNSORTABLE
    assert state.message.startswith(
        "team/plugin holds latest, sha256-ab, x.sig, \\x1b[2J, a, …. SpaceONE 2.x sorts"
    )
    assert sortable(absent, source, STRICT, ["0.1.0rc1"]).blocked


def test_what_is_blocked_already_stays_so(plugin, registry, reference, hold):
    hold({SOURCE_DIGEST: "sha256:0ther"})
    source = PluginSource.load(plugin)
    state = compare(source, registry, reference)
    assert sortable(state, source, PEP_440, ["latest"]) == state


@pytest.mark.parametrize(
    ("tried", "registered", "kept"),
    [
        (None, "inventory.Collector", True),
        (None, "monitoring.Webhook", False),
        ("monitoring.Webhook", "monitoring.Webhook", True),
        ("monitoring.Webhook", "inventory.Collector", False),
        ("identity.Domain", "identity.ExternalAuth", True),
        ("power_scheduler.Controller", "power_scheduler.Controller", True),
        ("power_scheduler.Controller", "monitoring.Webhook", False),
    ],
)
def test_an_image_that_is_kept_was_tried_as_what_is_registered(
    plugin, registry, reference, hold, tried, registered, kept
):
    source = PluginSource.load(plugin)
    hold({SOURCE_DIGEST: source.digest, **({PLUGIN_TYPE: tried} if tried else {})})
    state = of_kind(compare(source, registry, reference), source, kind_of(registered).on("2.x"))
    assert state.blocked is not kept
    if not kept:
        assert state.status is ImageStatus.OF_ANOTHER_KIND
        assert state.message == (
            f"{reference} was tried as {tried or 'inventory.Collector'}, and the manifest registers it as "
            f"{registered}. Write the type into the manifest that the plugin has; if it has changed, bump "
            f"{source.version_file}."
        )


def test_an_image_that_is_built_is_tried(plugin, registry, reference):
    source = PluginSource.load(plugin)
    state = of_kind(compare(source, registry, reference), source, kind_of("monitoring.Webhook").on("2.x"))
    assert state.status is ImageStatus.ABSENT


def framework(plugin, package):
    """Makes a source one of SpaceONE's framework."""
    (plugin / "src/plugin").mkdir(exist_ok=True)
    (plugin / "src/plugin/main.py").write_text(f"from spaceone.{package}.lib.server import XPluginServer\n")
    dockerfile = plugin / "Dockerfile"
    dockerfile.write_text(
        f'{dockerfile.read_text()}\nENTRYPOINT ["spaceone", "run", "plugin-server", "plugin"]\n'
    )


def test_a_source_that_starts_another_kind_is_blocked_before_it_is_built(plugin, registry, reference):
    framework(plugin, "monitoring.plugin.webhook")
    source = PluginSource.load(plugin)
    absent = compare(source, registry, reference)
    state = of_kind(absent, source, kind_of("inventory.Collector").on("2.x"))
    assert state.status is ImageStatus.OF_ANOTHER_KIND
    assert state.message == (
        f"{plugin}/src/plugin/main.py makes the server of a webhook (spaceone.monitoring.plugin.webhook), and the "
        "manifest registers the plugin as inventory.Collector. Write the type monitoring.Webhook into the manifest, or "
        "correct the source."
    )
    for generation in ("1.12", "2.x"):
        assert (
            of_kind(
                absent,
                source,
                kind_of("monitoring.Webhook").on(generation),
            )
            is absent
        )


@pytest.mark.parametrize("package", ["identity.plugin.external_auth", "inventory.plugin.new_kind"])
@pytest.mark.parametrize("registered", ["identity.Domain", "identity.ExternalAuth"])
def test_a_source_that_may_be_of_the_kind_is_not_blocked(plugin, registry, reference, package, registered):
    framework(plugin, package)
    source = PluginSource.load(plugin)
    absent = compare(source, registry, reference)
    assert of_kind(absent, source, kind_of(registered).on("2.x")) is absent


@pytest.mark.parametrize(("package", "remarks"), [("monitoring", 1), ("inventory", 0), ("statistics", 0)])
def test_a_source_that_starts_another_service_is_remarked(plugin, package, remarks):
    dockerfile = plugin / "Dockerfile"
    dockerfile.write_text(f'{dockerfile.read_text()}\nCMD ["spaceone", "grpc", "spaceone.{package}"]\n')
    found = remarks_on_kind(PluginSource.load(plugin), kind_of("inventory.Collector").on("1.12"))
    assert len(found) == remarks
    if found:
        assert (
            "starts spaceone.monitoring, where plugins of the type monitoring.DataSource or monitoring.Web"
            in found[0]
        )
