import io
import threading
from functools import partial
from itertools import count
from types import SimpleNamespace

import pytest

from flows.collection import Job
from flows.resources import Action, FieldChange, Plan, Verb
from flows.spaceone import SpaceoneError
from flows.spaceone.advice import from_details
from flows.steps.retries import BRIEF
from flows.steps.runner import Step
from pluginctl.output import Terminal
from pluginctl.runner import TerminalRunner
from pluginctl.spinner import TerminalProgress
from tests.reports import kind
from tests.waiting import PATIENCE


@pytest.fixture
def console():
    return Terminal(file=io.StringIO(), width=120)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A quarter of a second passes between two looks at it."""
    clock = SimpleNamespace(perf_counter=partial(next, count(0.0, 0.25)))
    monkeypatch.setattr("pluginctl.runner.time", clock)


@pytest.fixture
def text(console):
    return console.file.getvalue


def test_a_step_that_ended_leaves_a_line_with_its_time(console, text):
    assert TerminalRunner(console).run(Step(kind("create schema"), lambda: "done", subject="coins")) == "done"
    assert text() == "✓ create schema coins 0.2 s\n"


def test_what_came_of_a_step_stands_beside_its_name_in_one_line():
    console = Terminal(file=io.StringIO(), width=40)
    step = Step(kind("build image"), lambda: 7, outcome=lambda result: f"[/]{result} MB " + "x" * 60)
    assert TerminalRunner(console).run(step) == 7
    assert console.file.getvalue() == f"✓ build image: [/]7 MB {'x' * 60}, 0.2 s\n"


def test_a_step_that_failed_leaves_a_line_and_its_error(console, text):
    def fail():
        raise SpaceoneError("no")

    with pytest.raises(SpaceoneError):
        TerminalRunner(console).run(Step(kind("plan"), fail))
    assert text() == "✗ plan\n"


def test_a_further_try_is_announced(console, text):
    errors = [from_details("identity.Provider.list", "grpc://host:1", "UNAVAILABLE", "[refused]")]

    def flaky():
        if errors:
            raise errors.pop()

    runner = TerminalRunner(console, sleep=lambda _: None)
    runner.run(Step(kind("plan", BRIEF), flaky))
    first, second = text().splitlines()
    assert first == (
        "! plan: identity.Provider.list at grpc://host:1 failed: [refused]. Trying again (2 of 3)."
    )
    assert second.startswith("✓ plan 0")


@pytest.mark.parametrize("subject", ["[red]coins", "[/]", "[/red]"])
def test_a_subject_that_looks_like_markup_stays_as_it_is(console, text, subject):
    TerminalRunner(console).run(Step(kind("create schema"), lambda: None, subject=subject))
    assert f"create schema {subject}" in text()


def test_a_plan_without_changes_has_no_table(console, text):
    TerminalRunner(console).planned(Plan((Action("image", "x", Verb.KEEP), Action("schema", "y", Verb.KEEP))))
    assert text() == ""


def test_a_plan_is_a_table_with_the_notes_of_what_is_written(console, text):
    change = FieldChange("name", "Old", "New")
    kept = Action("schema", "y", Verb.KEEP, notes=("quiet.",))
    update = Action("provider", "x", Verb.UPDATE, (change,), notes=("tags.icon: a field of its own.",))
    TerminalRunner(console).planned(Plan((kept, update)))
    for words in (
        "name: Old → New",
        "provider x: tags.icon: a field of its own.",
    ):
        assert words in text()
    assert "quiet." not in text()


def test_what_is_noted_of_an_image_is_shown_although_it_is_kept(console, text):
    kept = Action("schema", "y", Verb.KEEP, notes=("quiet.",))
    image = Action("image", "x:1", Verb.KEEP, notes=("It was built on [another] base.",))
    TerminalRunner(console).planned(Plan((image, kept)))
    assert text().split() == ["image", "x:1:", "It", "was", "built", "on", "[another]", "base."]


def test_lines_of_a_build_are_shown_where_they_are_asked_for(console, text):
    TerminalRunner(console).output("Step 1/9 : FROM [x]")
    assert text() == ""
    TerminalRunner(console, verbose=True).output("Step 1/9 : FROM [x]")
    assert text() == "Step 1/9 : FROM [x]\n"


@pytest.mark.parametrize("line", ["Step 1/9 : FROM [/x]", "", "x" * 500])
def test_a_line_of_a_build_stands_beside_the_spinner_of_its_step(line):
    console = Terminal(file=io.StringIO(), width=60, force_terminal=True)
    runner = TerminalRunner(console)
    runner.run(Step(kind("build image"), lambda: runner.output(line), subject="[/b]"))
    runner.run(
        Step(kind("follow the job"), lambda: runner.collecting(Job("j", "IN_PROGRESS", 4, 1, 3, 0, "")))
    )
    assert "✓" in console.file.getvalue()


def quiet_for(seconds, monkeypatch):
    """Lets a step run until a line was shown this often."""
    shown = threading.Semaphore(0)
    line = TerminalRunner._line
    monkeypatch.setattr("pluginctl.runner.LINE_SECONDS", 0.01)
    monkeypatch.setattr(TerminalRunner, "_line", lambda *words: line(*words) or shown.release())
    return lambda: [shown.acquire(timeout=PATIENCE) for _ in range(seconds)]


def test_a_step_shows_a_line_every_few_seconds_where_no_terminal_is(console, text, monkeypatch):
    wait = quiet_for(2, monkeypatch)
    runner = TerminalRunner(console)

    def build():
        runner.output("\x1b[31mStep 1/9 : FROM [x]\x1b[0m \x1b[2J")
        wait()

    runner.run(Step(kind("build image"), build))
    first, second, *_ = text().splitlines()
    assert first == r"  build image, 0.01 s: Step 1/9 : FROM [x] \x1b[2J"
    assert second == r"  build image, 0.02 s: Step 1/9 : FROM [x] \x1b[2J"


def test_a_step_that_says_nothing_shows_a_line_as_well(console, text, monkeypatch):
    wait = quiet_for(1, monkeypatch)
    runner = TerminalRunner(console)
    runner.output("of the step before")
    runner.run(Step(kind("push image"), wait))
    assert text().splitlines()[0] == "  push image, 0.01 s"


def test_lines_that_are_shown_anyway_are_not_repeated(console, text, monkeypatch):
    wait = quiet_for(1, monkeypatch)
    runner = TerminalRunner(console, verbose=True)
    runner.run(Step(kind("build image"), lambda: (runner.output("Step 1/9"), wait())))
    assert text().splitlines()[:2] == ["Step 1/9", "  build image, 0.01 s"]


def test_the_lines_end_with_a_step_that_failed(console, text):
    with pytest.raises(SpaceoneError):
        TerminalRunner(console).run(Step(kind("plan"), lambda: (_ for _ in ()).throw(SpaceoneError("no"))))
    assert "lines" not in {thread.name for thread in threading.enumerate()}


def test_progress_without_a_terminal_is_a_line_for_what_took_longer_than_a_second(console, text, monkeypatch):
    times = iter([0.0, 0.5, 10.0, 12.25])
    clock = SimpleNamespace(perf_counter=partial(next, times))
    monkeypatch.setattr("pluginctl.spinner.time", clock)
    with TerminalProgress(console) as progress:
        with progress.step("quick"):
            pass
        with progress.step("slow [x]"):
            pass
        progress.say("words [y]")
    assert text() == "✓ slow [x] 2.2 s\n  words [y]\n"


def test_progress_names_the_step_that_failed(console, text):
    with pytest.raises(ValueError, match="no"), TerminalProgress(console) as progress, progress.step("slow"):
        raise ValueError("no")
    assert text() == "✗ slow\n"


def test_progress_on_a_terminal_draws_and_clears_its_spinner():
    console = Terminal(file=io.StringIO(), width=60, force_terminal=True)
    with TerminalProgress(console) as progress, progress.step("starting identity"):
        pass
    assert "starting identity" in console.file.getvalue()
