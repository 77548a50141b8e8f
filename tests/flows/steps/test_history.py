import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.collection import Verdict
from flows.steps.ending import COLLECTED, NOT_COLLECTED, RELEASED
from flows.steps.history import KEPT, PastCollection, as_metadata, history
from flows.steps.subject import Subject
from tests.reports import JOB, collected, report

AT = datetime(2026, 11, 26, 10, 15, tzinfo=UTC)
LONGEST = 500
"""Prefect cuts a value of an artifact's metadata after so many characters."""


def past(number: int = 0, **fields) -> PastCollection:
    given = {
        "run": f"run-{number}",
        "flow": "recollect",
        "at": AT + timedelta(minutes=15 * number),
        "state": "Collected",
        "success": True,
        "version": "0.1.0",
        "resources": 212,
        "created": 3,
        "updated": 208,
        "deleted": 1,
        "failed_tasks": 0,
        "seconds": 12.5,
    }
    return PastCollection(**{**given, **fields})


#: Every collection that may be read from the server.
COLLECTIONS = st.builds(
    PastCollection,
    run=st.uuids().map(str),
    flow=st.sampled_from(["release", "recollect"]),
    at=st.datetimes(timezones=st.just(UTC)),
    state=st.text(max_size=40),
    success=st.booleans(),
    version=st.text(max_size=40),
    **dict.fromkeys(
        ("resources", "created", "updated", "deleted", "failed_tasks"), st.none() | st.integers(0, 10**12)
    ),
    seconds=st.none() | st.floats(0, 10**9),
)


def test_a_judged_collection_has_the_numbers_of_its_report():
    changes = {"created": 5, "updated": 2, "deleted": 1, "disconnected": 0}
    job = replace(JOB, failed=1)
    verdict = Verdict(job, ("No.",), {"inventory.CloudService": 7, "inventory.Region": 1}, changes)
    made = PastCollection.judged(
        "run", AT, 3.5, NOT_COLLECTED, report("No.", collected=collected(verdict=verdict))
    )
    assert made == PastCollection(
        *("run", "release", AT, "NotCollected", False, "0.1.0"),
        *(7, 5, 2, 1, 1, 3.5),
    )
    assert PastCollection.judged("run", AT, None, RELEASED, report()).success


def test_a_collection_that_was_stopped_has_none():
    made = PastCollection.stopped("run", AT, "TimedOut", Subject("recollect", "here", "x", "0.1.0"))
    assert made == PastCollection("run", "recollect", AT, "TimedOut", False, "0.1.0")


def test_the_last_artifact_is_extended():
    first = history([], past(0))
    second = history([as_metadata(first)], past(1))
    assert second == [past(0), past(1)]


def test_runs_that_ended_at_the_same_time_have_not_read_each_other_and_lose_nothing():
    before = history([], past(0))
    one, other = (history([as_metadata(before)], past(number)) for number in (1, 2))
    assert history(map(as_metadata, (other, one, before)), past(3)) == [past(number) for number in range(4)]


def test_a_run_that_is_tried_again_replaces_what_it_has_left():
    before = history([as_metadata([past(0)])], past(1, state="TimedOut", success=False))
    assert history([as_metadata(before)], past(1)) == [past(0), past(1)]


def test_the_oldest_are_left_out():
    kept: list[PastCollection] = []
    for number in range(KEPT + 3):
        kept = history([as_metadata(kept)], past(number))
    assert kept == [past(number) for number in range(3, KEPT + 3)]


def written(**fields) -> str:
    return json.dumps({**json.loads(as_metadata([past()])["run-0"]), **fields})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not JSON",
        "[]",
        "{}",
        written()[:-1],
        written(resources=-1),
        written(resources=10**13),
        written(resources=1.5),
        written(seconds=float("nan")),
        written(seconds=float("inf")),
        written(seconds=-1),
        written(at="2026-11-26T10:15:00"),
        written(at="0001-01-01T00:00:00+14:00"),
        written(state="x" * 41),
        written(success="perhaps"),
    ],
)
def test_what_is_no_collection_is_left_out(text):
    assert history([{"run-0": text}, None, as_metadata([past(1)])], past(2)) == [past(1), past(2)]


def test_times_are_utc():
    elsewhere = past(at=datetime(2026, 11, 26, 11, 15, tzinfo=timezone(timedelta(hours=1))))
    (read, _) = history([as_metadata([elsewhere])], past(1))
    assert (read.at, read.at.tzinfo) == (AT, UTC)


@given(COLLECTIONS)
def test_each_is_read_as_it_was_written_and_is_short_enough(each):
    metadata = as_metadata([each])
    last = past(1, run="last", at=datetime.max.replace(tzinfo=UTC))
    assert history([metadata], last)[0] == each
    # A text of 40 characters that JSON escapes, such as of control characters, is rare, and cut: then it is left out.
    if each.version.isprintable() and each.state.isprintable():
        assert len(metadata[each.run]) <= LONGEST


def test_a_long_version_is_shortened():
    made = PastCollection.judged("run", AT, None, COLLECTED, report(version="1" * 300))
    assert len(as_metadata([made])["run"]) < LONGEST
    assert history([as_metadata([made])], past(1))[0] == made
