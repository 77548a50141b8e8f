"""The containers of a platform's plugins, on a stand-in for the engine; tests/e2e finds real ones."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from docker.errors import APIError

from flows.images import EngineError
from flows.images.engine.plugins import plugin_containers
from flows.spaceone import Endpoint

HERE = "unix:///var/run/docker.sock"


def container(name, *networks, address="172.18.0.9", log=b""):
    def logs(**options):
        read.append(options)
        if isinstance(log, Exception):
            raise log
        return log

    read = []
    attrs = {"NetworkSettings": {"Networks": {each: {"IPAddress": address} for each in networks}}}
    return SimpleNamespace(name=name, attrs=attrs, logs=logs, read=read)


def find(*found):
    asked = {}
    client = SimpleNamespace(
        containers=SimpleNamespace(list=lambda **options: asked.update(options) or list(found))
    )
    return plugin_containers(client, HERE, "mine", "plugin-x", "0.1.0"), asked


def test_they_have_the_supervisors_labels_and_are_on_the_platforms_network():
    found, asked = find(
        container("a", "mine"), container("b", "other"), container("c"), container("d", "mine", "other")
    )
    assert [each.name for each in found] == ["a", "d"]
    assert asked["filters"] == {
        "label": ["spaceone.supervisor.plugin_id=plugin-x", "spaceone.supervisor.plugin.version=0.1.0"]
    }
    assert asked["all"] is True, "also one that has ended"


def test_one_that_runs_has_an_address():
    (runs, ended), _ = find(container("a", "mine"), container("b", "mine", address=""))
    assert runs.endpoint == Endpoint("172.18.0.9", 50051, False)
    assert ended.endpoint is None


def test_its_last_lines_since_a_moment():
    made = container("a", "mine", log=b"one\n\ntwo \xff\n")
    (found,), _ = find(made)
    assert found.lines(datetime(2026, 1, 1, tzinfo=UTC)) == ["one", "two \ufffd"]
    assert found.lines(None) == ["one", "two \ufffd"]
    assert [each["since"] for each in made.read] == [1767225600.0, None]


def test_a_log_that_cannot_be_read():
    (found,), _ = find(container("a", "mine", log=APIError("gone")))
    with pytest.raises(EngineError, match="failed while reading the log of a"):
        found.lines(None)
