"""Resources on the wire, as SpaceONE's inventory reads them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from decimal import Decimal

import pytest
from google.protobuf.json_format import MessageToDict
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin.serving import CloudService, CloudServiceType, ErrorResource, Metric, Namespace, Region
from plugin.serving.messages import MATCH_KEYS, Encoder, supported

VIEW = {"view": {"search": [{"name": "Cores", "key": "data.cores"}]}}
SERVER = CloudServiceType(
    name="Server",
    group="Compute",
    provider="example",
    metadata=VIEW,
    labels=("Infrastructure",),
    tags={"spaceone:icon": "https://example.org/icon.png"},
    region_code="north",
)
EXACT = replace(SERVER, name="Exact", exact_numbers=True)
REGION = Region("north", "North", "example")
SERVERS = "inventory.CloudService:example.Compute.Server"
NAMESPACE = Namespace("ns-example", "Servers", "ASSET", SERVERS, "example", "1.0")
METRIC = Metric(
    "metric-example-cores",
    "Cores",
    "GAUGE",
    SERVERS,
    {"fields": {"value": {"key": "data.cores", "operator": "sum"}}},
    "Count",
    "ns-example",
    "1.0",
)
HUGE = 2500000000000000123


def read(message):
    return MessageToDict(ResourceInfo.FromString(message), preserving_proto_field_name=True)


def sent(resource, generation="2.x"):
    encoder = Encoder(generation)
    if isinstance(resource, CloudService):
        return read(encoder.cloud_service(resource))
    return read(encoder.other(resource))


def server(data=None, **changes):
    return CloudService(SERVER, "web-1", "Web", {"cores": 4} if data is None else data, **changes)


def test_a_region():
    assert sent(REGION) == {
        "state": "SUCCESS",
        "resource_type": "inventory.Region",
        "match_rules": {"1": ["region_code", "provider"]},
        "resource": {"name": "North", "region_code": "north", "provider": "example"},
    }


def test_a_type_carries_its_dynamic_ui():
    assert sent(SERVER) == {
        "state": "SUCCESS",
        "resource_type": "inventory.CloudServiceType",
        "match_rules": {"1": ["name", "group", "provider"]},
        "resource": {
            "name": "Server",
            "group": "Compute",
            "provider": "example",
            "is_primary": True,
            "is_major": True,
            "service_code": "Server",
            "metadata": VIEW,
            "labels": ["Infrastructure"],
            "tags": {"spaceone:icon": "https://example.org/icon.png"},
        },
    }


def test_a_cloud_service_for_2x():
    made = sent(
        server(
            external_link="https://example.org/web-1",
            tags={"team": "web", "owner": None},
            account="42",
            instance_type="small",
            more={"ip_addresses": ["10.0.0.1"], "instance_size": 2, "launched_at": None},
        )
    )
    assert made["state"] == "SUCCESS"
    assert made["resource_type"] == "inventory.CloudService"
    assert made["match_rules"] == {"1": MATCH_KEYS["inventory.CloudService"]}
    resource = made["resource"]
    assert json.loads(resource.pop("json_data")) == {"cores": 4}
    reference = {"provider": "example", "cloud_service_group": "Compute", "cloud_service_type": "Server"}
    assert json.loads(resource.pop("json_metadata")) == {
        "view": {
            "sub_data": {
                "reference": {"resource_type": "inventory.CloudServiceType", "options": reference},
            }
        }
    }
    assert resource == {
        **reference,
        "name": "Web",
        "region_code": "north",
        "reference": {"resource_id": "web-1", "external_link": "https://example.org/web-1"},
        "tags": {"team": "web"},
        "account": "42",
        "instance_type": "small",
        "ip_addresses": ["10.0.0.1"],
        "instance_size": 2.0,
    }


def test_a_cloud_service_for_1_12_carries_everything_itself():
    resource = sent(server(), "1.12")["resource"]
    assert resource["metadata"] == VIEW
    assert not {"json_data", "json_metadata"} & set(resource)
    assert resource["data"] == {"cores": 4.0}


def test_a_region_of_its_own_overrides_that_of_the_type():
    assert sent(server(region_code="south"))["resource"]["region_code"] == "south"
    free = replace(SERVER, region_code=None)
    assert "region_code" not in sent(CloudService(free, "web-1", "Web", {}))["resource"]


def test_both_generations_get_the_same():
    data = {"price": 5.21e-9, "size": HUGE, "parts": [{"percent": HUGE}], "gone": None, "n": "Ä"}
    resource = CloudService(EXACT, "id", "Name", data, tags={"a": "b"})
    new, old = (sent(resource, generation)["resource"] for generation in ("2.x", "1.12"))
    said = json.loads(new.pop("json_data"))
    assert said == {
        "price": 5.21e-9,
        "size": HUGE,
        "parts": [{"percent": HUGE}],
        "n": "Ä",
        "exact": {"size": str(HUGE), "parts": {"0": {"percent": str(HUGE)}}},
    }
    # A Struct has doubles alone.
    assert old.pop("data") == said | {"size": 2.5e18, "parts": [{"percent": 2.5e18}]}
    new.pop("json_metadata")
    assert old.pop("metadata") == VIEW
    assert new == old


def test_digits_travel_where_the_type_wants_them_and_only_there():
    long = {"price": Decimal("0.1234567890123456789")}
    assert json.loads(sent(server(long))["resource"]["json_data"]) == {"price": 0.12345678901234568}
    exact = sent(CloudService(EXACT, "web-1", "Web", {}))["resource"]
    assert json.loads(exact["json_data"]) == {"exact": {}}


@pytest.mark.parametrize("kind", [SERVER, EXACT])
def test_what_the_console_is_to_draw_stands_beside_the_numbers(kind):
    said = {"price": "5", "parts": {"size": 7}}
    resource = CloudService(kind, "id", "Name", {"price": 5.25}, shown=said)
    new, old = (sent(resource, generation)["resource"] for generation in ("2.x", "1.12"))
    data = json.loads(new["json_data"])
    assert data["price"] == 5.25
    assert data["shown"] == said
    assert old["data"] == data


@pytest.mark.parametrize("generation", ["2.x", "1.12"])
def test_one_message_leaves_nothing_behind_for_the_next(generation):
    encoder = Encoder(generation)
    full = server(tags={"a": "b"}, account="42", instance_type="small", external_link="https://example.org")
    first = encoder.cloud_service(full)
    bare = read(encoder.cloud_service(server({})))["resource"]
    other = read(encoder.cloud_service(CloudService(EXACT, "x", "X", {})))["resource"]
    assert not {"tags", "account", "instance_type"} & set(bare)
    assert bare["reference"] == {"resource_id": "web-1"}
    assert other["cloud_service_type"] == "Exact"
    assert encoder.cloud_service(full) == first


def test_a_namespace_and_a_metric():
    assert sent(NAMESPACE)["resource"] == asdict(NAMESPACE)
    assert sent(METRIC)["resource"] == asdict(METRIC)
    assert sent(METRIC)["resource_type"] == "inventory.Metric"


def test_1_12_has_neither_namespaces_nor_metrics():
    assert Encoder("1.12").other(NAMESPACE) is None
    assert Encoder("1.12").other(METRIC) is None
    assert supported("1.12") == supported("2.x")[:3]
    assert supported("2.x")[3:] == ["inventory.Namespace", "inventory.Metric"]


def test_an_error_resource():
    assert sent(ErrorResource(SERVER, "web-2 does not answer.")) == {
        "state": "FAILURE",
        "resource_type": "inventory.ErrorResource",
        "message": "web-2 does not answer.",
        "resource": {
            "provider": "example",
            "cloud_service_group": "Compute",
            "cloud_service_type": "Server",
            "resource_type": "inventory.CloudService",
        },
    }
    assert sent(ErrorResource(SERVER, "half \ud800"))["message"] == "half ?"


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_a_number_that_json_cannot_express_is_an_error(number):
    with pytest.raises(ValueError, match="JSON"):
        Encoder("2.x").cloud_service(server({"price": number}))


def test_every_match_key_is_in_its_resource():
    for message in map(sent, [REGION, SERVER, server(), NAMESPACE, METRIC]):
        for rule in message["match_rules"]["1"]:
            value = message["resource"]
            for key in rule.split("."):
                value = value[key]
            assert isinstance(value, str)
            assert value
