from __future__ import annotations

import httpx
import pytest

from flows.tasks import outages


@pytest.fixture
def clock(monkeypatch):
    """Time passes only while something waits."""

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(outages, "time", clock)
    return clock


class Server:
    """A server that is away until a time."""

    def __init__(self, clock, until):
        self.clock, self.until = clock, until

    def __call__(self):
        if self.clock.now < self.until:
            raise httpx.ConnectError("refused")
        return "answer"


@pytest.mark.parametrize("seconds", [0, 1, 60, 119])
def test_a_server_that_comes_back_is_waited_for(clock, seconds):
    assert outages.bridge(Server(clock, seconds)) == "answer"


def test_one_that_stays_away_is_not(clock):
    with pytest.raises(httpx.ConnectError):
        outages.bridge(Server(clock, 1000))
    assert 120 < clock.now < 130


def test_a_refusal_is_an_answer(clock):
    def refused():
        raise httpx.HTTPStatusError(
            "no", request=httpx.Request("GET", "http://x"), response=httpx.Response(422)
        )

    with pytest.raises(httpx.HTTPStatusError):
        outages.bridge(refused)
    assert clock.now == 0


def test_what_is_only_written_down_fails_nothing(clock, monkeypatch):
    said = []

    class Log:
        def warning(self, form, *words):
            said.append(form % words)

    monkeypatch.setattr(outages, "get_run_logger", Log)
    assert outages.record(Server(clock, 1000), "The report") is None
    assert said == ["The report could not be written: refused"]
    assert outages.record(Server(clock, 0), "The report") == "answer"
