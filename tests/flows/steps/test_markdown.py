from datetime import UTC, datetime

import pytest

from flows.collection import Job, Verdict
from flows.images import Contents, ImageReference, LocalImage, Login, Setup, Trial
from flows.resources import Action, FieldChange, Plan, Verb
from flows.steps.markdown import PLAN_COLUMNS, plan_rows, plan_summary, release_report
from flows.steps.report import ImageReport, Report

BUILT = LocalImage(
    ImageReference("host", "portfolio", "0.1.0"),
    f"sha256:{'ab' * 32}",
    datetime(2024, 7, 25, 17, 31, 1, tzinfo=UTC),
    155_000_000,
    *("", ("50051/tcp",), {}),
)
JOB = Job("job-1", "SUCCESS", 2, 0, 2, 0, "")
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


@pytest.fixture
def make():
    def make(**fields):
        image = ImageReport(
            *("host/portfolio:0.1.0", "sha256:image", "sha256:source", "c0ffee"),
            base="python:3.11",
            contents=Contents(1, Setup("plugin-portfolio", "0.1.0"), ("Look at [it].",)),
            login=Login("ann", token=False),
            built=BUILT,
            trial=Trial(("grpc.health.v1.Health", "Collector"), 0.3333),
        )
        verdict = Verdict(JOB, (), {"inventory.CloudService": 5}, {"created": 5})
        return Report(
            **{
                "flow": "release",
                "environment": "sandbox",
                "generation": "2.x",
                "plugin_id": "portfolio",
                "version": "0.1.0",
                "image": image,
                "actions": ACTIONS,
                "collector_id": "collector-1",
                "verdict": verdict,
                "columns": ("Name", "Price"),
                "rows": (("Bit|coin", "64,000"),),
                "seconds": 12.34,
                **fields,
            }
        )

    return make


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


def test_a_report_leads_from_the_revision_to_the_counts(make):
    text = release_report(make())
    steps = [
        "# Release of portfolio 0.1.0 succeeded",
        "sandbox (SpaceONE 2.x)",
        "c0ffee",
        "`sha256:source`",
        "| source | version 0.1.0, 1 requirement, setup.py plugin-portfolio 0.1.0, on python:3.11. Look at [it]. |",
        "`host/portfolio:0.1.0`",
        "`sha256:image`",
        "| built | abababababab, 155.0 MB, user root, exposes 50051/tcp, 2024-07-25 17:31:01 UTC |",
        "| trial run | serves grpc.health.v1.Health, Collector after 0.3 s |",
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


def test_every_row_of_a_table_has_as_many_cells_as_its_head(make):
    width = 0
    for line in release_report(make()).splitlines():
        cells = line.replace("\\|", "").count("|")
        if not line.startswith("|"):
            width = 0
        elif width:
            assert cells == width, line
        else:
            width = cells


def test_a_failed_report_says_why(make):
    verdict = Verdict(JOB, ("One.", "Two."), {}, {})
    text = release_report(make(verdict=verdict))
    assert text.startswith("# Release of portfolio 0.1.0 failed")
    assert "## Why it failed\n\n- One.\n- Two.\n" in text


def test_what_there_is_not_is_left_out(make):
    text = release_report(make(flow="recollect", image=None, actions=(), rows=()))
    assert text.startswith("# Recollect of portfolio 0.1.0 succeeded")
    for words in ("digest", "revision", "## Actions", "Bit"):
        assert words not in text
    without = ImageReport("host/portfolio:0.1.0", None, "sha256:source")
    text = release_report(make(image=without, collector_id=None, verdict=None, dry_run=True))
    for words in (
        "image digest",
        "source revision",
        "trial run",
        "built",
        "collector-1",
        "job-1",
        "## Resources",
    ):
        assert words not in text


def test_a_report_for_programs(make):
    shown = make().as_json()
    promised = {"environment", "generation", "plugin_id", "version", "image", "digest", "actions", "job"}
    assert set(shown) >= promised | {"resources", "duration_s"}
    assert (shown["image"], shown["digest"]) == ("host/portfolio:0.1.0", "sha256:image")
    assert shown["source"] == {
        "requirements": 1,
        "setup": {"name": "plugin-portfolio", "version": "0.1.0"},
        "remarks": ("Look at [it].",),
        "base": "python:3.11",
    }
    assert shown["login"] == "as ann"
    assert shown["built"]["size"] == 155_000_000
    assert shown["built"]["created"] == "2024-07-25T17:31:01+00:00"
    assert shown["trial"] == {
        "services": ["grpc.health.v1.Health", "Collector"],
        "seconds": 0.333,
        "reflection": True,
    }
    assert shown["duration_s"] == 12.34
    assert shown["resources"] == {"inventory.CloudService": 5}
    assert [set(action) >= {"kind", "name", "action", "fields"} for action in shown["actions"]] == [True] * 4
    assert shown["actions"][1]["fields"][1] == {"field": "alias", "before": None, "after": "P"}
    assert shown["actions"][3]["reason"] == "2 of this name exist."
    assert "dry_run" not in shown
    recollected = make(image=None).as_json()
    assert {recollected[name] for name in ("image", "digest", "source", "login", "built", "trial")} == {None}
    dry = make(verdict=None, dry_run=True).as_json()
    assert (dry["dry_run"], dry["job"], dry["resources"]) == (True, None, {})
