import pytest

from flows.preview.fields import cell, shown, value

RECORD = {
    "name": "Bitcoin",
    "provider": "portfolio",
    "cloud_service_group": "Investment",
    "cloud_service_type": "Cryptocurrency",
    "data": {"price": 64321.5, "rank": 1.0, "tags": ["a", 2.0]},
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ""),
        (1.0, "1"),
        (0.0, "0"),
        (-3.0, "-3"),
        (1234567.0, "1,234,567"),
        (64321.5, "64,321.5"),
        (-0.25, "-0.25"),
        (-0.0, "0"),
        (2017, "2,017"),
        (67469, "67,469"),
        (67469.0, "67,469"),
        (64231.123456, "64,231.123,456"),
        (0.123456, "0.123,456"),
        (-0.03799, "-0.03,799"),
        (64321.123, "64,321.123"),
        (0.000012, "0.000,012"),
        (5.21e-9, "5.21e-9"),
        (1.5e-12, "1.5e-12"),
        (1e18, "1,000,000,000,000,000,000"),
        (1.5e21, "1.5e+21"),
        (2500000000000000123, "2,500,000,000,000,000,000"),
        ("words", "words"),
        (["a", 2.0, None], "a, 2, "),
        (True, "true"),
        ({"a": 1.0, "b": ["x"]}, "a: 1, b: x"),
    ],
)
def test_a_cell_shows_what_makes_a_value_different(given, expected):
    assert cell(given) == expected


@pytest.mark.parametrize(
    ("key", "expected"), [("data.price", 64321.5), ("data.price.usd", None), ("none.at.all", None)]
)
def test_a_dotted_key(key, expected):
    assert value(RECORD, key) == expected


@pytest.mark.parametrize(
    ("record", "key", "expected"),
    [
        ({"data": {"disks": [{"size": 1}, {"size": 2}]}}, "data.disks.size", [1, 2]),
        ({"data": {"disks": [{"size": 1}, {"size": 2}]}}, "data.disks.1.size", 2),
        ({"data": {"disks": [{"size": 1}]}}, "data.disks.7.size", None),
        ({"data": {"disks": []}}, "data.disks.size", []),
        ({"name": "x"}, "", {"name": "x"}),
    ],
)
def test_a_key_goes_into_lists(record, key, expected):
    assert value(record, key) == expected


ENUM = {"RISING": {"name": "Rising", "type": "state"}, "FALLING": "falls"}


@pytest.mark.parametrize(
    ("kind", "options", "given", "expected"),
    [
        ("text", {"postfix": " %"}, 2.5, "2.5 %"),
        ("text", {"prefix": "$", "postfix": " each"}, 3.0, "$3 each"),
        ("text", {"postfix": " %"}, None, " %"),
        ("text", {"default": "none", "postfix": " %"}, None, "none %"),
        ("text", {"default": "none"}, "", ""),
        ("datetime", {"prefix": "at "}, None, "at "),
        ("badge", {"postfix": " %"}, None, ""),
        ("badge", {"postfix": " %", "default": 0}, None, "0 %"),
        ("enum", {"postfix": " %"}, None, ""),
        ("badge", {"outline_color": "indigo.500"}, 1.0, "1"),
        ("state", {}, "ACTIVE", "ACTIVE"),
        ("state", {}, 67187.3358936566, "67187.3358936566"),
        ("state", {}, 2017.0, "2017"),
        ("state", {}, True, "true"),
        ("enum", ENUM, "RISING", "Rising"),
        ("enum", ENUM, "FALLING", "falls"),
        ("enum", ENUM, "NEW", "NEW"),
        ("enum", ENUM, ["RISING", "NEW"], "Rising, NEW"),
        ("datetime", {"source_type": "iso8601"}, "2024-03-14T09:10:36.635+02:00", "2024-03-14 07:10 UTC"),
        ("datetime", {"source_type": "timestamp"}, 0.0, "1970-01-01 00:00 UTC"),
        ("datetime", {"source_type": "milliseconds"}, 60000.0, "1970-01-01 00:01 UTC"),
        ("datetime", {}, "soon", "soon"),
        ("size", {}, 2048.0, "2 KB"),
        ("size", {"source_unit": "GB"}, 1536.0, "1.5 TB"),
        ("size", {}, 0.0, "0 B"),
        ("size", {}, "large", "large"),
        ("progress", {}, 42.0, "42"),
        ("image", {"width": "20px"}, "https://example.org/a.png", "https://example.org/a.png"),
        ("more", {"layout": {"name": "Rules"}}, "3 rules", "3 rules (opens Rules)"),
        ("list", {"sub_key": "name"}, [{"name": "a"}, {"name": "b"}], "a, b"),
        ("of another time", {}, "x", "x"),
    ],
)
def test_a_field_is_drawn_by_its_type(kind, options, given, expected):
    field = {"name": "Field", "key": "data.field", "type": kind, "options": options}
    assert shown(field, {"data": {"field": given}}) == expected


def test_a_field_may_have_a_key_alone():
    assert shown({"key": "name"}, RECORD) == "Bitcoin"
