"""The page that says what is promised: each promise names a test, and the methods are those that are called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.manifest import Manifest
from flows.resources import Target, declared_resources
from flows.spaceone import Generation

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TESTS = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))


@pytest.mark.parametrize("test", TESTS)
def test_the_test_of_a_promise_exists(test):
    assert "def test_" in (ROOT / test).read_text(encoding="utf-8")


def test_every_promise_names_one():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count("|") == 3]
    promises = [line for line in rows if not line.startswith(("| promise", "| ---", "| service"))]
    table_of_methods = [
        line
        for line in promises
        if line.startswith(("| identity", "| repository", "| secret |", "| inventory", "| all"))
    ]
    assert [line for line in promises if "`tests/" not in line and line not in table_of_methods] == []


def test_the_methods_of_the_role_are_those_that_are_called():
    told = {
        f"{service}.{resource}.{verb}"
        for service, row in re.findall(
            r"^\| (identity|repository|secret|inventory) \| (.*) \|$", PAGE, re.MULTILINE
        )
        for resource, verbs in re.findall(r"(\w+) \(([a-z_, ]+)\)", row)
        for verb in verbs.split(", ")
    }
    assert told == called_by_resources() | called_by_name() | {"inventory.Region.list"}


def called_by_resources():
    manifest = Manifest.load(ROOT / "deployments" / "portfolio")
    return {
        f"{resource.api}.{verb}"
        for generation in Generation
        for resource in declared_resources(generation, manifest, Target(version="1"))
        for verb in (
            "list",
            *([resource.create_verb] if resource.create_params else []),
            *(writer.verb for writer in resource.writers),
        )
    }


def called_by_name():
    # The table of kinds names the calls that a user makes.
    files = [path for path in (ROOT / "flows").rglob("*.py") if path.name != "plugin_kinds.py"]
    sources = "".join(path.read_text() for path in files)
    return set(re.findall(r'"((?:identity|inventory|repository|secret)\.[A-Z]\w+\.[a-z_]+)"', sources))
