import io
from dataclasses import replace

import pytest

from flows.collection import Verdict
from flows.plugin_kinds import kind_of
from flows.resources import Action, FieldChange, Verb
from pluginctl.output import Terminal
from pluginctl.tables import plan_table, rows_table, show_collected, show_report
from tests.reports import JOB, collected, delivered, planned, report


@pytest.fixture
def console():
    return Terminal(file=io.StringIO(), width=160)


def shown(console, *things):
    for thing in things:
        console.print(thing)
    return console.file.getvalue()


ACTIONS = (Action("provider", "folio [x]", Verb.CREATE), Action("plugin", "portfolio", Verb.KEEP))


def test_a_plan_shows_what_changes(console):
    changes = (FieldChange("tags", {"a": "old"}, {"a": "new", "b": None}), FieldChange("name", "One", "Two"))
    text = shown(
        console,
        plan_table(
            [
                Action("image", "host/x:1", Verb.KEEP),
                Action("provider", "x", Verb.UPDATE, changes),
                Action(
                    "plugin",
                    "x",
                    Verb.CREATE,
                    (FieldChange("name", None, "x"), FieldChange("docs", None, {})),
                ),
                Action("collector", "x", Verb.BLOCKED, reason="because"),
            ]
        ),
    )
    for words in ("tags.a: old → new", "name: One → Two", "name, docs", "see below"):
        assert words in text
    assert "tags.b" not in text


def test_a_long_value_is_cut_and_lines_are_joined(console):
    change = FieldChange("help", None, "one\n  two " + "x" * 100)
    text = shown(console, plan_table([Action("provider", "x", Verb.UPDATE, (change,))]))
    assert "help: nothing → one two x" in text
    assert "…" in text


@pytest.mark.parametrize("words", ["[red]", "[/red]", "[/]", "[bold", "a [b] c"])
def test_names_that_look_like_markup_stay_as_they_are(console, words):
    change = FieldChange(words, words, f"{words}!")
    text = shown(
        console,
        plan_table([Action("provider", words, Verb.UPDATE, (change,))]),
        rows_table("Rows", (words, "b"), [(words, words)]),
    )
    assert text.count(words) >= 5


def test_columns_of_numbers_stand_to_the_right():
    cells = [("a", "1", "1,234.5", "", "x"), ("b", "-2", "1.2e-05", "1e+18", "3")]
    table = rows_table("Rows", ("name", "whole", "part", "some", "mixed"), cells)
    assert [column.justify for column in table.columns] == ["left", "right", "right", "right", "left"]
    assert [column.justify for column in rows_table("Rows", ("a",), []).columns] == ["left"]
    assert [column.justify for column in rows_table("Rows", ("a",), [("nan",)]).columns] == ["left"]


def test_a_success_says_what_and_how_long(console):
    show_report(console, report(actions=ACTIONS))
    text = console.file.getvalue()
    assert "folio [x]" in text
    assert "Collected (the first 1 of 5)" in " ".join(text.split())
    assert "64,321.5" in text
    assert (
        "release of portfolio 0.1.0 succeeded in 1.2 s: 5 inventory.CloudService, 1 inventory.Region." in text
    )


def test_a_failure_gives_every_reason(console):
    show_report(console, report(collected=collected("One [x].", "Two.", rows=(), by_type={})))
    text = console.file.getvalue()
    assert "release of portfolio 0.1.0 failed" in text
    assert "  One [x].\n  Two.\n" in text
    assert "Collected" not in text


def test_a_failure_gives_the_plugins_last_words(console):
    verdict = Verdict(JOB, ("no",), {}, {}, ("\x1b[31mlogin [failed]\x1b[0m", "\x1b[2J"))
    show_report(console, report("no", collected=collected("no", verdict=verdict)))
    assert shown(console).splitlines()[-3:] == [
        "The plugin's last lines since the job began:",
        "    login [failed]",
        r"    \x1b[2J",
    ]


def test_a_dry_run_says_that_nothing_was_changed(console):
    show_report(console, report(collected=None, dry_run=True))
    assert console.file.getvalue() == "Nothing was changed: this was a dry run.\n"


def test_columns_that_do_not_fit_are_named_instead_of_broken():
    console = Terminal(file=io.StringIO(), width=40)
    columns = ("Name", "Price", "Market Capitalisation", "Volume")
    show_collected(console, columns, [("Bitcoin", "64,321.5", "1,234,567,890,123", "1")], 1)
    text = console.file.getvalue()
    assert "Price" in text
    assert "A wider terminal also shows: Market Capitalisation, Volume." in " ".join(text.split())
    show_collected(narrow := Terminal(file=io.StringIO(), width=4), columns, [("Bitcoin", "64", "1", "1")], 1)
    assert "also" in narrow.file.getvalue()


def test_nothing_collected_is_no_table(console):
    show_collected(console, (), (), 0)
    assert console.file.getvalue() == ""


def test_what_was_built_is_shown_as_docker_images_shows_it(console):
    show_report(console, report(delivered=delivered()))
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    start = lines.index("Image")
    assert lines[start + 1 : start + 4] == [
        "repository tag image id created size",
        "host/portfolio 0.1.0 abababababab 2024-07-25 17:31:01 UTC 155.0 MB",
        f"It {delivered().trial}.",
    ]


def test_an_image_that_was_kept_is_no_table(console):
    show_report(console, report())
    assert "image id" not in console.file.getvalue()


@pytest.mark.parametrize(
    ("plugin_type", "words"),
    [
        (
            "inventory.Collector",
            "Create a collector with it, in the console or by the API (inventory.Collector.create)",
        ),
        (
            "monitoring.Webhook",
            "Create a webhook with it, in the console if it lists the plugin or by the API",
        ),
        (
            "power_scheduler.Controller",
            "Use it where the platform takes plugins of the type power_scheduler.Controller.",
        ),
    ],
)
def test_a_plugin_without_a_collector_is_published_and_the_user_told_what_is_next(
    console, plugin_type, words
):
    made = replace(planned(), expected=kind_of(plugin_type).on("2.x"))
    show_report(console, report(collected=None, collector_id=None, planned=made))
    text = shown(console)
    assert "portfolio 0.1.0 is published in 1.2 s, without a collector." in text
    assert words in text
