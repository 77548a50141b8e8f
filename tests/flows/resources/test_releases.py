import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.resources.releases import TAG, Released, released, with_release

ONE = Released(f"sha256:{'1' * 64}", f"sha256:{'a' * 64}")
TWO = Released(f"sha256:{'2' * 64}", f"sha256:{'b' * 64}")


def test_what_was_written_is_read():
    tags = with_release(with_release({"team": "x"}, "0.1.0", ONE), "0.2.0", TWO)
    assert tags["team"] == "x"
    assert released({"tags": tags}) == {"0.1.0": ONE, "0.2.0": TWO}
    assert isinstance(tags[TAG], str)


def test_when_and_by_what_it_was_released_is_read_as_well():
    first = Released(ONE.digest, ONE.source_digest, "2026-11-26T10:30:00Z", "http://prefect/runs/1")
    (found,) = released({"tags": with_release(None, "0.1.0", first)}).values()
    assert (found.at, found.by) == ("2026-11-26T10:30:00Z", "http://prefect/runs/1")
    assert found == ONE, "what was released is the image and its source"


def test_a_time_that_is_none_is_left_out():
    text = json.dumps(
        {"0.1.0": {"digest": ONE.digest, "source": ONE.source_digest, "at": "now", "by": ["x"]}}
    )
    (found,) = released({"tags": {TAG: text}}).values()
    assert (found, found.at, found.by) == (ONE, "", "")


def test_a_version_that_is_released_again_is_the_newest():
    tags = with_release(with_release(with_release(None, "0.1.0", ONE), "0.2.0", TWO), "0.1.0", TWO)
    assert list(released({"tags": tags}).items()) == [("0.2.0", TWO), ("0.1.0", TWO)]


def test_the_newest_hundred_are_kept():
    tags = None
    for number in range(105):
        tags = with_release(tags, f"0.{number}.0", ONE)
    assert list(released({"tags": tags})) == [f"0.{number}.0" for number in range(5, 105)]


@pytest.mark.parametrize("record", [None, {}, {"tags": None}, {"tags": []}, {"tags": {}}])
def test_nothing_was_released(record):
    assert released(record) == {}


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)
    )
)
def test_what_somebody_else_wrote_is_left_out(value):
    assert released({"tags": {TAG: value}}) == {}
    assert released({"tags": {TAG: json.dumps(value)}}) == {}
    assert released({"tags": {TAG: json.dumps({"0.1.0": {"digest": value, "source": ONE.digest}})}}) == {}
    assert released({"tags": with_release({TAG: json.dumps(value)}, "0.1.0", ONE)}) == {"0.1.0": ONE}


def test_a_deep_text():
    assert released({"tags": {TAG: "[" * 100_000}}) == {}
