import re
from dataclasses import replace

import pytest

from flows.collection import Verdict
from flows.preview import PAIR, Preview, Section
from flows.resources import Action, FieldChange, Plan, Verb
from flows.steps.markdown import PLAN_COLUMNS, cells, plan_rows, plan_summary, release_report
from flows.text import printable, unescaped
from tests.rendering import rendered
from tests.reports import JOB, collected, delivered, planned, report

ACTIONS = (
    Action("image", "host/portfolio:0.1.0", Verb.KEEP),
    Action(
        "provider",
        "portfolio",
        Verb.UPDATE,
        (
            FieldChange("tags", {"a": "old", "b": 1}, {"a": "new|er", "b": 1.0}),
            FieldChange("alias", None, "P"),
        ),
        notes=("template: elsewhere.",),
    ),
    Action(
        "plugin", "portfolio", Verb.CREATE, (FieldChange("name", None, "P"), FieldChange("docs", None, {}))
    ),
    Action("collector", "Coins", Verb.BLOCKED, reason="2 of this name exist."),
)


def made(*failures, **fields):
    return report(
        *failures,
        **{
            "planned": planned(ACTIONS),
            "delivered": delivered(),
            "collected": collected(*failures, rows=(("Bit|coin", "64,000"),)),
            "seconds": 12.34,
            **fields,
        },
    )


def test_a_plan_has_a_row_for_each_action_with_its_changes_and_remarks():
    rows = [dict(zip(PLAN_COLUMNS, row, strict=True)) for row in plan_rows(ACTIONS)]
    assert [row["action"] for row in rows] == ["keep", "update", "create", "blocked"]
    assert [row["changes"] for row in rows] == [
        "",
        "tags.a: old → new|er; alias: nothing → P",
        "name, docs",
        "",
    ]
    assert [row["remarks"] for row in rows] == ["", "template: elsewhere.", "", "2 of this name exist."]
    assert plan_summary(Plan(ACTIONS)) == "1 to create, 1 to update, 1 to keep, 1 blocked."


def test_a_report_of_a_failure_has_the_plugins_last_words():
    verdict = Verdict(JOB, ("no",), {}, {}, ("\x1b[31mlogin [failed](x)\x1b[0m",))
    text = release_report(made("no", collected=collected("no", verdict=verdict)))
    assert "## The plugin's last lines\n\n- login \\[failed](x)" in text
    assert "last lines" not in release_report(made("no"))


def test_a_report_leads_from_the_revision_to_the_counts():
    text = release_report(made())
    steps = [
        "# Release of portfolio 0.1.0 succeeded",
        "sandbox (SpaceONE 2.x)",
        "c0ffee",
        f"`{planned().source.plugin.digest}`",
        "| source | version 0.1.0, 1 requirement, setup.py plugin-portfolio 0.1.0, on python:3.11. Look at \\[it]. |",
        "`host/portfolio:0.1.0`",
        "`sha256:image`",
        "| built | abababababab, 155.0 MB, user root, exposes 50051/tcp, 2024-07-25 17:31:01 UTC |",
        f"| trial run | {delivered().trial} |",
        "portfolio 0.1.0",
        "`collector-1`",
        "`job-1` SUCCESS, tasks: 2",
        "12.3 s",
        "| inventory.CloudService | 5 |",
        "| Bit\\|coin | 64,000 |",
        "| update | provider | portfolio | tags.a: old → new\\|er; alias: nothing → P | template: elsewhere. |",
    ]
    place = 0
    for step in steps:
        place = text.index(step, place)
    assert "Why it failed" not in text


def test_every_row_of_a_table_has_as_many_cells_as_its_head():
    width = 0
    for line in release_report(made()).splitlines():
        cells = line.replace("\\|", "").count("|")
        if not line.startswith("|"):
            width = 0
        elif width:
            assert cells == width, line
        else:
            width = cells


def test_a_failed_report_says_why():
    text = release_report(made("One.", "Two."))
    assert text.startswith("# Release of portfolio 0.1.0 failed")
    assert "## Why it failed\n\n- One.\n- Two.\n" in text


def test_what_there_is_not_is_left_out():
    text = release_report(made(flow="recollect", planned=None, delivered=None, registered=None))
    assert text.startswith("# Recollect of portfolio 0.1.0 succeeded")
    for words in ("digest", "revision", "## Actions", "built"):
        assert words not in text
    text = release_report(made(delivered=None, collected=None, collector_id=None))
    for words in ("trial run", "built", "collector-1", "job-1", "## Resources"):
        assert words not in text


HOSTILE = [
    '<img src="http://a.example/x.png">',
    "<!-- gone -->",
    "[x](javascript:alert(1))",
    "![x](http://a.example)",
    "http://a.example www.a.example //a.example a@b.example",
    "a|b\\|c\\\\|d",
    "`a` ``",
    "# *a* _b_ ~~c~~",
    "a\n\n# b\n| c |",
    "1. a",
    "\x1b]0;owned\x07\u202e",
    "&lt;script&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_from_elsewhere_are_text(text):
    """Wherever one may stand: in titles, code spans, cells and lists."""
    section = Section(text, text, (text, "b"), ((text, text),))
    pairs = Section("Tags", text, PAIR, ((text, text),))
    action = Action(text, text, Verb.BLOCKED, (FieldChange(text, {text: text}, {}),), text)
    plan = planned((action,))
    source = replace(plan.source, base=text, plugin=replace(plan.source.plugin, revision=text))
    found = collected(text, columns=(text, "b"), rows=((text, "1"),), by_type={text: 5})
    verdict = replace(found.verdict, job=replace(JOB, job_id=text, status=text), resources={text: 1})
    shown = made(
        text,
        planned=replace(plan, source=source),
        delivered=replace(delivered(), digest=text),
        collected=replace(found, verdict=verdict, preview=Preview(text, pairs, pairs, (section,))),
        plugin_id=text,
        version=text,
        collector_id=text,
        environment=text,
        generation=text,
    )
    line = printable(re.sub(r"\s*\n\s*", " ", text))
    texts = rendered(release_report(shown))
    assert sum(line in each for each in texts) > 20


@pytest.mark.parametrize("text", HOSTILE)
def test_cells_of_a_table_artifact_are_text(text):
    ((head, cell),) = [item for row in cells((text,), [(text,)]) for item in row.items()]
    line = printable(re.sub(r"\s*\n\s*", " ", text))
    assert rendered(head) == rendered(cell) == [line]
    assert unescaped(cell) == line


def test_a_plugin_that_was_published_has_its_next_step():
    text = release_report(report(collected=None, planned=planned(ACTIONS)))
    assert "Published without a collector. Create a collector with it, in the console or by the API" in text
    assert "Published without" not in release_report(made())
