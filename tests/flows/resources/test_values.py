import pytest

from flows.resources.values import is_empty, same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (4, 4.0),
        ({"a": 4}, {"a": 4.0, "b": None, "c": [], "d": {}}),
        (None, {}),
        ([], None),
        ({"a": {"b": [1]}}, {"a": {"b": [1.0]}}),
        ("", None),
        ({"help": "words\n"}, {"help": "words"}),
    ],
)
def test_the_same_to_the_platform(one, other):
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (False, None),
        (0, None),
        ({"a": 1}, {"a": 2}),
        ([1, 2], [2, 1]),
        ("4", 4),
        ({"a": False}, {}),
        (True, 1),
        ({"a": False}, {"a": 0}),
        ([1.0], [True]),
    ],
)
def test_not_the_same(one, other):
    assert not same(one, other)


@pytest.mark.parametrize("value", [None, {}, [], "", 0, 0.0, False, {"a": None}])
def test_what_is_empty_on_the_wire(value):
    assert is_empty(value)


@pytest.mark.parametrize("value", [True, 1, "x", [0], {"a": False}])
def test_what_is_not(value):
    assert not is_empty(value)
