"""What README.md tells authors is so."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from plugin.schema import OPTIONS_SCHEMA, SECRET_PROPERTIES
from plugin.serving.options import OptionsSchema
from plugin.types import TYPES

PLUGIN = Path(__file__).parents[2] / "plugin"
README = (PLUGIN / "README.md").read_text()
SOURCE = PLUGIN / "src" / "plugin"


def test_every_option_is_told():
    table = README[README.index("## Options of a collector") : README.index("## The secret")]
    told = dict(re.findall(r"^\| (\w+) \| ([^|]*) ?\|", table, re.MULTILINE))
    told.pop("option")
    properties = OptionsSchema(OPTIONS_SCHEMA).document["properties"]
    assert list(told) == list(properties)
    for name, words in told.items():
        default = properties[name]["default"]
        if name != "base_url":
            assert words.strip() == (", ".join(default) if isinstance(default, list) else str(default))


def test_every_key_of_the_secret_is_told():
    table = README[README.index("## The secret") : README.index("## What it collects")]
    assert re.findall(r"^\| (\w+) \| .* \|$", table, re.MULTILINE) == list(SECRET_PROPERTIES)


def test_every_type_is_told():
    options = README[README.index("## Options of a collector") : README.index("## What it collects")]
    collected = README[README.index("## What it collects") : README.index("### Numbers")]
    for kind in TYPES:
        assert re.search(rf"^\| cloud_service_types \|.*\b{kind.name}\b", options, re.MULTILINE)
        assert re.search(rf"^    {kind.name} ", collected, re.MULTILINE)


def test_every_setting_is_told():
    told = set(re.findall(r"^\| (SPACEONE_\w+) \|", README, re.MULTILINE))
    assert told == set(re.findall(r"SPACEONE_\w+", (SOURCE / "serving" / "settings.py").read_text()))


def test_every_module_is_in_the_layout():
    layout = README[README.index("## Layout") : README.index("## A collector of your own")]
    own, serving = layout.split("serving/  ")
    assert set(re.findall(r"(\w+\.py)", own)) - {"setup.py"} == _modules(SOURCE)
    assert set(re.findall(r"(\w+\.py)", serving)) == _modules(SOURCE / "serving")


def _modules(folder):
    return {path.name for path in folder.glob("*.py")} - {"__init__.py", "__main__.py"}


def test_the_collector_of_ones_own_is_the_minimal_one():
    section = README[README.index("## A collector of your own") : README.index("## Add a type")]
    [block] = re.findall(r"\n\n((?: {4}.*\n|\n(?= {4}|\n {4}))+)", section)
    minimal = Path(__file__).with_name("serving") / "minimal_collector.py"
    assert textwrap.dedent(block).strip() == minimal.read_text().strip()
    assert len(minimal.read_text().splitlines()) <= 40


def test_a_type_is_added_as_it_is_told_and_in_at_most_sixty_lines():
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
    assert len(module.splitlines()) + len(elsewhere) <= 60
