"""One remains, whoever creates at the same time, and in which order ever."""

import dataclasses
import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.resources import MadeMeanwhile
from flows.spaceone import PermissionDenied
from flows.spaceone.advice import from_details
from tests.flows.resources.simultaneous import PROJECT, release_at_once


def in_order(text):
    """Chooses by a text of names, and then the first that can go on."""
    left = list(text)

    def choose(able):
        while left:
            name = left.pop(0)
            if name in able:
                return name
        return able[0]

    return choose


def skewed(**skews):
    return lambda platform: platform.skews.update(skews)


def test_one_release_creates_one():
    outcome = release_at_once("a", in_order(""))
    assert (outcome.left, outcome.took, outcome.said) == (["a-1"], {"a": "a-1"}, {"a": []})


#: Both look and create before either looks again.
BOTH = "ab" * 6


def test_of_two_the_elder_stays_and_the_other_removes_its_own_and_says_so():
    outcome = release_at_once("ab", in_order(BOTH), prepare=skewed(a=0.001))
    assert outcome.left == ["b-2"]
    assert outcome.took == {"a": "b-2", "b": "b-2"}
    assert outcome.removed == {"a": ["a-1"], "b": []}
    assert (
        "project P: removed a-1 of this release, because somebody else made one at the same moment"
        in outcome.said["a"]
    )


def test_of_two_of_one_moment_the_one_with_the_smaller_id_stays():
    outcome = release_at_once("ab", in_order(BOTH))
    assert outcome.took == {"a": "a-1", "b": "a-1"}
    assert outcome.left == ["a-1"]


def every_order(length):
    """Every order of two for so many turns; who is first does not matter."""
    return ("a" + "".join(turns) for turns in itertools.product("ab", repeat=length))


def test_whatever_the_order_of_two_one_remains_and_both_go_on_with_it():
    for order in every_order(9):
        outcome = release_at_once("ab", in_order(order))
        assert not outcome.errors, order
        assert [*set(outcome.took.values())] == outcome.left, order


def test_one_that_was_stored_first_and_is_younger_is_left_where_its_release_has_gone_on():
    """The elder's moment was written down before, and it was stored after the other had looked again."""
    outcome = release_at_once("ab", in_order("bbb" + "a" * 8), prepare=skewed(b=-5.0))
    assert outcome.took == {"a": "a-1", "b": "a-1"}
    assert (outcome.left, outcome.removed["b"]) == (["a-1"], ["b-2"])
    assert outcome.seconds == pytest.approx(10, abs=1)


class Killing:
    """Takes turns, and kills a release at one of its turns."""

    def __init__(self, name, turn):
        self.name, self.turn, self.turns, self.platform = name, turn, 0, None

    def prepare(self, platform):
        self.platform = platform

    def __call__(self, able):
        self.turns += 1
        name = able[self.turns % len(able)]
        if name == self.name:
            self.turn -= 1
            if self.turn == 0:
                self.platform.stage.killed.add(name)
        return name


