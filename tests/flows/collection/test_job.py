import pytest

from flows.collection import Job, JobTimeout, find_rival, follow, make_way, start, wait_for_others
from flows.collection import job as module


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self):
        self.now = 0.0
        self.waits = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


class Scripted:
    """Answers with one record after the other, the last one for ever."""

    def __init__(self, *records):
        self.records = list(records)
        self.calls = []

    def call(self, method, params, timeout=None):
        self.calls.append((method, params, timeout))
        return self.records.pop(0) if len(self.records) > 1 else self.records[0]

    def list(self, method, params):
        return self.call(method, params)


def record(status, remained=0, **fields):
    return {"job_id": "job-1", "status": status, "total_tasks": 4, "remained_tasks": remained, **fields}


def test_numbers_that_are_zero_are_absent_from_a_record():
    assert Job.from_record({"job_id": "job-1"}) == Job("job-1", "", 0, 0, 0, 0, "")


def test_a_collection_is_started_with_one_call_and_time_for_the_container():
    client = Scripted(record("IN_PROGRESS", 4))
    assert start(client, "collector-1").remaining == 4
    assert client.calls == [("inventory.Collector.collect", {"collector_id": "collector-1"}, 120.0)]


def test_a_job_is_followed_to_its_end_and_every_change_is_told(clock):
    client = Scripted(
        record("IN_PROGRESS", 4),
        record("IN_PROGRESS", 4),
        record("IN_PROGRESS", 1),
        record("SUCCESS", success_tasks=4),
    )
    seen = []
    ended = follow(client, Job.from_record(record("IN_PROGRESS", 4)), seen.append)
    assert (ended.status, ended.succeeded) == ("SUCCESS", 4)
    assert [(job.status, job.remaining) for job in seen] == [
        ("IN_PROGRESS", 4),
        ("IN_PROGRESS", 1),
        ("SUCCESS", 0),
    ]
    assert {method for method, *_ in client.calls} == {"inventory.Job.get"}


def test_a_job_that_has_ended_already_is_not_asked_for(clock):
    client, seen = Scripted(record("FAILURE")), []
    assert follow(client, Job.from_record(record("SUCCESS")), seen.append).status == "SUCCESS"
    assert (client.calls, len(seen), clock.waits) == ([], 1, [])


def test_questions_come_fast_at_first_and_then_at_the_interval(clock):
    client = Scripted(*[record("IN_PROGRESS", 4)] * 12, record("SUCCESS"))
    follow(client, Job.from_record(record("PENDING", 4)), lambda _: None, interval=2.0)
    assert clock.waits[0] == pytest.approx(0.1)
    assert clock.waits == sorted(clock.waits)
    assert max(clock.waits) == 2.0


def test_a_job_that_does_not_end_is_given_up_with_how_far_it_was(clock):
    client = Scripted(record("IN_PROGRESS", 3))
    with pytest.raises(
        JobTimeout, match=r"job-1 was still running after 10 s: 3 of 4 tasks remain\. It continues"
    ) as caught:
        follow(client, Job.from_record(record("IN_PROGRESS", 4)), lambda _: None, timeout=10)
    assert "inventory.JobTask" in caught.value.advice
    assert 10 < clock.now < 12


def test_other_jobs_of_the_collector_are_waited_for(clock):
    client = Scripted([record("IN_PROGRESS")], [record("IN_PROGRESS")], [])
    wait_for_others(client, "collector-1")
    assert [(method, params) for method, params, _ in client.calls] == [
        ("inventory.Job.list", {"collector_id": "collector-1", "status": "IN_PROGRESS"})
    ] * 3


def test_a_job_that_hangs_is_not_waited_for_for_ever(clock):
    with pytest.raises(JobTimeout, match="has made no progress for 30 s"):
        wait_for_others(Scripted([record("IN_PROGRESS")]), "collector-1", patience=30)
    assert 30 <= clock.now < 31


def at(second, name, status="SUCCESS"):
    return {"job_id": name, "status": status, "created_at": f"2026-01-01T00:00:{second:02}.000Z"}


MINE = Job.from_record(at(5, "mine", "CANCELED"))


@pytest.mark.parametrize(
    ("others", "rival"),
    [
        ([], None),
        ([at(7, "later"), at(6, "next")], "next"),
        ([at(5, "of the same moment")], "of the same moment"),
        ([at(4, "running", "IN_PROGRESS")], "running"),
        ([at(4, "canceled by it", "CANCELED")], "canceled by it"),
        ([at(4, "before"), at(3, "canceled long before", "CANCELED")], None),
        ([at(4, "before", "FAILURE")], None),
        ([{**at(4, "beside"), "finished_at": "2026-01-01T00:00:06.000Z"}], "beside"),
        ([{**at(3, "long before"), "finished_at": "2026-01-01T00:00:04.000Z"}], None),
    ],
)
def test_the_job_that_met_another_is_found(others, rival):
    client = Scripted([*others, at(5, "mine", "CANCELED")])
    found = find_rival(client, "collector-1", MINE)
    assert (found and found.job_id) == rival
    ((method, params, _),) = client.calls
    assert (method, params["collector_id"]) == ("inventory.Job.list", "collector-1")


@pytest.mark.parametrize(("second", "waits"), [(6, []), (4, [3.0])])
def test_of_two_that_met_the_elder_begins_again_first(clock, second, waits):
    make_way(Scripted([]), "collector-1", MINE, Job.from_record(at(second, "other")))
    assert clock.waits == waits
