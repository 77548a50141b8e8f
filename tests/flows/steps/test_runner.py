import pytest
import tenacity

from flows.images import PushRefused
from flows.spaceone import SpaceoneError
from flows.spaceone.advice import from_details
from flows.steps.runner import PlainRunner, Step, is_temporary


def call_error(status, details=""):
    return from_details("identity.Provider.list", "grpc://host:1", status, details)


UNREACHABLE = call_error("UNAVAILABLE", "refused")
TEMPORARY = [
    UNREACHABLE,
    call_error("DEADLINE_EXCEEDED"),
    PushRefused("x", reason="503", advice="wait", temporary=True),
]
LASTING = [
    call_error("PERMISSION_DENIED", "ERROR_PERMISSION_DENIED: no"),
    call_error("UNAVAILABLE", "ERROR_GRPC_CONNECTION: the plugin"),
    call_error("INTERNAL", "ERROR_UNKNOWN: x"),
    PushRefused("x", reason="denied", advice="log in"),
    SpaceoneError("other"),
    ValueError("a bug"),
]


@pytest.fixture
def waits(monkeypatch):
    """What is waited for between two tries; nobody waits."""
    waits = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", waits.append)
    return waits


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
def test_what_is_temporary_is_tried_again(waits, error):
    assert is_temporary(error)
    function = flaky(error, error)
    assert PlainRunner().run(Step("read", function, retries=2)) == "done"
    assert function.tries == 3
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_nothing_else_is_tried_again(waits, error):
    assert not is_temporary(error)
    function = flaky(error)
    with pytest.raises(type(error)):
        PlainRunner().run(Step("read", function, retries=2))
    assert (function.tries, waits) == (1, [])


def test_a_step_may_say_itself_what_is_tried_again(waits):
    function = flaky(ValueError("again"), UNREACHABLE)
    with pytest.raises(type(UNREACHABLE)):
        PlainRunner().run(
            Step("write", function, retries=5, may_retry=lambda error: isinstance(error, ValueError))
        )
    assert (function.tries, waits) == (2, [1.0])


def test_the_last_try_fails_with_the_error_itself(waits):
    function = flaky(*[UNREACHABLE] * 3)
    with pytest.raises(type(UNREACHABLE)) as caught:
        PlainRunner().run(Step("read", function, retries=2))
    assert caught.value is UNREACHABLE
    assert function.tries == 3


def test_a_step_without_retries_is_tried_once(waits):
    function = flaky(UNREACHABLE)
    with pytest.raises(type(UNREACHABLE)):
        PlainRunner().run(Step("collect", function))
    assert (function.tries, waits) == (1, [])


def test_a_steps_outcome_is_one_line_made_of_its_result():
    step = Step("build image", int, outcome=lambda size: f"{size}\n MB\t built ")
    assert step.words(5) == "5 MB built"
    assert Step("plan", int).words(5) == ""


def test_a_steps_title_says_what_it_is_about():
    assert Step("plan", int).title == "plan"
    assert Step("create schema", int, subject="coins").title == "create schema coins"
