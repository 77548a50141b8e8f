"""The harness itself: what it divides, in which order it measures, and what it leaves behind."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks.floor import load, store
from tests.benchmarks.harness import (
    Benchmark,
    BenchmarkError,
    Goal,
    Of,
    Ratio,
    Result,
    Rounds,
    Samples,
    spread,
)
from tests.benchmarks.pages import rows
from tests.benchmarks.release import ask_all
from tests.benchmarks.spacectl import Question


class Told:
    def __init__(self):
        self.rounds = []

    def round(self, number, of, side):
        self.rounds.append((number, side))

    def step(self, name):
        return nullcontext()

    def say(self, text):
        pass


def benchmark(name="speed", ratio=Ratio.THEIRS_TO_OURS, goal=None, run=None):
    def measured(rounds):
        return Samples((2.0, 1.0, 3.0), (24.0, 30.0, 20.0))

    return Benchmark(name, "ours", "theirs", "s", ratio, run or measured, goal)


def test_ratio_of_times_says_how_many_times_faster():
    result = Result(benchmark(), benchmark().run(None))
    assert result.as_json() == {
        "ratio": 12.0,
        "median": 2.0,
        "spread": 0.5,
        "unit": "s",
        "against": "theirs",
    }


def test_ratio_of_rates_and_sizes_is_ours_to_theirs():
    assert Result(benchmark(ratio=Ratio.OURS_TO_THEIRS), Samples((3.0,), (4.0,))).ratio == 0.75


def test_spread_is_the_interquartile_range_over_the_median():
    assert spread((1.0, 2.0, 3.0, 4.0, 5.0)) == pytest.approx(2 / 3)
    assert spread((7.0,)) == 0


@pytest.mark.parametrize(
    ("goal", "reached", "words"),
    [
        (Goal(Of.RATIO, 12), True, "≥ 12"),
        (Goal(Of.RATIO, 12.1), False, "≥ 12.1"),
        (Goal(Of.MEDIAN, 2, at_most=True), True, "≤ 2 s"),
        (Goal(Of.MEDIAN, 1.9, at_most=True), False, "≤ 1.9 s"),
        (None, None, None),
    ],
)
def test_goals(goal, reached, words):
    result = Result(benchmark(goal=goal), benchmark().run(None))
    assert result.reached is reached
    assert goal is None or goal.words("s") == words


def test_sides_take_turns_after_a_warm_up_that_does_not_count():
    calls, told = [], Told()

    def side(name, value):
        return lambda: calls.append(name) or value + len(calls)

    samples = Rounds(2, told).alternate(side("a", 0), side("b", 100))
    assert "".join(calls) == "ababab"
    assert samples == Samples((3, 5), (104, 106))
    assert [number for number, _ in told.rounds] == [0, 0, 1, 1, 2, 2]


@pytest.fixture
def results(monkeypatch, tmp_path):
    def fails(rounds):
        raise BenchmarkError("No engine; start one.")

    suite = (
        benchmark("missed", goal=Goal(Of.RATIO, 1000)),
        benchmark("other"),
        benchmark("broken", run=fails),
    )
    path = tmp_path / "build" / "benchmarks.json"
    monkeypatch.setattr(command, "BENCHMARKS", suite)
    monkeypatch.setattr(command, "RESULTS", path)
    monkeypatch.setattr(command, "CHECKOUT", tmp_path)
    return path


def test_a_missed_goal_is_printed_and_fails_nothing(results, capsys):
    assert command.main(["missed"]) == 0
    assert "missed" in capsys.readouterr().out.split("≥ 1000")[1].splitlines()[0]
    assert set(json.loads(results.read_text())) == {"missed"}


def test_results_of_other_benchmarks_stay_and_those_of_unknown_ones_go(results):
    results.parent.mkdir()
    results.write_text(json.dumps({"gone": {}, "missed": {"ratio": 1}}))
    assert command.main(["other"]) == 0
    kept = json.loads(results.read_text())
    assert list(kept) == ["missed", "other"]
    assert kept["missed"] == {"ratio": 1}


def test_what_cannot_be_run_says_why_and_the_others_run(results, capsys):
    assert command.main([]) == 1
    assert "broken: No engine; start one." in capsys.readouterr().err
    assert list(json.loads(results.read_text())) == ["missed", "other"]


def test_an_unknown_name_is_answered_with_the_known_ones(results, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["speeed"])
    assert ended.value.code == 2
    assert "missed, other, broken" in capsys.readouterr().err
    assert not results.exists()


class Platform:
    """Answers as the sandbox does through spacectl: a job that runs for two questions."""

    def __init__(self, lists=None):
        self.asked = []
        self.lists = lists or {"results": [{}]}

    def ask(self, question):
        self.asked.append((question.method, dict(question.params)))
        if question.method == "inventory.Collector.collect":
            return {"job_id": "job-new"}
        if question.method == "inventory.Job.get":
            running = len(self.asked) < 5
            return {"job_id": "job-new", "status": "IN_PROGRESS" if running else "SUCCESS"}
        return self.lists


ASKED = [
    Question("identity.Provider.list", {"provider": "portfolio"}, "t", {"results": [{}]}),
    Question("inventory.Collector.collect", {"collector_id": "c"}, "t", {"job_id": "job-old"}),
    Question("inventory.Job.get", {"job_id": "job-old"}, "t", {"job_id": "job-old", "status": "SUCCESS"}),
    Question("inventory.JobTask.list", {"job_id": "job-old"}, "t", {"results": [{}]}),
]


def test_questions_through_spacectl_are_the_releases_own_with_the_new_job():
    platform = Platform()
    ask_all(platform, ASKED)
    job = ("inventory.Job.get", {"job_id": "job-new"})
    assert platform.asked == [
        ("identity.Provider.list", {"provider": "portfolio"}),
        ("inventory.Collector.collect", {"collector_id": "c"}),
        job,
        job,
        job,
        ("inventory.JobTask.list", {"job_id": "job-new"}),
    ]


def test_another_answer_than_the_releases_is_no_measurement():
    with pytest.raises(BenchmarkError, match=r"identity\.Provider\.list"):
        ask_all(Platform(lists={"total_count": 1}), ASKED)


def test_messages_come_back_as_they_were_stored(tmp_path):
    messages = [b"one", b"", b"\x00" * 70_000]
    store(tmp_path / "messages", messages)
    assert load(tmp_path / "messages") == messages


def test_pages_hold_the_stand_ins_coins_in_its_order():
    coins = [json.loads(row) for row in rows(60)]
    assert len({coin["id"] for coin in coins}) == 60
    caps = [coin["market_cap"] for coin in coins]
    assert caps == sorted(caps, reverse=True)
