"""What ours puts on the wire is what a plugin on SpaceONE's own framework puts there, for the same coins.

Message by message, after decoding, equal but for this:

- The framework sends a value for each field that its models have: null, an empty list, a zero, an empty text. Ours
  sends what there is. Inventory takes both the same way, but for `instance_size`, which it stores as 0 or as nothing,
  and 1.12 fails on a type whose `metadata` is null.
- The framework sends a type's dynamic UI as `json_metadata`; ours as `metadata`, which both generations take.
- Ours has `data.exact`, see plugin/README.md.
"""

from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import MessageToDict
from plugin.messages import MATCH_KEYS
from plugin.metrics import METRICS, NAMESPACE
from plugin.types.cryptocurrency import CRYPTOCURRENCY
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from deployments.sandbox import runtime
from deployments.sandbox.layout import Layout
from deployments.sandbox.progress import Lines
from deployments.sandbox.sandbox import GENERATION
from tests.benchmarks import servers

pytestmark = pytest.mark.integration

COUNT = 250
FIELDS = {
    "inventory.Region": "region",
    "inventory.CloudServiceType": "cloud_service_type",
    "inventory.Namespace": "namespace",
    "inventory.Metric": "metric",
}


@pytest.fixture(scope="module")
def framework(sandbox_home):
    layout = Layout.of(sandbox_home, GENERATION)
    layout.make()
    runtime.install(layout, Lines())
    with servers.framework(layout.python) as server:
        yield server


@pytest.fixture(scope="module")
def ours():
    with servers.collector() as server:
        yield server


def collected(server, **options):
    with servers.reading(server) as collect:
        messages = [ResourceInfo.FromString(message) for message in collect(**options)]
    return [MessageToDict(message, preserving_proto_field_name=True) for message in messages]


def given(resource_type, resource):
    """A resource that a framework's plugin is handed as it is."""
    if resource_type == "inventory.CloudServiceType":
        metadata = json.dumps(resource["metadata"])
        resource = {name: value for name, value in resource.items() if name != "metadata"}
        resource["json_metadata"] = metadata
    return {
        "resource_type": resource_type,
        FIELDS[resource_type]: resource,
        "match_keys": [MATCH_KEYS[resource_type]],
    }


def said(message):
    """A message without what says nothing, and with its JSON read."""
    resource = {
        name: value for name, value in message["resource"].items() if value not in (None, [], {}, "", 0)
    }
    for name in ("json_data", "json_metadata"):
        if name in resource:
            resource[name.removeprefix("json_")] = json.loads(resource.pop(name))
    rest = {name: value for name, value in message.items() if value != ""}
    return {**rest, "resource": resource}


def test_the_same_coins_are_the_same_messages(ours, framework, market):
    mine = collected(ours, base_url=market, count=COUNT)
    first = [
        given(made["resource_type"], made["resource"]) for made in mine if made["resource_type"] in FIELDS
    ]
    theirs = collected(framework, base_url=market, count=COUNT, first=first)
    assert len(mine) == len(theirs) == COUNT + 3 + len(METRICS)
    for one, other in zip(map(said, mine), map(said, theirs), strict=True):
        if one["resource_type"] == "inventory.CloudService":
            assert one["resource"]["data"].pop("exact") == {}
        assert one == other


def test_what_only_the_framework_says_says_nothing(ours, framework, market):
    [*_, mine] = collected(ours, base_url=market, count=1)
    [theirs] = collected(framework, base_url=market, count=1)
    extra = {name: theirs["resource"][name] for name in set(theirs["resource"]) - set(mine["resource"])}
    assert extra == {
        "ip_addresses": [],
        "instance_size": 0.0,
        "launched_at": None,
        "data": None,
        "metadata": None,
    }
    assert set(mine["resource"]) <= set(theirs["resource"])


def test_what_is_handed_over_is_what_ours_sends(ours, market):
    mine = {made["resource_type"]: made["resource"] for made in collected(ours, base_url=market, count=1)}
    assert mine["inventory.CloudServiceType"]["metadata"] == CRYPTOCURRENCY.metadata
    assert mine["inventory.Namespace"] == NAMESPACE
    assert mine["inventory.Metric"] == METRICS[-1]
