import signal
import threading
import time

import pytest

from flows.errors import Cause
from flows.steps.errors import StepTimedOut
from flows.steps.time_limit import time_limit


def test_what_takes_too_long_is_interrupted_and_named():
    with pytest.raises(StepTimedOut) as caught, time_limit("plan", 0.05):
        time.sleep(30)
    assert "'plan' did not finish within 0.05 s" in caught.value.message
    assert "run the same command again" in caught.value.advice
    assert caught.value.cause is Cause.UNAVAILABLE


def test_what_is_done_in_time_is_left_alone():
    handler, (remaining, _) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    with time_limit("plan", 30):
        pass
    assert signal.getsignal(signal.SIGALRM) is handler
    # The tests' own time limit may be such a timer.
    assert bool(signal.getitimer(signal.ITIMER_REAL)[0]) is bool(remaining)


def test_the_limit_around_a_limit_goes_on():
    def work():
        with time_limit("outer", 0.2):
            with time_limit("inner", 30):
                pass
            time.sleep(30)

    with pytest.raises(StepTimedOut, match="outer"):
        work()


def test_other_threads_are_not_interrupted():
    done = []

    def work():
        with time_limit("plan", 0.01):
            time.sleep(0.1)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
