"""Options against their schema: defaults, what is accepted, what is refused and why."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from plugin.serving import InvalidParameter, whole_number
from plugin.serving.options import OptionsSchema

NAME = {"type": "string", "pattern": "^[a-z]+$"}
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {**NAME, "default": "web"},
        "size": {"type": "string", "enum": ["small", "large"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 5},
        "least": {"type": "number", "minimum": 0},
        "most": {"type": "number", "maximum": 0},
        "dry": {"type": "boolean", "default": False},
        "names": {"type": "array", "items": NAME, "uniqueItems": True, "minItems": 1, "maxItems": 3},
        "rows": {"type": "array", "items": {"type": "object"}, "uniqueItems": True},
        "labels": {"type": "object"},
        "anything": {},
    },
}


def check(**values):
    checked = OptionsSchema(SCHEMA).check(values)
    assert checked.pop("generation") == "2.x"
    return checked


DEFAULTS = {"name": "web", "count": 5, "dry": False}


def test_without_values_there_are_the_defaults():
    assert check() == check(**dict.fromkeys(SCHEMA["properties"])) == DEFAULTS


def test_the_form_gets_its_order_and_the_generation():
    document = OptionsSchema(SCHEMA).document
    assert document["order"] == list(document["properties"]) == [*SCHEMA["properties"], "generation"]
    assert document["type"] == "object"
    assert "generation" not in SCHEMA["properties"]


@pytest.mark.parametrize(
    ("given", "generation"), [({}, "2.x"), ({"generation": "1.12"}, "1.12"), ({"generation": 1.12}, "1.12")]
)
def test_every_collector_serves_both_generations(given, generation):
    assert OptionsSchema({}).check(given) == {"generation": generation}


def test_numbers_arrive_as_the_doubles_of_a_struct():
    struct = Struct()
    struct.update({"count": 7, "least": 3, "names": [" a ", "b", "a"]})
    checked = check(**MessageToDict(struct))
    assert checked == {**DEFAULTS, "count": 7, "least": 3.0, "names": ["a", "b"]}
    assert isinstance(checked["count"], int)


def test_lists_and_objects_pass_as_they_are():
    rows = [{"a": 1}, {"a": 1}]
    assert check(rows=rows, labels={"a": [1]}, anything=None) == {
        **DEFAULTS,
        "rows": rows,
        "labels": {"a": [1]},
    }
    assert check(anything=[1])["anything"] == [1]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"nmae": "x"}, "options.nmae, reason = there is no such option; the options are name, size, count"),
        ({"name": "Web 1"}, "options.name, reason = 'Web 1' does not match the pattern ^[a-z]+$"),
        ({"name": 5}, "options.name, reason = 5 is not a text"),
        ({"size": "medium"}, "options.size, reason = 'medium' is not one of small, large"),
        ({"count": 0}, "options.count, reason = 0 is not between 1 and 9"),
        ({"count": 2.5}, "options.count, reason = 2.5 is not a whole number"),
        ({"count": "5"}, "options.count, reason = '5' is not a whole number"),
        ({"count": True}, "options.count, reason = True is not a whole number"),
        ({"count": float("inf")}, "options.count, reason = inf is not a whole number"),
        ({"count": float("nan")}, "options.count, reason = nan is not a whole number"),
        ({"least": -1}, "options.least, reason = -1 is not 0 or more"),
        ({"most": 0.5}, "options.most, reason = 0.5 is not 0 or less"),
        ({"least": "10"}, "options.least, reason = '10' is not a number"),
        ({"least": True}, "options.least, reason = True is not a number"),
        ({"least": float("nan")}, "options.least, reason = nan is not a number"),
        ({"dry": "yes"}, "options.dry, reason = 'yes' is not true or false"),
        ({"names": "a"}, "options.names, reason = 'a' is not a list"),
        ({"names": []}, "options.names, reason = 0 items are fewer than 1"),
        ({"names": ["a"] * 4}, "options.names, reason = 4 items are more than 3"),
        ({"names": ["a", 5]}, "options.names, reason = 5 is not a text"),
        ({"labels": []}, "options.labels, reason = [] is not an object"),
        ({"generation": "3"}, "options.generation, reason = '3' is not one of 2.x, 1.12"),
    ],
)
def test_a_value_that_the_schema_excludes_is_refused_by_name(values, reason):
    with pytest.raises(InvalidParameter) as caught:
        OptionsSchema(SCHEMA).check(values)
    assert reason in str(caught.value)
    assert caught.value.details.startswith("ERROR_INVALID_PARAMETER: Parameter is invalid. (key = options.")


def test_a_required_option_is_missed():
    schema = OptionsSchema({**SCHEMA, "required": ["size", "name"]})
    with pytest.raises(InvalidParameter, match=r"options\.size, reason = this option is required"):
        schema.check({})
    assert schema.check({"size": "small"})["name"] == "web"


def test_a_whole_number():
    assert whole_number("x", 5.0) == 5
    with pytest.raises(InvalidParameter, match=r"key = x, reason = '5' is not a whole number"):
        whole_number("x", "5")
