import pytest

from flows.collection.inventory import by_type, cloud_service_type, collected, counts
from flows.spaceone import Generation

RECORD = {
    "name": "Bitcoin",
    "provider": "portfolio",
    "cloud_service_group": "Investment",
    "cloud_service_type": "Cryptocurrency",
    "data": {"price": 64321.5, "rank": 1.0, "tags": ["a", 2.0]},
}


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
