import time

import pytest

from flows.images import PushFailed, RegistryUnreachable
from flows.spaceone import SpaceoneError
from flows.spaceone.advice import from_details
from flows.steps.errors import StepTimedOut
from flows.steps.retries import BRIEF, NEVER, is_temporary
from flows.steps.runner import PlainRunner, Step
from tests.reports import kind


def call_error(status, details=""):
    return from_details("identity.Provider.list", "grpc://host:1", status, details)


UNREACHABLE = call_error("UNAVAILABLE", "refused")
TEMPORARY = [
    UNREACHABLE,
    call_error("DEADLINE_EXCEEDED"),
    PushFailed("x", reason="503", advice="wait", temporary=True),
]
LASTING = [
    call_error("PERMISSION_DENIED", "ERROR_PERMISSION_DENIED: no"),
    call_error("UNAVAILABLE", "ERROR_GRPC_CONNECTION: the plugin"),
    call_error("INTERNAL", "ERROR_UNKNOWN: x"),
    PushFailed("x", reason="denied", advice="log in"),
    SpaceoneError("other"),
    ValueError("a bug"),
]


@pytest.fixture
def waits():
    """What is waited for between two tries; nobody waits."""
    return []


@pytest.fixture
def runner(waits):
    class Runner(PlainRunner):
        def __init__(self):
            super().__init__(waits.append)
            self.said = []

        def retrying(self, announcement):
            self.said.append(announcement)

    return Runner()


def flaky(*errors):
    """Fails with one error after the other, then succeeds."""
    left = list(errors)

    def function():
        function.tries += 1
        if left:
            raise left.pop(0)
        return "done"

    function.tries = 0
    return function


@pytest.mark.parametrize("error", TEMPORARY, ids=repr)
def test_what_is_temporary_is_tried_again_and_each_try_is_announced(runner, waits, error):
    assert is_temporary(error)
    function = flaky(error, error)
    assert runner.run(Step(kind("read", BRIEF), function)) == "done"
    assert function.tries == 3
    assert waits == [1.0, 2.0]
    assert [line.rpartition("(")[2] for line in runner.said] == ["2 of 3).", "3 of 3)."]
    assert all(line.startswith(f"read: {error.message}") for line in runner.said)


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_nothing_else_is_tried_again(runner, waits, error):
    assert not is_temporary(error)
    function = flaky(error)
    with pytest.raises(type(error)):
        runner.run(Step(kind("read", BRIEF), function))
    assert (function.tries, waits, runner.said) == (1, [], [])


def test_a_registry_that_asks_for_more_time_gets_it(runner, waits):
    busy = RegistryUnreachable("host", "answered 429", retry_after=7.0)
    runner.run(Step(kind("plan", BRIEF), flaky(busy, UNREACHABLE)))
    assert waits == [7.0, 2.0]


def test_the_last_try_fails_with_the_error_itself(runner):
    function = flaky(*[UNREACHABLE] * 3)
    with pytest.raises(type(UNREACHABLE)) as caught:
        runner.run(Step(kind("read", BRIEF), function))
    assert caught.value is UNREACHABLE
    assert function.tries == 3


def test_a_step_that_is_never_tried_again_is_tried_once(runner, waits):
    function = flaky(UNREACHABLE)
    with pytest.raises(type(UNREACHABLE)):
        runner.run(Step(kind("read source", NEVER), function))
    assert (function.tries, waits) == (1, [])


def test_a_step_that_takes_too_long_is_named(runner):
    with pytest.raises(StepTimedOut, match="The step 'build image x' did not finish within 0.05 s"):
        runner.run(Step(kind("build image", BRIEF, seconds=0.05), lambda: time.sleep(30), subject="x"))


def test_a_steps_outcome_is_one_line_made_of_its_result():
    step = Step(kind("build image"), int, outcome=lambda size: f"{size}\n MB\t built ")
    assert step.summary(5) == "5 MB built"
    assert Step(kind("plan"), int).summary(5) == ""


def test_a_steps_title_says_what_it_is_about():
    assert Step(kind("plan"), int).title == "plan"
    assert Step(kind("create schema"), int, subject="coins").title == "create schema coins"
