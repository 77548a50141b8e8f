"""Data against a JSON Schema."""

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.manifest.json_schema import misfits, misfits_in_words

OBJECT = {"type": "object", "properties": {"a": {"type": "string", "minLength": 4.0}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("data", "schema", "words"),
    [
        ({}, OBJECT, "'a' is missing"),
        ({"a": "xy  "}, OBJECT, "'a' has fewer characters than 4"),
        ({"a": 1}, OBJECT, "'a' is not of the type string"),
        ([], OBJECT, "the data is not of the type object"),
        (
            {"a": {"b": [1, "x"]}},
            {"properties": {"a": {"properties": {"b": {"items": {"type": "integer"}}}}}},
            "'a.b[1]'",
        ),
        ({"a": 5}, {"properties": {"a": {"maximum": 4}}}, "'a' is more than 4"),
        ({"a": 4}, {"properties": {"a": {"exclusiveMaximum": 4}}}, "'a' is not less than 4"),
        ({"a": "x"}, {"properties": {"a": {"enum": ["y"]}}}, "'a' is none of the values that are allowed"),
        ({"a": True}, {"properties": {"a": {"enum": [1]}}}, "'a' is none of the values"),
        (
            {"a": True},
            {"properties": {"a": {"type": ["integer", "null"]}}},
            "'a' is not of the type integer or null",
        ),
        (
            {"a": "hush"},
            {"properties": {"a": {"pattern": "^[0-9]+$"}}},
            "'a' does not match the pattern '^[0-9]+$'",
        ),
        (
            {"hush": 1},
            {"properties": {"a": {}}, "additionalProperties": False},
            "not allowed; allowed are 'a'",
        ),
        ({"a": []}, {"properties": {"a": {"minItems": 1}}}, "'a' has fewer items than 1"),
    ],
)
def test_a_misfit_is_named_without_a_value(data, schema, words):
    said = misfits_in_words(data, schema)
    assert words in said
    assert "hush" not in said


@pytest.mark.parametrize(
    ("data", "schema"),
    [
        ({"a": "long enough"}, OBJECT),
        ({"a": 4.0}, {"properties": {"a": {"type": "integer"}}}),
        ({"a": 1}, {"$ref": "#/nowhere"}),
        ({"a": 1}, {"properties": {"a": {"$ref": "https://example.com", "type": "string"}}}),
        ({"a": 1}, {"properties": {"a": {"type": "text"}}, "required": True}),
        ({"a": 1}, {"properties": ["a"], "required": "a"}),
        ({"b": 1}, {"patternProperties": {"b": {}}, "additionalProperties": False}),
        ({"a": "x"}, {"properties": {"a": {"pattern": "("}}}),
        ({"a": "x"}, True),
        (True, {"type": [["x"], {}]}),
        ("[", {"pattern": "[[]"}),
    ],
)
def test_what_is_not_known_here_is_left_to_the_platform(data, schema):
    assert misfits_in_words(data, schema) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|a)*$",
        "(a|aa){1,99}$",
        "a*a*a*a*a*a*b",
        "(?:a+){2,}b",
        "a?" * 40 + "a" * 40 + "b",
        "(a|a)" * 40,
    ],
)
@pytest.mark.timeout(60)  # what is not linear takes longer
def test_a_pattern_does_not_take_for_ever(pattern):
    misfits_in_words("a" * 199 + "!", {"pattern": pattern})


def test_many_misfits_are_cut():
    said = misfits_in_words({}, {"required": [f"f{number}" for number in range(9)]})
    assert said.count("is missing") == 5
    assert said.endswith("; …")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null"])
SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES,
            "enum": st.lists(VALUES, min_size=1, max_size=2),
            "minLength": st.integers(0, 4),
            "maxLength": st.integers(0, 4),
            "minimum": st.integers(-5, 5),
            "exclusiveMaximum": st.integers(-5, 5),
            "minItems": st.integers(0, 2),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "additionalProperties": st.booleans(),
            "pattern": st.sampled_from(["^a", "b+$", "[ab]{2}"]),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("abc"), inner),
            "items": inner,
            "type": TYPES,
        },
    ),
    max_leaves=4,
)


@given(VALUES, SCHEMAS)
def test_the_verdict_is_that_of_the_standard(data, schema):
    # Numbers in lists and mappings of an enum: 1 and true are one for Python, and not worth more code.
    expected = jsonschema.Draft202012Validator(schema).is_valid(data)
    assert (not list(misfits(data, schema))) is expected
