import pytest

from flows.collection.inventory import by_type, cloud_service_type, collected, counts
from flows.collection.layout import cell, default_sort, table, value
from flows.spaceone import Generation

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
    assert columns == ("Name", "Rank", "Price", "High")
    assert rows == (("Bitcoin", "1", "64,321.5", ""),)


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


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (None, ""),
        (1.0, "1"),
        (0.0, "0"),
        (-3.0, "-3"),
        (1234567.0, "1,234,567"),
        (64321.5, "64,321.5"),
        (-0.25, "-0.25"),
        (0.000012, "1.2e-05"),
        (1e18, "1e+18"),
        ("words", "words"),
        (["a", 2.0, None], "a, 2, "),
        (True, "True"),
    ],
)
def test_a_cell_shows_what_makes_a_value_different(given, shown):
    assert cell(given) == shown


@pytest.mark.parametrize(
    ("key", "expected"), [("data.price", 64321.5), ("data.price.usd", None), ("none.at.all", None)]
)
def test_a_dotted_key(key, expected):
    assert value(RECORD, key) == expected


class Inventory:
    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def call(self, method, params):
        self.asked.append((method, params))
        return self.answers[method.split(".")[1]]

    def list(self, method, params):
        return self.call(method, params)


def test_services_are_counted_by_collector_and_the_rest_by_provider():
    inventory = Inventory(CloudService={"total_count": 5}, CloudServiceType={"total_count": 1}, Region={})
    assert counts(inventory, "collector-1", "portfolio") == {
        "inventory.CloudService": 5,
        "inventory.CloudServiceType": 1,
        "inventory.Region": 0,
    }
    (_, services), (_, types), _ = inventory.asked
    assert services["query"]["filter"] == [
        {"k": "collection_info.collector_id", "v": "collector-1", "o": "eq"}
    ]
    assert types["provider"] == "portfolio"


def test_types_are_counted_by_their_full_names():
    row = {key: RECORD[key] for key in ("provider", "cloud_service_group", "cloud_service_type")}
    inventory = Inventory(CloudService=[{**row, "count": 5.0}])
    assert by_type(inventory, "collector-1") == {"portfolio/Investment/Cryptocurrency": 5}


@pytest.mark.parametrize(
    ("generation", "sort"),
    [
        (Generation.V2, [{"key": "data.rank", "desc": True}]),
        (Generation.V1_12, {"key": "data.rank", "desc": True}),
    ],
)
def test_resources_come_sorted_and_not_all(generation, sort):
    inventory = Inventory(CloudService=[RECORD])
    assert collected(inventory, "collector-1", generation, ("data.rank", True), limit=3) == [RECORD]
    query = inventory.asked[0][1]["query"]
    assert query["sort"] == sort
    assert query["page"] == {"start": 1, "limit": 3}


def test_a_type_is_looked_up_by_all_parts_of_its_name():
    inventory = Inventory(CloudServiceType=[{"name": "A/B"}])
    assert cloud_service_type(inventory, "portfolio/Investment/A/B") == {"name": "A/B"}
    assert inventory.asked[0][1] == {"name": "A/B", "group": "Investment", "provider": "portfolio"}
    assert cloud_service_type(Inventory(CloudServiceType=[]), "a/b/c") is None
