from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from flows.images import EngineError, EngineUnreachable
from flows.manifest import Environment, Manifest, Settings
from flows.steps.plugin_containers import RunningPlugin, containers, last_words, where_to_look, without

PLUGIN = RunningPlugin("plugin-x", "0.1.0", "acme", ({"key": "hush-hush"},))


@pytest.fixture
def engine(monkeypatch):
    """An engine with two containers of the plugin; `asked` is what it was asked for, `refuses` what it raises."""
    world = SimpleNamespace(asked=[], refuses=None, lines={"new": ["later hush-hush"], "old": ["sooner"]})

    def lines(name):
        def read(since):
            world.asked.append(since and since.isoformat())
            if world.refuses:
                raise world.refuses
            return world.lines[name]

        return read

    def found(network, plugin_id, version):
        world.asked.append((network, plugin_id, version))
        return [SimpleNamespace(name=name, lines=lines(name)) for name in world.lines]

    @contextmanager
    def connect():
        if isinstance(world.refuses, EngineUnreachable):
            raise world.refuses
        yield SimpleNamespace(plugin_containers=found)

    monkeypatch.setattr("flows.images.engine.client.Engine.connect", connect)
    return world


def environment(network="mine"):
    return Environment(name="test", folder="/", settings=Settings(plugin_network=network))


def test_the_last_words_of_all_containers_since_a_moment_without_secrets(engine):
    assert last_words(environment(), PLUGIN, "2026-01-01T00:00:00.000Z") == ("sooner", "later (hidden)")
    assert engine.asked == [("mine", "plugin-x", "0.1.0"), *["2026-01-01T00:00:00+00:00"] * 2]


@pytest.mark.parametrize("since", ["", "yesterday"])
def test_a_moment_that_is_not_known_is_any(engine, since):
    last_words(environment(), PLUGIN, since)
    assert engine.asked[1:] == [None, None]


def test_an_environment_elsewhere_asks_no_engine(engine):
    assert last_words(environment(None), PLUGIN, "") is None
    with containers(environment(None), PLUGIN) as found:
        assert found == []
    assert engine.asked == []
    assert where_to_look(PLUGIN).endswith("that the platform's supervisor runs for plugin-x 0.1.0.")


def test_no_container_is_not_the_same_as_no_words(engine):
    engine.lines = {}
    assert last_words(environment(), PLUGIN, "") is None
    engine.lines = {"silent": []}
    assert last_words(environment(), PLUGIN, "") == ()


@pytest.mark.parametrize("error", [EngineError("no"), EngineUnreachable("nobody")])
def test_an_engine_that_does_not_answer_hides_no_failure(engine, error):
    engine.refuses = error
    assert last_words(environment(), PLUGIN, "") is None


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ({"a": "hush!", "b": {"c": ["hush!-hush"]}}, "hush!-hush or hush!", "(hidden) or (hidden)"),
        ({"quoted": 'a"b\\\\c'}, r"{'key': 'a\"b\\\\c'}", "{'key': '(hidden)'}"),
        ({"pin": 12345}, "pin 12345", "pin (hidden)"),
        ({"short": "abcd", "yes": True, "none": None}, "abcd True None", "abcd True None"),
        ({"pem": "BEGIN\nMIIEvQ\nEND-"}, "line MIIEvQ", "line (hidden)"),
        ({"pem": "BEGIN\nMIIEvQ\n"}, r"'BEGIN\nMIIEvQ\n'", r"'(hidden)\n(hidden)\n'"),
        (({"a": "hush!"}, None), "hush!", "(hidden)"),
        (None, "hush", "hush"),
    ],
)
def test_a_text_without_a_secret(secret, text, shown):
    assert without(secret, text) == shown


def test_a_plugin_knows_the_secrets_of_its_manifest(checkout):
    plugin = RunningPlugin.of(Manifest.load(checkout / "deployments/portfolio"), "x", "1")
    assert plugin.secrets
    assert "secrets" not in repr(plugin)
