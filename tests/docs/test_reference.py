"""The generated parts of docs/ are what scripts/reference makes of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from flows.manifest import Manifest
from flows.resources import Target, declared_resources
from flows.spaceone import Generation
from flows.steps.catalogue import CARRY_OUT, STEPS
from flows.steps.report import json_schema
from pluginctl import exit_codes

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def test_the_generated_parts_are_up_to_date(reference):
    stale = [path.name for path, (is_now, text) in reference.pages().items() if is_now != text]
    assert not stale, f"Run scripts/reference, which writes {', '.join(stale)} anew."


def test_the_script_writes_what_is_out_of_date_and_nothing_else(reference, monkeypatch, tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    for page, _ in reference.PARTS:
        text = (ROOT / page).read_text()
        (tmp_path / page).write_text(text.replace("| `plan` |", "| `plam` |"))
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    monkeypatch.setattr(
        reference, "PARTS", {key: reference.PARTS[key] for key in (("docs/steps.md", "steps"),)}
    )
    monkeypatch.setattr("sys.argv", ["reference", "--check"])
    assert reference.main() == 1
    assert capsys.readouterr().out == "out of date: docs/steps.md\n"
    monkeypatch.setattr("sys.argv", ["reference"])
    assert reference.main() == 0
    assert (tmp_path / "docs/steps.md").read_text() == (DOCS / "steps.md").read_text()
    capsys.readouterr()
    assert reference.main() == 0
    assert capsys.readouterr().out == ""


def test_a_page_without_the_part_is_named(reference, monkeypatch, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/steps.md").write_text("# Steps\n")
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"docs/steps\.md contains .* 0 times"):
        reference.pages()


def test_every_error_has_a_section(reference):
    text = (DOCS / "troubleshooting.md").read_text()
    sections = re.findall(r"^### ([a-z-]+)$", text, re.MULTILINE)
    assert sorted({kind.code for kind in reference.error_classes()} - set(sections)) == []
    assert len(sections) == len(set(sections))


def test_every_class_of_errors_has_a_code_of_its_own(reference):
    codes = [kind.code for kind in reference.error_classes()]
    assert sorted(codes) == sorted(set(codes))
    assert len(codes) > 40


def rows(page, first_cell):
    """The cells of a page's table that begins with a heading."""
    table = re.search(
        rf"^\| {first_cell} .*\n\| ---.*\n((?:\|.*\n)+)", (DOCS / page).read_text(), re.MULTILINE
    )
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[1].splitlines()]


def walkthrough():
    return rows("walkthrough.md", "step of the walkthrough")


def test_the_walkthrough_names_only_steps_that_exist():
    target = Target(version="0.1.0")
    manifest = Manifest.load(ROOT / "tests/fixtures/walkthrough", ())
    resources = [
        each for generation in Generation for each in declared_resources(generation, manifest, target)
    ]
    known = {kind.name for kind in STEPS if kind is not CARRY_OUT}
    known |= {f"{each.create_verb} {each.kind}" for each in resources}
    named = [name for row in walkthrough() for name in re.findall(r"`([^`]+)`", row[1])]
    assert [name for name in named if name not in known and not name.startswith("pluginctl ")] == []


def test_the_walkthrough_names_only_keys_of_the_report():
    def known(path, node):
        for key in path.split("."):
            node = node.get("properties", {}).get(key)
            if node is None or "properties" not in node:
                return node is not None
        return True

    keys = [key.strip() for row in walkthrough() for key in row[2].split(",") if key.strip()]
    assert len(keys) > 15
    assert [key for key in keys if not known(key, json_schema())] == []


def test_the_walkthrough_names_only_tests_that_exist():
    named = [name for row in walkthrough() for name in re.findall(r"tests/[\w./-]+", row[3])]
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("schema", [json_schema, exit_codes.json_schema], ids=["report", "error"])
def test_the_examples_fit_their_schemas(schema):
    title = schema()["properties"]["schema"]["const"]
    blocks = re.findall(r"```json\n(.*?)```", (DOCS / "report.md").read_text(), re.DOTALL)
    [example] = [found for found in map(json.loads, blocks) if found["schema"] == title]
    jsonschema.validate(example, schema())


def test_the_manifest_of_ones_own_plugin_is_one_in_both_generations(tmp_path):
    text = (DOCS / "own-plugin.md").read_text()
    (tmp_path / "manifest.yaml").write_text(re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1])
    manifest = Manifest.load(tmp_path, ())
    for generation in Generation:
        kinds = [each.kind for each in declared_resources(generation, manifest, Target(version="0.1.0"))]
        assert {"schema", "provider", "project", "service account", "plugin", "collector"} <= set(kinds)


def test_every_variable_of_the_pipeline_is_documented():
    told = (DOCS / "commands.md").read_text()
    sources = [path for room in ("flows", "pluginctl", "sandbox") for path in (ROOT / room).rglob("*.py")]
    used = {name for path in sources for name in re.findall(r"\bPLUGINCTL_[A-Z_]+", path.read_text())}
    marks = {"PLUGINCTL_SANDBOX_PART"}  # set for the sandbox's processes, by which it finds them again
    assert {name for name in used - marks if f"`{name}`" not in told} == set()
