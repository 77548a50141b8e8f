"""Records on the wire, as SpaceONE's inventory reads them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from google.protobuf.json_format import MessageToDict
from plugin.metrics import METRICS, NAMESPACE
from plugin.options import Options
from plugin.types import TYPES, Record
from plugin.types.cryptocurrency import CRYPTOCURRENCY, METADATA, record
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin import messages


def read(message):
    return MessageToDict(ResourceInfo.FromString(message), preserving_proto_field_name=True)


def test_the_region():
    assert read(messages.region()) == {
        "state": "SUCCESS",
        "resource_type": "inventory.Region",
        "match_rules": {"1": ["region_code", "provider"]},
        "resource": {"name": "Global", "region_code": "global", "provider": "portfolio"},
    }


def test_the_type_carries_its_dynamic_ui():
    made = read(messages.cloud_service_type(CRYPTOCURRENCY))
    assert made["resource_type"] == "inventory.CloudServiceType"
    assert made["match_rules"] == {"1": ["name", "group", "provider"]}
    resource = made["resource"]
    assert resource["metadata"] == METADATA
    assert (resource["name"], resource["group"], resource["provider"]) == (
        "Cryptocurrency",
        "Investment",
        "portfolio",
    )
    assert "json_metadata" not in resource


def test_a_resource_for_2x(coin):
    exact = coin(market_cap=9007199254740993, current_price=Decimal("1.2345678901234567890e-10"))
    made = read(messages.CloudServices(CRYPTOCURRENCY, "2.x").message(record(exact, Options())))
    assert made["state"] == "SUCCESS"
    assert made["resource_type"] == "inventory.CloudService"
    assert made["match_rules"] == {
        "1": ["reference.resource_id", "provider", "cloud_service_type", "cloud_service_group"]
    }
    resource = made["resource"]
    data = json.loads(resource.pop("json_data"))
    # More than a double holds: by its digits, and as what can be stored of it.
    assert data["market_cap"] == 9007199254740993
    assert data["price"] == 1.2345678901234568e-10
    assert data["exact"] == {"market_cap": "9007199254740993", "price": "1.2345678901234567890E-10"}
    assert isinstance(data["rank"], int)
    view = json.loads(resource.pop("json_metadata"))["view"]
    assert view["sub_data"]["reference"] == {
        "resource_type": "inventory.CloudServiceType",
        "options": {
            "provider": "portfolio",
            "cloud_service_group": "Investment",
            "cloud_service_type": "Cryptocurrency",
        },
    }
    assert resource == {
        "name": "Bitcoin",
        "provider": "portfolio",
        "cloud_service_group": "Investment",
        "cloud_service_type": "Cryptocurrency",
        "account": "coingecko",
        "instance_type": "BTC",
        "region_code": "global",
        "reference": {
            "resource_id": "bitcoin",
            "external_link": "https://www.coingecko.com/en/coins/bitcoin",
        },
        "tags": {"symbol": "BTC"},
    }


def test_a_resource_for_1_12_carries_everything_itself(coin):
    resource = read(messages.CloudServices(CRYPTOCURRENCY, "1.12").message(record(coin(), Options())))[
        "resource"
    ]
    assert resource["metadata"] == METADATA
    assert not {"json_data", "json_metadata"} & set(resource)
    assert resource["data"]["price"] == 67187.3358936566
    assert resource["data"]["rank"] == 1.0


@pytest.mark.parametrize("kind", TYPES)
def test_both_generations_are_told_the_same(kind):
    huge = 2500000000000000123
    data = {
        "price": 5.21e-9,
        "market_cap": huge,
        "parts": [{"percent": huge}],
        "gone": None,
        "n": "Ä",
    }
    made = Record("id", "Name", "https://example.org", data, {"a": "b", "c": None})
    new, old = (read(messages.CloudServices(kind, of).message(made))["resource"] for of in ("2.x", "1.12"))
    told = json.loads(new.pop("json_data"))
    assert told == {
        "price": 5.21e-9,
        "market_cap": 2500000000000000123,
        "parts": [{"percent": 2500000000000000123}],
        "n": "Ä",
        "exact": {"market_cap": "2500000000000000123", "parts": {"0": {"percent": "2500000000000000123"}}},
    }
    # A Struct has doubles alone.
    assert old.pop("data") == told | {"market_cap": 2.5e18, "parts": [{"percent": 2.5e18}]}
    new.pop("json_metadata")
    assert old.pop("metadata") == kind.metadata
    assert new == old
    assert new["tags"] == {"a": "b"}


@pytest.mark.parametrize("generation", ["2.x", "1.12"])
def test_one_message_leaves_nothing_behind_for_the_next(coin, generation):
    maker = messages.CloudServices(CRYPTOCURRENCY, generation)
    full = maker.message(record(coin(), Options()))
    bare = read(maker.message(Record("dust", "Dust", "https://example.org", {})))["resource"]
    assert not {"tags", "account", "instance_type"} & set(bare)
    assert (json.loads(bare["json_data"]) if generation == "2.x" else bare["data"]) == {"exact": {}}
    assert maker.message(record(coin(), Options())) == full


def test_a_namespace_and_its_metrics():
    first, *others = map(read, messages.metrics())
    assert (first["resource_type"], first["resource"]) == ("inventory.Namespace", NAMESPACE)
    assert [made["resource_type"] for made in others] == ["inventory.Metric"] * len(METRICS)
    for made, metric in zip(others, METRICS, strict=True):
        assert made["resource"] == metric
        assert metric["namespace_id"] == NAMESPACE["namespace_id"]


def test_an_error_resource():
    assert read(messages.error(CRYPTOCURRENCY, "page 2: the source is gone")) == {
        "state": "FAILURE",
        "resource_type": "inventory.ErrorResource",
        "message": "page 2: the source is gone",
        "resource": {
            "provider": "portfolio",
            "cloud_service_group": "Investment",
            "cloud_service_type": "Cryptocurrency",
            "resource_type": "inventory.CloudService",
        },
    }


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_what_json_cannot_say_is_an_error(number):
    with pytest.raises(ValueError, match="JSON"):
        messages.CloudServices(CRYPTOCURRENCY, "2.x").message(Record("x", "x", "x", {"price": number}))


def test_every_match_key_is_in_its_resource(coin):
    made = [
        messages.region(),
        messages.cloud_service_type(CRYPTOCURRENCY),
        messages.CloudServices(CRYPTOCURRENCY, "2.x").message(record(coin(), Options())),
        *messages.metrics(),
    ]
    for message in map(read, made):
        for rule in message["match_rules"]["1"]:
            value = message["resource"]
            for key in rule.split("."):
                value = value[key]
            assert isinstance(value, str)
            assert value
