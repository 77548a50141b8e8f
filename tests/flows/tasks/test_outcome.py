import pytest

from flows.resources import Action, Verb
from flows.steps.errors import PlanBlocked
from flows.tasks.outcome import VerdictFailed, result_of
from tests.reports import report


def test_a_flow_returns_its_report():
    assert result_of(report()) == report().as_json()
    assert result_of(report(collected=None, dry_run=True))["dry_run"]


def test_a_failed_verdict_fails_the_flow_with_every_reason():
    with pytest.raises(VerdictFailed, match=r"^No secret matches\. And more\.$"):
        result_of(report("No secret matches.", "And more."))


def test_a_dry_run_that_meets_a_blocked_action_fails_the_flow():
    blocked = Action("plugin", "portfolio", Verb.BLOCKED, reason="Its image is another.")
    with pytest.raises(PlanBlocked, match="Its image is another"):
        result_of(report(collected=None, dry_run=True, actions=(blocked,)))
