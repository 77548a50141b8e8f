from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import yaml

from sandbox.machine.layout import Layout
from sandbox.spaceone import environment_files
from sandbox.spaceone.generations import generation_of

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.spaceone.settings import Settings

PORTFOLIO = "plugin-portfolio-inven-collector"
MARKET = "http://market:8000"
CREDENTIALS = {
    "2.x": {"sandbox": {"token": "D"}, "sandbox-workspace": {"token": "W"}},
    "1.12": {"sandbox": {"api_key": "K"}},
}


def write(layout: Layout, settings: Settings, market: str | None = MARKET) -> dict[str, Any]:
    credentials = CREDENTIALS[layout.root.name]
    options = generation_of(layout).plugin_options
    environment_files.write(layout, settings, credentials, "python:3.11-slim", market, options)
    written: dict[str, Any] = yaml.safe_load(layout.environment.read_text())
    return written


def test_the_environment_of_2(layout: Layout, settings: Settings):
    assert write(layout, settings) == {
        "spacectl": "home/.spaceone/environments/sandbox.yml",
        "workspace": {"spacectl": "home/.spaceone/environments/sandbox-workspace.yml"},
        "registry": {"address": "127.0.0.1:21006", "type": "HARBOR", "insecure": "http"},
        "build": {"args": {"BASE_IMAGE": "python:3.11-slim"}},
        "plugin_network": f"pluginctl-{layout.identifier}",
        "plugin_options": {PORTFOLIO: {"base_url": f"{MARKET}/api/v3"}},
    }


def test_the_environment_of_1_12_knows_no_workspace_and_tells_plugins_their_generation(
    tmp_path: Path, settings: Settings
):
    written = write(Layout.of(tmp_path, "1.12"), settings)
    assert "workspace" not in written
    assert written["plugin_options"] == {PORTFOLIO: {"base_url": f"{MARKET}/api/v3", "generation": "1.12"}}


def test_spacectls_files_hold_endpoints_and_the_token_by_its_name(either: Layout, settings: Settings):
    write(either, settings)
    for name, secret in CREDENTIALS[generation_of(either).name].items():
        file = either.spacectl(name)
        assert yaml.safe_load(file.read_text()) == {"endpoints": settings.published_endpoints(), **secret}
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_where_coingecko_answers_its_address_is_said(either: Layout, settings: Settings):
    # The platform keeps a collector's old options when it is given none.
    options = write(either, settings, market=None)["plugin_options"][PORTFOLIO]
    assert options["base_url"] == "https://api.coingecko.com/api/v3"


def test_the_readers_choice_of_spacectl_environment_stays(layout: Layout, settings: Settings):
    write(layout, settings)
    chosen = layout.spacectl_home / ".spaceone" / "environment.yml"
    assert yaml.safe_load(chosen.read_text()) == {"environment": "sandbox"}
    chosen.write_text("environment: sandbox-workspace\n")
    write(layout, settings)
    assert chosen.read_text() == "environment: sandbox-workspace\n"
