import pytest

from flows.errors import Cause, PipelineError
from flows.resources import Action, Verb
from flows.steps import ending
from flows.steps.errors import NotReleased, PlanBlocked, StepTimedOut
from tests.reports import collected, report

CREATE = Action("plugin", "portfolio", Verb.CREATE)
KEEP = Action("plugin", "portfolio", Verb.KEEP)
BLOCKED = Action("plugin", "portfolio", Verb.BLOCKED, reason="Its image is another.")


@pytest.mark.parametrize(
    ("given", "name", "words"),
    [
        (
            {"actions": (CREATE,), "dry_run": True, "collected": None},
            "Planned",
            "portfolio 0.1.0: 1 to create",
        ),
        ({"actions": (KEEP,), "dry_run": True, "collected": None}, "Unchanged", "portfolio 0.1.0: 1 to keep"),
        ({"actions": (BLOCKED,), "dry_run": True, "collected": None}, "Blocked", "Its image is another"),
        ({"actions": (CREATE,)}, "Released", "portfolio 0.1.0: create plugin; 5 inventory.CloudService"),
        ({"actions": (KEEP,)}, "Unchanged", "portfolio 0.1.0: 5 inventory.CloudService"),
        ({"actions": (CREATE,), "collected": None}, "Published", "portfolio 0.1.0: create plugin"),
        ({"actions": (KEEP,), "collected": None}, "Unchanged", "portfolio 0.1.0"),
        ({"planned": None, "flow": "recollect"}, "Collected", "portfolio 0.1.0: 5 inventory.CloudService"),
        ({"collected": collected("No secret.", "And more.")}, "NotCollected", "No secret. And more."),
    ],
)
def test_a_run_that_reached_its_end(given, name, words):
    found, said = ending.of_report(report(**given))
    assert found.name == name
    assert words in said


def stopping(cause, *, changed=False):
    error = PipelineError("x")
    error.cause, error.changed = cause, changed
    return error


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (PlanBlocked([BLOCKED]), "Blocked"),
        (StepTimedOut("plan", 3), "TimedOut"),
        (NotReleased("x"), "Refused"),
        (stopping(Cause.UNAVAILABLE), "Unreachable"),
        (stopping(Cause.FAILED), "Failed"),
        (stopping(Cause.REFUSED, changed=True), "Incomplete"),
        (stopping(Cause.UNAVAILABLE, changed=True), "Incomplete"),
    ],
)
def test_a_run_that_an_error_has_stopped(error, name):
    assert ending.of_error(error).name == name


def test_names_are_unique_and_fit_a_list():
    names = [each.name for each in ending.ENDINGS]
    assert len({*names}) == len(names)
    assert all(name.isalpha() and len(name) <= 12 for name in names)
