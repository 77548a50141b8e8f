import pytest

from flows.preview.table import default_sort, table

RECORD = {
    "name": "Bitcoin",
    "provider": "portfolio",
    "cloud_service_group": "Investment",
    "cloud_service_type": "Cryptocurrency",
    "data": {"price": 64321.5, "rank": 1.0, "tags": ["a", 2.0]},
}


def type_record(*fields, **options):
    layout = {"options": {"fields": list(fields), **options}}
    return {"metadata": {"view": {"table": {"layout": layout}}}}


def test_columns_are_those_of_the_types_own_layout():
    layout = type_record(
        {"name": "Rank", "key": "data.rank"},
        {"name": "Logo", "key": "data.image", "type": "image"},
        {"name": "Volume", "key": "data.volume", "options": {"is_optional": True}},
        {"key": "data.nameless"},
        {"name": "Price", "key": "data.price"},
        {"name": "High", "key": "data.high.price"},
    )
    columns, rows = table([RECORD], layout)
    assert columns == ("Name", "Rank", "Logo", "Price", "High")
    assert rows == (("Bitcoin", "1", "", "64,321.5", ""),)


def test_a_layout_with_a_name_of_its_own_gets_no_second_one():
    assert table([RECORD], type_record({"name": "Coin", "key": "name"}))[0] == ("Coin",)


@pytest.mark.parametrize("layout", [None, {}, type_record(), {"metadata": {"view": {"table": None}}}])
def test_without_a_layout_there_are_name_provider_group_and_type(layout):
    columns, rows = table([RECORD], layout)
    assert columns == ("Name", "Provider", "Group", "Type")
    assert rows == (("Bitcoin", "portfolio", "Investment", "Cryptocurrency"),)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (type_record(default_sort={"key": "data.rank"}), ("data.rank", False)),
        (type_record(default_sort={"key": "data.price", "desc": True}), ("data.price", True)),
        (type_record(default_sort={"desc": True}), ("name", False)),
        (type_record(), ("name", False)),
        (None, ("name", False)),
    ],
)
def test_the_order_is_the_types_own(layout, expected):
    assert default_sort(layout) == expected
