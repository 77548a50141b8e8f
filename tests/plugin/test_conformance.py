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

from sandbox.lifecycle import GENERATION
from sandbox.machine import runtime
from sandbox.machine.layout import Layout
from sandbox.machine.progress import Lines
from sandbox.spaceone.generations import GENERATIONS
from tests.benchmarks import servers

pytestmark = pytest.mark.integration

COUNT = 250
FIELDS = {
    "inventory.Region": "region",
    "inventory.CloudServiceType": "cloud_service_type",
    "inventory.Namespace": "namespace",
    "inventory.Metric": "metric",
}


FORM = {"2.x": {}, "1.12": {"metadata": CRYPTOCURRENCY.metadata}}
"""What the framework's plugin is told for a generation."""


@pytest.fixture(scope="module")
def framework(sandbox_home):
    layout = Layout.of(sandbox_home, GENERATION)
    layout.make()
    runtime.install(layout, GENERATIONS[GENERATION].requirements, Lines())
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
    rest = {name: value for name, value in message.items() if value not in ("", {})}
    return {**rest, "resource": resource}


@pytest.mark.parametrize("generation", ["2.x", "1.12"])
def test_the_same_coins_are_the_same_messages(ours, framework, market, generation):
    mine = collected(ours, base_url=market, count=COUNT, generation=generation)
    first = [
        given(made["resource_type"], made["resource"]) for made in mine if made["resource_type"] in FIELDS
    ]
    theirs = collected(framework, base_url=market, count=COUNT, first=first, **FORM[generation])
    assert len(mine) == len(theirs) == COUNT + len(first)
    assert len(first) == (3 + len(METRICS) if generation == "2.x" else 2)
    for one, other in zip(map(said, mine), map(said, theirs), strict=True):
        if one["resource_type"] == "inventory.CloudService":
            assert one["resource"]["data"].pop("exact") == {}
        assert one == other


@pytest.mark.parametrize("generation", ["2.x", "1.12"])
def test_what_only_the_framework_says_says_nothing(ours, framework, market, generation):
    [*_, mine] = collected(ours, base_url=market, count=1, generation=generation)
    [theirs] = collected(framework, base_url=market, count=1, **FORM[generation])
    extra = {name: theirs["resource"][name] for name in set(theirs["resource"]) - set(mine["resource"])}
    others = ("data", "metadata") if generation == "2.x" else ("json_data", "json_metadata")
    assert extra == {"ip_addresses": [], "instance_size": 0.0, "launched_at": None, **dict.fromkeys(others)}
    assert set(mine["resource"]) <= set(theirs["resource"])


def test_a_failure_is_told_in_the_same_way(ours, framework, market):
    [*_, mine] = collected(ours, base_url=market, ids=["no-such-coin"])
    [*_, theirs] = collected(framework, base_url=market, count=1, failure=mine["message"])
    assert mine["message"] == "Cryptocurrency no-such-coin is not, or no more, in the source's list."
    assert said(mine) == said(theirs)


def test_what_is_handed_over_is_what_ours_sends(ours, market):
    mine = {made["resource_type"]: made["resource"] for made in collected(ours, base_url=market, count=1)}
    assert mine["inventory.CloudServiceType"]["metadata"] == CRYPTOCURRENCY.metadata
    assert mine["inventory.Namespace"] == NAMESPACE
    assert mine["inventory.Metric"] == METRICS[-1]