@pytest.mark.parametrize("name", "ab")
@pytest.mark.parametrize("skew", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("turn", range(2, 12))
def test_where_one_is_killed_the_other_goes_on_with_the_one_that_remains(name, turn, skew):
    killing = Killing(name, turn)

    def prepare(platform):
        killing.prepare(platform)
        platform.skews["b"] = skew

    outcome = release_at_once("ab", killing, prepare=prepare)
    (other,) = {"a", "b"} - {name}
    assert not outcome.errors
    assert outcome.took[other] in outcome.left
    # Whoever is killed between its create and its look leaves its own where the other has gone on before.
    assert len(outcome.left) == 1


def test_one_that_may_not_delete_waits_until_the_elder_gives_in():
    outcome = release_at_once("ab", in_order(BOTH), prepare=lambda platform: platform.refuses.add("b"))
    assert outcome.took == {"a": "b-2", "b": "b-2"}
    assert outcome.left == ["b-2"]
    assert any("b-2 of this release could not be removed; trying again" in line for line in outcome.said["b"])


def test_two_that_may_not_delete_say_what_to_remove():
    outcome = release_at_once("ab", in_order(BOTH), prepare=lambda platform: platform.refuses.update("ab"))
    assert outcome.left == ["a-1", "b-2"]
    error = outcome.errors["b"]
    assert isinstance(error, PermissionDenied)
    assert error.advice.startswith("2 exist (a-1, b-2): b-2 is of this release, which could not remove it")


def test_one_that_somebody_uses_already_stays():
    """A third release went on with it in the moment when it was alone."""
    outcome = release_at_once("ab", in_order(BOTH), prepare=lambda platform: platform.uses.add("b-2"))
    assert outcome.took == {"a": "b-2", "b": "b-2"}
    assert (outcome.left, outcome.removed) == (["b-2"], {"a": ["a-1"], "b": []})


def existing(*ids):
    def prepare(platform):
        for identity in ids:
            platform.records[identity] = {"project_id": identity, "name": "P", "created_at": "2025"}

    return prepare


def test_one_that_made_none_waits_for_one_to_remain_and_then_says_which_there_are():
    outcome = release_at_once("a", in_order(""), prepare=existing("x", "y"))
    error = outcome.errors["a"]
    assert isinstance(error, MadeMeanwhile)
    assert "2 of project P were made while this release ran (x, y)" in error.message
    assert outcome.left == ["x", "y"]
    assert outcome.seconds == pytest.approx(30, abs=1)


def test_a_third_release_that_sees_both_goes_on_with_the_one_that_remains():
    outcome = release_at_once("abc", in_order("a" * 5 + "b" * 3 + "a" * 0 + "c" * 3))
    assert len(outcome.left) == 1
    assert {*outcome.took.values()} == {*outcome.left}


def test_what_was_removed_by_hand_is_not_made_again_behind_ones_back():
    """The create was answered, and then it is not there: nobody knows who did that."""
    creates = []

    def prepare(platform):
        call = platform.call

        def calling(method, params, timeout):
            answer = call(method, params, timeout)
            creates.append(method)
            platform.records.clear()
            return answer

        platform.call = calling

    outcome = release_at_once("a", in_order(""), prepare=prepare)
    assert isinstance(outcome.errors["a"], MadeMeanwhile)
    assert "is gone again" in outcome.errors["a"].message
    assert len(creates) == 1
    assert outcome.left == []


def answering(record):
    return bool(record.get("answered"))


SLOW = dataclasses.replace(PROJECT, complete=answering, create_timeout=240.0)


def slowly(seconds, *, taken_back=None, answers=True):
    """Lets a create take some time, as that of a collector: its record is listed already, and may be taken back."""

    def prepare(platform):
        call = platform.call

        def calling(method, params, timeout):
            answer = call(method, params, timeout)
            if method.endswith("create"):
                who = threading.current_thread().name
                platform.stage.give_way(seconds.get(who, 0.0))
                if taken_back and taken_back.pop(who, False):
                    del platform.records[answer["project_id"]]
                    raise from_details(
                        "inventory.Collector.create", "grpc://x:1", "INTERNAL", "ERROR_PLUGIN_FAILURE: no"
                    )
                if answers:
                    answer["answered"] = platform.records[answer["project_id"]]["answered"] = True
            return answer

        platform.call = calling

    return prepare


def test_an_elder_that_is_not_complete_is_waited_for_before_ones_own_is_removed():
    outcome = release_at_once("ab", in_order("a" * 4 + "b" * 4), SLOW, slowly({"a": 100.0, "b": 20.0}))
    assert outcome.took == {"a": "a-1", "b": "a-1"}
    assert outcome.removed == {"a": [], "b": ["b-2"]}
    assert outcome.seconds > 100
    assert any("somebody else is making an elder one (a-1)" in line for line in outcome.said["b"])


def test_a_younger_that_is_not_complete_is_waited_for_before_the_elder_gives_in():
    outcome = release_at_once("ab", in_order("a" * 4 + "b" * 4), SLOW, slowly({"a": 1.0, "b": 60.0}))
    assert outcome.took == {"a": "a-1", "b": "a-1"}
    assert outcome.removed == {"a": [], "b": ["b-2"]}


def test_an_elder_that_the_platform_takes_back_leaves_the_younger():
    outcome = release_at_once(
        "ab", in_order("a" * 4 + "b" * 4), SLOW, slowly({"a": 50.0}, taken_back={"a": True})
    )
    assert outcome.took == {"b": "b-2"}
    assert outcome.left == ["b-2"]
    assert outcome.removed["b"] == []


def test_one_that_is_not_complete_is_waited_for_by_who_has_made_none():
    outcome = release_at_once("ab", in_order("a" * 6 + "b" * 4), SLOW, slowly({"a": 50.0}))
    assert outcome.took == {"a": "a-1", "b": "a-1"}
    assert any("somebody else is making it (a-1)" in line for line in outcome.said["b"])


def test_one_that_the_platform_takes_back_is_made_by_who_waited_for_it():
    outcome = release_at_once(
        "ab", in_order("a" * 6 + "b" * 4), SLOW, slowly({"a": 50.0}, taken_back={"a": True})
    )
    assert outcome.took == {"b": "b-2"}
    assert outcome.left == ["b-2"]


def test_where_nothing_shows_that_one_is_complete_nobody_waits_for_it():
    """A plugin whose answer is empty."""
    outcome = release_at_once("ab", in_order(BOTH), SLOW, slowly({}, answers=False))
    assert outcome.took == {"a": "a-1", "b": "a-1"}
    assert outcome.seconds < 5


@st.composite
def schedules(draw, names):
    """An order of the releases, in which some stand still for some time."""
    turns = draw(
        st.lists(
            st.tuples(st.integers(0, len(names) - 1), st.sampled_from([0, 0, 0, 0, 0.3, 3.0])), max_size=60
        )
    )

    def choose(able):
        if not turns:
            return able[0]
        number, pause = turns.pop(0)
        name = able[number % len(able)]
        return (name, pause) if pause else name

    return choose


@given(
    choose=schedules("abc"), skews=st.lists(st.sampled_from([0.0, 0.0, 0.001, -2.0]), min_size=3, max_size=3)
)
def test_of_three_with_clocks_that_differ_one_remains(choose, skews):
    outcome = release_at_once("abc", choose, prepare=skewed(**dict(zip("abc", skews, strict=True))))
    assert len(outcome.left) == 1
    assert not outcome.errors
