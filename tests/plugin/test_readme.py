"""What README.md tells authors is so."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from plugin.schema import OPTIONS_SCHEMA
from plugin.types import TYPES

PLUGIN = Path(__file__).parents[2] / "plugin"
README = (PLUGIN / "README.md").read_text()
SOURCE = PLUGIN / "src" / "plugin"


def test_every_option_is_told():
    table = README[README.index("## Options of a collector") : README.index("## What it collects")]
    told = dict(re.findall(r"^\| (\w+) \| ([^|]*) ?\|", table, re.MULTILINE))
    told.pop("option")
    assert list(told) == list(OPTIONS_SCHEMA["properties"])
    for name, words in told.items():
        default = OPTIONS_SCHEMA["properties"][name]["default"]
        if name != "base_url":
            assert words.strip() == (", ".join(default) if isinstance(default, list) else str(default))


def test_every_type_is_told():
    options = README[README.index("## Options of a collector") : README.index("## What it collects")]
    collected = README[README.index("## What it collects") : README.index("### Numbers")]
    for kind in TYPES:
        assert re.search(rf"^\| cloud_service_types \|.*\b{kind.name}\b", options, re.MULTILINE)
        assert re.search(rf"^    {kind.name} ", collected, re.MULTILINE)


def test_every_setting_is_told():
    told = set(re.findall(r"^\| (SPACEONE_\w+) \|", README, re.MULTILINE))
    assert told == set(re.findall(r"SPACEONE_\w+", (SOURCE / "server.py").read_text()))


def test_every_module_is_in_the_layout():
    layout = README[README.index("## Layout") : README.index("## Add a type")]
    told = set(re.findall(r"(\w+\.py)", layout)) - {"setup.py"}
    small = {"__init__.py", "__main__.py", "healthcheck.py", "errors.py", "logs.py"}
    assert told == {path.name for path in SOURCE.glob("*.py")} - small


def test_a_type_is_added_as_it_is_told_and_in_less_than_sixty_lines():
    section = README[README.index("## Add a type") :]
    [block] = re.findall(r"\n\n((?: {7}.*\n|\n(?= {7}|\n {7}))+)", section)
    module = (SOURCE / "types" / "exchange.py").read_text()
    assert textwrap.dedent(block).strip() == module.strip()
    elsewhere = [
        line
        for path in SOURCE.rglob("*.py")
        if path.name != "exchange.py"
        for line in path.read_text().splitlines()
        if re.search(r"\bexchange\b|\bEXCHANGE\b|\"Exchange\"", line)
    ]
    # Its import, its entry in TYPES, its name in the schema.
    assert len(elsewhere) == 3, elsewhere
    assert len(module.splitlines()) + len(elsewhere) < 60
