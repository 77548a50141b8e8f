"""The events of a run, as Prefect's server has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker

from flows.resources import Action, FieldChange, Verb
from flows.steps.comparison import Check, Drift
from flows.steps.subject import Subject
from flows.tasks.outcome import conclude
from flows.tasks.runner import PrefectRunner
from tests.reports import report
from tests.waiting import wait_for

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]

SAME = Drift("production", "2.x", "plugin-x", "0.3.0", Check("release", True, "as released"), (), 0.1)
RENAMED = Action("provider", "x", Verb.UPDATE, (FieldChange("name", "Mine", "X"),))


@pytest.fixture
def events():
    """Runs a flow that gives a result; gives our events of the run, and the run's state."""

    def events(result, expected):
        began = datetime.now(UTC) - timedelta(seconds=1)

        @flow(name="test")
        def around():
            return conclude(PrefectRunner(Subject("test", result.environment)), lambda: result)

        state = around(return_state=True)
        EventsWorker.instance().wait_until_empty()
        asked = {"filter": {"occurred": {"since": began.isoformat()}, "event": {"prefix": ["pluginctl."]}}}
        with get_client(sync_client=True) as client:

            def read():
                return client._client.post("/events/filter", json=asked).json()["events"]

            found = wait_for(lambda: len(read()) >= expected and read(), "the events") if expected else read()
        return [
            each for each in found if each["resource"]["pluginctl.environment"] == result.environment
        ], state

    return events


def test_a_release_tells_what_was_released(events):
    created = Action("collector", "Coins", Verb.CREATE)
    ((event,), state) = events(replace(report(actions=(created,)), environment="released"), 1)
    assert state.name == "Released"
    assert event["event"] == "pluginctl.plugin.released"
    assert event["resource"]["prefect.resource.id"] == "pluginctl.plugin.released.portfolio"
    assert event["payload"]["version"] == "0.1.0"
    assert any(each["prefect.resource.role"] == "flow-run" for each in event["related"])


def test_a_collection_that_was_judged_a_failure_tells_why(events):
    ((event,), state) = events(replace(report("nothing came in"), environment="failing"), 1)
    assert state.name == "NotCollected"
    assert event["event"] == "pluginctl.collection.failed"
    assert event["payload"]["failures"] == ["nothing came in"]


def test_a_rollback_tells_from_which_version(events):
    back = replace(report(), environment="back", flow="rollback", planned=None, version_before="0.2.0")
    ((event,), state) = events(back, 1)
    assert state.name == "RolledBack"
    assert event["event"] == "pluginctl.plugin.rolled-back"
    assert (event["payload"]["version"], event["payload"]["version_before"]) == ("0.1.0", "0.2.0")


def test_a_drift_tells_what_differs(events):
    drifted = replace(SAME, environment="drifted", actions=(RENAMED,))
    ((event,), state) = events(drifted, 1)
    assert (state.type.name, state.name) == ("COMPLETED", "Drifted")
    assert event["event"] == "pluginctl.plugin.drifted"
    assert event["payload"]["findings"] == ["provider x: name: Mine → X"]


def test_what_is_as_it_was_released_tells_nothing(events):
    found, state = events(SAME, 0)
    assert (found, state.name) == ([], "InSync")
