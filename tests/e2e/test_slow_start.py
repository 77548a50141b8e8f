"""A plugin that listens long after its container was started: released and collected with.

`PLUGINCTL_TEST_START_SECONDS=90` makes it as slow as on a busy machine, as its Dockerfile says. The default here
is enough for the trial to say that it waits, and for the platform to take the collector back once.
"""

from __future__ import annotations

import json
import os
import re

import pytest

from tests.e2e.other_plugins import Plugin

pytestmark = [pytest.mark.e2e, pytest.mark.apart]

SECONDS = int(os.environ.get("PLUGINCTL_TEST_START_SECONDS", "14"))


@pytest.fixture(scope="module")
def slow(platform, sandbox_home, tmp_path_factory):
    """The plugin, with its seconds as a build argument."""
    folder = tmp_path_factory.mktemp("plugin")
    return Plugin("slow", "manifest", platform, sandbox_home, folder, START_SECONDS=str(SECONDS))


def test_it_is_tried_and_its_collector_created_as_soon_as_it_listens(slow, run, witness):
    with witness.watching(slow.image) as window:
        done = run(*slow.arguments(), "--output", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["trial"]["seconds"] >= SECONDS
    assert report["job"]["failures"] == []
    assert re.search(r"still starting after 1\d s.*importing", done.stderr)
    assert "the platform does not reach the plugin's container yet" in done.stderr
    assert window.calls["inventory.Collector.create"] > 1
    assert window.calls["inventory.Collector.collect"] == 1


def test_a_second_release_keeps_everything(slow, release):
    assert {action["action"] for action in release(slow)["actions"]} == {"keep"}
