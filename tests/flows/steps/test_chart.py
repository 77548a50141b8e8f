import doctest
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from flows.steps import chart as module
from flows.steps.chart import chart
from tests.flows.steps.test_history import COLLECTIONS, past

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*collections):
    """The elements of a chart by class, and their texts."""
    root = ET.fromstring(chart(collections))  # noqa: S314 - our own text
    found: dict[str, list[ET.Element]] = {}
    for each in root.iter():
        for name in each.get("class", "").split():
            found.setdefault(name, []).append(each)
    return found, [each.text for each in root.iter(f"{SVG}text")]


def test_the_numbers_of_its_axes():
    assert doctest.testmod(module).failed == 0


def test_each_collection_has_a_point_and_bars():
    found, words = drawn(
        past(0, resources=120, created=120, deleted=0, flow="release"),
        past(1, resources=123, created=3, deleted=0),
        past(2, resources=100, created=0, deleted=23),
    )
    assert [len(found[name]) for name in ("resources", "created", "deleted", "took")] == [3, 2, 1, 3]
    assert "cross" in found  # of the legend
    assert len(found["cross"]) == 1
    assert len(found["release"]) == 2  # one is the legend's
    assert "failed" not in found
    for expected in ("Resources in the inventory", "Created (up), deleted (down)", "Duration (seconds)"):
        assert expected in words
    assert {"times in UTC", "10:15", "10:45", "26 Nov"} <= {*words}


def test_a_higher_number_stands_higher():
    found, _ = drawn(past(0, resources=1), past(1, resources=5), past(2, resources=3))
    low, high, middle = (float(point.get("cy", "")) for point in found["resources"])
    assert high < middle < low
    left, centre, right = (float(point.get("cx", "")) for point in found["resources"])
    assert left < centre < right


def test_a_failure_is_marked_and_interrupts_the_curve():
    nothing = dict.fromkeys(("resources", "created", "updated", "deleted", "failed_tasks", "seconds"))
    failed = past(2, state="TimedOut", success=False, **nothing)
    found, words = drawn(past(0), past(1), failed, past(3), past(4))
    assert len(found["resources"]) == 4
    assert [len(curve.get("points", "").split()) for curve in found["curve"]] == [2, 2]
    assert len(found["failed"]) == 1
    assert len(found["cross"]) == 2
    assert "failed" in words


def test_a_single_resource_among_thousands_is_seen():
    found, _ = drawn(past(0, created=5000, deleted=0), past(1, created=0, deleted=1))
    assert float(found["deleted"][0].get("height", "")) >= 3


def test_a_long_duration_has_another_unit():
    _, words = drawn(past(0, seconds=1500), past(1, seconds=20))
    assert "Duration (minutes)" in words
    _, words = drawn(past(0, seconds=100_000))
    assert "Duration (hours)" in words


@given(st.lists(COLLECTIONS, min_size=1, max_size=35))
def test_every_history_makes_a_chart_inside_its_frame_with_words_of_its_own_alone(collections):
    text = chart(collections)
    root = ET.fromstring(text)  # noqa: S314 - our own text
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for each in root.iter():
        for name, limit in (("x", width), ("cx", width), ("y", height), ("cy", height)):
            assert 0 <= float(each.get(name, "0")) <= limit
        assert float(each.get("x", "0")) + float(each.get("width", "0")) <= width
        assert float(each.get("y", "0")) + float(each.get("height", "0")) <= height
    for words in (each.text or "" for each in root.iter(f"{SVG}text")):
        assert words.isascii()
        assert len(words) <= 30
    assert "script" not in text
    assert "href" not in text
