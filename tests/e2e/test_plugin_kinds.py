"""Plugins that are no collectors: published, released again, and what the platform's repository holds of them."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from flows.plugin_kinds import TYPE_FIELDS, kind_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["2.x", "1.12"], indirect=True, scope="module"),
]

#: What the image of each kind serves.
SERVICES = {
    "monitoring.Webhook": ("monitoring.Webhook", "monitoring.Event"),
    "cost_analysis.DataSource": ("cost_analysis.DataSource", "cost_analysis.Cost", "cost_analysis.Job"),
}


@dataclass
class Plugin:
    """A plugin of a kind, and the arguments of its release."""

    type: str
    id: str
    folder: Path
    environment: Path

    @property
    def arguments(self) -> list[str]:
        source, manifest = self.folder / "source", self.folder / "manifest"
        return ["release", str(self.environment), "--source", str(source), "--manifest", str(manifest)]

    def register_as(self, plugin_type: str) -> None:
        path = self.folder / "manifest/register_plugin.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "service_type": plugin_type}))


@pytest.fixture(scope="module")
def generation(platform):
    return "1.12" if platform.name.endswith("1.12") else "2.x"


@pytest.fixture(scope="module")
def new_plugin(platform, checkout, dockerfile, tmp_path_factory):
    """Makes a plugin that serves what a kind serves."""

    def new_plugin(plugin_type: str) -> Plugin:
        folder = tmp_path_factory.mktemp("plugin")
        source = folder / "source"
        caches = shutil.ignore_patterns(".*_cache", "__pycache__")
        shutil.copytree(checkout / "plugin", source, ignore=caches)
        shutil.rmtree(source / "src/plugin")
        shutil.copytree(checkout / "tests/fixtures/other-kinds", source / "src/plugin", ignore=caches)
        (source / "src/VERSION").write_text("0.1.0\n")
        (source / "docs/en").mkdir(parents=True)
        (source / "docs/en/GUIDE.md").write_text("# How to use it\n")
        start = json.dumps(["python", "-m", "plugin", *SERVICES[plugin_type]])
        (source / "Dockerfile").write_text(f"{dockerfile}ENTRYPOINT {start}\n")
        (folder / "manifest").mkdir()
        name = f"{plugin_type.split('.')[1].lower()}-{uuid.uuid4().hex[:8]}"
        declared = {"name": name, "service_type": plugin_type, "image": f"e2e/{name}"}
        (folder / "manifest/register_plugin.yaml").write_text(yaml.safe_dump(declared))
        return Plugin(plugin_type, name, folder, platform.environment)

    return new_plugin


@pytest.fixture(scope="module", params=SERVICES)
def plugin(request, new_plugin):
    return new_plugin(request.param)


@pytest.fixture(scope="module")
def first(plugin, run):
    """The report of the first release, and what it said."""
    done = run(*plugin.arguments, "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout), done.stderr


def test_it_is_built_tried_pushed_registered_and_no_more(first, plugin, generation):
    report, said = first
    assert [action["kind"] for action in report["actions"]] == ["image", "repository", "plugin"]
    assert kind_of(plugin.type).on(generation).services[0] in report["trial"]["services"]
    assert report["trial"]["remarks"] == []
    assert report["digest"].startswith("sha256:")
    assert (report["plugin_type"], report["collector_id"], report["job"]) == (plugin.type, None, None)
    assert report["next_step"].startswith("Create a ")
    assert "the release ends when it is registered" in said


def test_the_repository_holds_it(first, plugin, client, generation):
    (record,) = client.list("repository.Plugin.list", {"plugin_id": plugin.id})
    assert record[TYPE_FIELDS[generation]] == plugin.type
    listed = client.list("repository.Plugin.list", {TYPE_FIELDS[generation]: plugin.type})
    assert plugin.id in {each["plugin_id"] for each in listed}
    if generation == "2.x":
        assert record["docs"] == {"en": "# How to use it"}
        versions = client.call("repository.Plugin.get_versions", {"plugin_id": plugin.id})
        assert versions["results"] == ["0.1.0"]
    assert client.list("inventory.Collector.list", {"name": plugin.id}) == []


def test_a_second_release_keeps_everything(first, plugin, run, witness):
    with witness.watching(plugin.id) as window:
        done = run(*plugin.arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{plugin.id} 0.1.0 is published" in done.stdout
    assert "Create a " in done.stdout
    # In 1.12, services ask identity whether a token may do what it asks for.
    writes = {method for method in window.calls if method != "identity.Authorization.verify"}
    assert (writes, window.uploads, window.images) == (set(), [], {})


def test_a_changed_guide_is_registered_without_a_new_version(first, plugin, run, client, generation):
    (plugin.folder / "source/docs/en/GUIDE.md").write_text("# How to use it, corrected\n")
    report = json.loads(run(*plugin.arguments, "--output", "json").stdout)
    actions = {action["kind"]: action["action"] for action in report["actions"]}
    assert actions == {
        "image": "keep",
        "repository": "keep",
        "plugin": "update" if generation == "2.x" else "keep",
    }
    (record,) = client.list("repository.Plugin.list", {"plugin_id": plugin.id})
    assert record.get("docs") in (None, {"en": "# How to use it, corrected"})


def test_it_can_be_verified_and_not_collected_with(first, plugin, run):
    _, environment, *more = plugin.arguments
    done = run("verify", environment, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    for command in ("recollect", "show"):
        done = run(command, environment, *more[2:])
        assert done.returncode == 2
        assert "it has no collector, no job and no resources" in done.stderr


def test_a_manifest_that_contradicts_the_image_is_refused_before_the_push(new_plugin, run, client):
    plugin = new_plugin("monitoring.Webhook")
    plugin.register_as("cost_analysis.DataSource")
    done = run(*plugin.arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "it serves a webhook, and the manifest registers it as cost_analysis.DataSource" in done.stderr
    assert client.list("repository.Plugin.list", {"plugin_id": plugin.id}) == []
    plugin.register_as("monitoring.Webhook")
    assert run(*plugin.arguments).returncode == 0, "nothing was pushed under the version"


def test_a_released_plugin_cannot_become_another_kind(first, plugin, run):
    other = next(each for each in SERVICES if each != plugin.type)
    plugin.register_as(other)
    try:
        done = run(*plugin.arguments)
    finally:
        plugin.register_as(plugin.type)
    assert done.returncode == 2, done.stdout + done.stderr
    said = " ".join(done.stderr.split())
    assert f"was tried as {plugin.type}, and the manifest registers it as {other}" in said
    assert f"is '{plugin.type}', but '{other}' is declared" in said
