"""A version is immutable: a new one is built and collected with, a changed one under the old number is refused."""

from __future__ import annotations

import json
from collections import Counter

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.apart]


@pytest.fixture(scope="module")
def first(project, release):
    """The report of 0.1.0."""
    return release(project)


@pytest.fixture(scope="module")
def second(first, project, release, witness, collections):
    """The report of 0.1.1, what the servers saw of it, and how often each container collected meanwhile."""
    before = collections()
    (project.source / "src/VERSION").write_text("0.1.1\n")
    with witness.watching(project.image) as window:
        report = release(project)
    return report, window, collections() - before


@pytest.fixture(scope="module")
def collections(engine, project):
    """How often the containers of each version collected, in their own words."""

    def count() -> Counter[str]:
        label = f"spaceone.supervisor.plugin_id={project.plugin_id}"
        return Counter(
            {
                each.labels["spaceone.supervisor.plugin.version"]: each.logs().count(b'"Collector.collect"')
                for each in engine.containers.list(filters={"label": label}, ignore_removed=True)
            }
        )

    return count


@pytest.fixture
def changed_source(project):
    """One line more in the source, under the old version; taken back afterwards."""
    path = project.source / "src/plugin/serving/ui.py"
    text = path.read_text()
    path.write_text(text + "\n# one line more\n")
    yield path
    path.write_text(text)


def test_a_changed_source_under_a_released_version_is_refused_before_it_is_built(
    first, project, run, witness, changed_source
):
    with witness.watching(project.image) as window:
        done = run(*project.arguments(), "--output", "json")
    assert (done.returncode, json.loads(done.stdout)["error"]["changed"]) == (2, False)
    assert str(project.source / "src/VERSION") in done.stderr.partition("error: ")[2]
    assert "0.1." in done.stderr
    assert (window.calls, window.uploads, window.images) == ({}, [], {})


def test_a_file_that_is_not_in_the_image_makes_no_other_source(first, project, release):
    (project.source / "README.md").write_text("# Changed\n")
    report = release(project)
    assert {action["action"] for action in report["actions"]} == {"keep"}


def test_a_bumped_version_is_built_and_pushed_and_moves_the_collector(second, first):
    report, window, _ = second
    assert (report["version"], report["image"].rpartition(":")[2]) == ("0.1.1", "0.1.1")
    assert report["digest"] != first["digest"]
    done = {(action["kind"], action["action"]) for action in report["actions"]}
    assert done == {("image", "create"), ("collector", "update")} | {
        (kind, "keep")
        for kind in ("repository", "schema", "provider", "project", "service account", "plugin")
    }
    collector = next(action for action in report["actions"] if action["kind"] == "collector")
    assert collector["fields"] == [{"field": "version", "before": "0.1.0", "after": "0.1.1"}]
    assert window.calls == {
        "repository.Plugin.update": 1,  # which image was released
        "inventory.Collector.update_plugin": 1,
        "inventory.Collector.collect": 1,
    }
    assert window.images["push"] == 1
    assert [line for line in window.uploads if line.startswith("PUT") and line.endswith("/manifests/0.1.1")]


def test_the_platform_collects_with_the_new_version(second, project, client):
    report, _, collections = second
    (held,) = client.list("inventory.Collector.list", {"name": project.collector})
    assert (held["plugin_info"]["version"], held["plugin_info"]["upgrade_mode"]) == ("0.1.1", "MANUAL")
    (task,) = client.list("inventory.JobTask.list", {"job_id": report["job"]["job_id"]})
    assert task["status"] == "SUCCESS"
    versions = client.call("repository.Plugin.get_versions", {"plugin_id": project.plugin_id})["results"]
    assert sorted(versions) == ["0.1.0", "0.1.1"]
    assert collections == {"0.1.1": 1}


def test_a_released_version_released_again_after_a_newer_one_is_recognised(second, project, release, witness):
    """Going back: nothing is built or pushed, the collector is moved."""
    (project.source / "src/VERSION").write_text("0.1.0\n")
    with witness.watching(project.image) as window:
        report = release(project)
    assert report["version"] == "0.1.0"
    assert window.calls == {"inventory.Collector.update_plugin": 1, "inventory.Collector.collect": 1}
    assert (window.uploads, window.images) == ([], {})


def test_a_rollback_moves_the_collector_alone(second, project, run, client, witness):
    place = ["--manifest", project.manifest, "--output", "json"]
    (held,) = client.list("inventory.Collector.list", {"name": project.collector})
    before = held["plugin_info"]["version"]
    other = {"0.1.0": "0.1.1", "0.1.1": "0.1.0"}[before]
    with witness.watching(project.image) as window:
        done = run("rollback", project.environment, other, *place)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["flow"], report["version"], report["version_before"]) == ("rollback", other, before)
    assert report["job"]["status"] == "SUCCESS"
    assert window.calls == {"inventory.Collector.update_plugin": 1, "inventory.Collector.collect": 1}
    assert (window.uploads, window.images) == ([], {})
    with witness.watching(project.image) as window:
        again = run("rollback", project.environment, other, *place)
    assert again.returncode == 0, again.stderr
    assert window.calls == {"inventory.Collector.collect": 1}
    found = json.loads(run("history", project.environment, *place).stdout)
    versions = {each["version"]: each for each in found["versions"]}
    assert {name: each["in_use"] for name, each in versions.items()} == {other: True, before: False}
    assert all(each["in_registry"] and each["at"] for each in versions.values())
    refused = run("rollback", project.environment, "0.0.1", *place)
    assert refused.returncode == 2
    assert "0.0.1 of" in refused.stderr
    assert "was never released" in refused.stderr


def test_a_version_that_does_not_serve_is_refused_before_it_is_pushed(second, project, run, client, witness):
    (before,) = client.list("inventory.Collector.list", {"name": project.collector})
    (project.source / "src/VERSION").write_text("0.1.2\n")
    with (project.source / "Dockerfile").open("a") as file:
        file.write('ENTRYPOINT ["python", "-c", "import sys; sys.exit(\'no licence\')"]\n')
    with witness.watching(project.image) as window:
        done = run(*project.arguments(), "--output", "json")
    assert (done.returncode, json.loads(done.stdout)["error"]["changed"]) == (2, False)
    words = done.stderr.partition("error: ")[2]
    assert "trial run of " in words
    assert f"/{project.image}:0.1.2 failed: its process ended with exit code 1" in words
    assert "no licence" in words
    assert window.calls == {}
    assert not [line for line in window.uploads if line.startswith(("PUT", "PATCH"))]
    (after,) = client.list("inventory.Collector.list", {"name": project.collector})
    assert after["plugin_info"]["version"] == before["plugin_info"]["version"] != "0.1.2"
