import json

import pytest
from typer.testing import CliRunner

from flows.preview import preview
from flows.steps.errors import NoSuchResource
from pluginctl import app as cli
from pluginctl.commands import show as show_command

FIELDS = [{"name": "Price", "key": "data.price"}, {"name": "Rank", "key": "data.rank"}]
LAYOUT = {"name": "Market", "type": "item", "options": {"fields": FIELDS}}
SHOWN = preview(
    {
        "name": "Bit[coin]",
        "provider": "portfolio",
        "data": {"price": 64321.5, "rank": 1.0},
        "tags": {"portfolio": {"symbol": "BTC"}},
    },
    {"metadata": {"view": {"sub_data": {"layouts": [LAYOUT]}}}},
)


@pytest.fixture
def pluginctl(monkeypatch, checkout, tmp_path):
    monkeypatch.chdir(checkout)
    environment = tmp_path / "here.yaml"
    environment.write_text("{}")

    def pluginctl(command, *arguments, **answers):
        for name, answer in answers.items():
            monkeypatch.setattr(show_command, name, answer)
        return CliRunner().invoke(cli.app, [command, str(environment), *arguments])

    return pluginctl


def test_a_resource_is_shown_tab_by_tab(pluginctl):
    done = pluginctl("show", "Bit[coin]", show_resource=lambda *_: SHOWN)
    assert done.exit_code == 0
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    assert lines[:2] == ["Bit[coin]", "── Details ──"]
    assert [line for line in lines if line.startswith("──")] == [
        "── Details ──",
        "── Market ──",
        "── Tags ──",
    ]
    assert "Price  64,321.5" in lines


def test_a_resource_for_programs(pluginctl):
    done = pluginctl("show", "--output", "json", show_resource=lambda *_: SHOWN)
    shown = json.loads(done.stdout)
    assert shown["tags"] == {"symbol": "BTC"}
    assert shown["tabs"][0]["rows"] == [["Price", "64,321.5"], ["Rank", "1"]]


def test_the_name_and_the_manifest_are_handed_on(pluginctl):
    seen = []

    def show_resource(environment, manifest, name, runner):
        seen.append((environment.name, manifest.plugin.name, name))
        return SHOWN

    pluginctl("show", "Bitcoin", "-p", "plugin.name=Other", show_resource=show_resource)
    assert seen == [("here", "Other", "Bitcoin")]


def test_what_is_not_there_is_an_error_and_nothing_was_changed(pluginctl):
    def show_resource(*_):
        raise NoSuchResource("no resource called 'x'")

    done = pluginctl("show", "x", show_resource=show_resource)
    assert (done.exit_code, done.stdout) == (2, "")
