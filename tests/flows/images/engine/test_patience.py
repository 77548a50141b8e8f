import pytest

from flows.images.engine.patience import Patience


def used(*looks, limit=10.0, wall=60.0):
    """The patience after looks at a container: how long it had run, and its CPU time."""
    patience = Patience(limit, wall)
    for seconds, cpu in looks:
        patience.note(seconds, cpu)
    return patience


@pytest.mark.parametrize(
    ("looks", "over"),
    [
        ([(9.9, 0.0)], False),
        ([(10.0, 0.0)], True),
        ([(50.0, 9.9)], False),
        ([(50.0, 10.0)], True),
        ([(30.0, 1.0), (39.0, 1.0)], True),  # it worked, and has done nothing for nine seconds
        ([(30.0, 1.0), (38.0, 1.0)], False),
        ([(5.0, 40.0)], False),  # eight processors
        ([(30.0, 1.0), (31.0, 0.0)], False),  # a container that is gone has no CPU time
        ([(60.0, 1.0)], True),
    ],
)
def test_what_counts_is_work_or_else_time(looks, over):
    assert used(*looks).is_over is over


def test_it_says_what_was_used():
    assert str(used((12.4, 3.14))) == "12 s, 3.1 s of CPU time"
    assert str(used((12.4, 0.0))) == "12 s"
