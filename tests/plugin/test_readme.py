"""What README.md tells authors to write does what it says."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest
from plugin.options import OPTIONS_SCHEMA, PER_PAGE, Options, Secret
from plugin.source import Source
from plugin.tasks import pages
from plugin.types import CloudServiceType, Record
from plugin.types.model import present

from plugin import collection, source, ui

README = (Path(__file__).parents[2] / "plugin" / "README.md").read_text()


def test_every_option_is_told():
    table = README[README.index("## Options of a collector") : README.index("## What it collects")]
    told = dict(re.findall(r"^\| (\w+) \| ([^|]+) \|", table, re.MULTILINE))
    told.pop("option")
    assert set(told) == set(OPTIONS_SCHEMA["properties"])
    for name, default in told.items():
        if name != "base_url":
            assert default == str(OPTIONS_SCHEMA["properties"][name]["default"])


@pytest.mark.integration
def test_the_type_that_it_adds_is_collected(market, monkeypatch):
    section = README[README.index("## Add a type") :]
    call, module = (
        textwrap.dedent(block) for block in re.findall(r"\n\n((?: {7}.*\n|\n(?= {7}))+)", section)
    )
    used = (CloudServiceType, Record, pages, present)
    words = {**vars(source), **{name.__name__: name for name in used}, "ui": ui, "PER_PAGE": PER_PAGE}
    exec(call, words)  # noqa: S102 - the README's own lines
    exec(module, words)  # noqa: S102
    monkeypatch.setattr(Source, "exchanges", words["exchanges"], raising=False)
    kinds = (*collection.TYPES, words["EXCHANGE"])
    monkeypatch.setattr(collection, "TYPES", kinds)
    monkeypatch.setattr(collection, "BY_NAME", {kind.name: kind for kind in kinds})
    options = Options(base_url=market)
    tasks = collection.split(options)
    messages = list(collection.collect(options, Secret(), tasks, lambda _: True))
    assert [task.cloud_service_type for task in tasks] == ["Cryptocurrency", "Exchange"]
    assert [message.resource_type for message in messages[:3]] == [
        "inventory.Region",
        "inventory.CloudServiceType",
        "inventory.CloudServiceType",
    ]
    exchanges = messages[3 + 5 :]
    assert len(exchanges) == 20
    first = exchanges[0].resource.fields
    assert first["name"].string_value == "Binance"
    assert first["cloud_service_type"].string_value == "Exchange"
    assert json.loads(first["json_data"].string_value) == {"country": "Cayman Islands", "rank": 1}
