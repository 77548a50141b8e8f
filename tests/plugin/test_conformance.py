"""What every collector on `plugin.serving` keeps: the portfolio collector, and the minimal one.

The first half needs nothing but the collector. In the second half SpaceONE's own framework is given the same resources,
and what comes out of it is compared message by message. After decoding they are equal, but for this:

- The framework sends a value for each field that its models have: null, an empty list, a zero, an empty text. Ours
  sends what there is. Inventory takes both the same way, but for `instance_size`, which it stores as 0 or as nothing,
  and 1.12 fails on a type whose `metadata` is null.
- The framework sends a type's dynamic UI as `json_metadata`; ours as `metadata`, which both generations take.
- The portfolio collector has `data.exact`, see plugin/README.md.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from grpc_health.v1 import health_pb2, health_pb2_grpc
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc, job_pb2, job_pb2_grpc
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin.metrics import METRICS, NAMESPACE
from plugin.serving.messages import MATCH_KEYS
from plugin.types.cryptocurrency import CRYPTOCURRENCY
from tests import sandboxes
from tests.benchmarks import servers
from tests.benchmarks.places import FRAMEWORK
from tests.plugin.calls import HANGING, collect, failure, request

pytestmark = pytest.mark.integration

COUNT = 250
FIELDS = {
    "inventory.CloudService": "cloud_service",
    "inventory.Region": "region",
    "inventory.CloudServiceType": "cloud_service_type",
    "inventory.Namespace": "namespace",
    "inventory.Metric": "metric",
}


FORM = {"2.x": {}, "1.12": {"metadata": CRYPTOCURRENCY.metadata}}
"""What the framework's plugin is told for a generation."""


@dataclass
class Subject:
    """A collector that serves.

    Attributes:
        channel: A channel to it.
        options: With which it collects several resources, and nothing fails.
        failing: What to change so that something does.
    """

    channel: grpc.Channel
    options: dict = field(default_factory=dict)
    failing: dict = field(default_factory=dict)

    def collect(self, task_options=None, **options):
        return collect(self.channel, task_options, **self.options | options)


@pytest.fixture(params=["portfolio", "minimal"])
def subject(request, process, market):
    file = None
    options, failing = {"base_url": market, "count": 600}, {"ids": ["no-such-coin"]}
    if request.param == "minimal":
        file = request.path.parent / "serving" / "minimal_collector.py"
        options, failing = {"paths": ["/", "/dev"]}, {"paths": ["/no/such/folder"]}
    _, port, _ = process(file)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Subject(channel, options, failing)


def test_it_is_healthy(subject):
    check = health_pb2_grpc.HealthStub(subject.channel).Check
    assert check(health_pb2.HealthCheckRequest(), timeout=HANGING).status == 1


def test_its_form_has_a_title_and_a_default_for_each_option(subject):
    answer = collector_pb2_grpc.CollectorStub(subject.channel).init(
        collector_pb2.InitRequest(), timeout=HANGING
    )
    schema = MessageToDict(answer.metadata)["options_schema"]
    assert sorted(schema["order"]) == sorted(schema["properties"])
    assert all({"title", "type", "default"} <= set(option) for option in schema["properties"].values())


def test_verify_accepts_what_a_collection_accepts(subject):
    asked = request(collector_pb2.VerifyRequest, options=subject.options)
    assert collector_pb2_grpc.CollectorStub(subject.channel).verify(asked, timeout=HANGING) == Empty()


@pytest.mark.parametrize("generation", ["2.x", "1.12"])
def test_every_resource_can_be_recognised_and_stands_behind_its_type(subject, generation):
    types, ids = set(), []
    messages = subject.collect(generation=generation)
    assert {message["state"] for message in messages} == {"SUCCESS"}
    for message in messages:
        resource = message["resource"]
        assert message["match_rules"] == {"1": MATCH_KEYS[message["resource_type"]]}
        assert all(_value(resource, key) for key in MATCH_KEYS[message["resource_type"]])
        if message["resource_type"] == "inventory.CloudServiceType":
            types.add((resource["provider"], resource["group"], resource["name"]))
        elif message["resource_type"] == "inventory.CloudService":
            kind = (resource["provider"], resource["cloud_service_group"], resource["cloud_service_type"])
            assert kind in types
            assert ("json_data" in resource) == (generation == "2.x") == ("data" not in resource)
            ids.append((kind, resource["reference"]["resource_id"]))
    assert len(ids) == len(set(ids)) >= 2


def test_its_tasks_together_are_the_whole(subject):
    stub = job_pb2_grpc.JobStub(subject.channel)
    answer = stub.get_tasks(request(job_pb2.GetTaskRequest, options=subject.options), timeout=HANGING)
    tasks = [MessageToDict(task.task_options) for task in answer.tasks]
    union = [message for task in reversed(tasks) for message in subject.collect(task)]

    def keys(messages):
        return sorted(_keys(message) for message in messages)

    assert keys(union) == keys(subject.collect())


@pytest.mark.parametrize("call", ["init", "verify", "collect", "get_tasks"])
def test_an_unknown_option_is_refused_by_every_call(subject, call):
    collector, job = collector_pb2_grpc.CollectorStub(subject.channel), job_pb2_grpc.JobStub(subject.channel)
    options = subject.options | {"no_such_option": 1}
    calls = {
        "init": lambda: collector.init(request(collector_pb2.InitRequest, options=options), timeout=HANGING),
        "verify": lambda: collector.verify(
            request(collector_pb2.VerifyRequest, options=options), timeout=HANGING
        ),
        "collect": lambda: collect(subject.channel, **options),
        "get_tasks": lambda: job.get_tasks(request(job_pb2.GetTaskRequest, options=options), timeout=HANGING),
    }
    code, details = failure(calls[call])
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(
        "ERROR_INVALID_PARAMETER: Parameter is invalid. (key = options.no_such_option, "
    )


def test_what_is_missing_is_an_error_resource_and_the_stream_ends_well(subject):
    messages = subject.collect(**subject.failing)
    failed = [message for message in messages if message["state"] == "FAILURE"]
    assert len(messages) > len(failed) == 1
    assert failed[0]["resource_type"] == "inventory.ErrorResource"
    assert failed[0]["message"].endswith(".")


def _value(resource, path):
    for key in path.split("."):
        resource = resource[key]
    return resource


def _keys(message):
    keys = MATCH_KEYS[message["resource_type"]]
    return [message["resource_type"], *(_value(message["resource"], key) for key in keys)]


@pytest.fixture(scope="module")
def framework(sandbox_home):
    with sandboxes.framework(sandbox_home, FRAMEWORK) as server:
        yield server


@pytest.fixture(scope="module")
def ours():
    with servers.collector() as server:
        yield server


def collected(server, **options):
    with servers.reading(server) as stream:
        messages = [ResourceInfo.FromString(message) for message in stream(**options)]
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
def test_the_framework_makes_the_same_messages_of_its_resources(subject, framework, generation):
    mine = subject.collect(generation=generation, **({"count": 5} if "count" in subject.options else {}))
    handed = [given(message["resource_type"], message["resource"]) for message in mine]
    theirs = collected(framework, count=0, first=handed)
    assert list(map(said, mine)) == list(map(said, theirs))


@pytest.mark.parametrize("generation", ["2.x", "1.12"])
def test_the_same_coins_are_the_same_messages(ours, framework, market, generation):
    mine = collected(ours, base_url=market, count=COUNT, generation=generation)
    first = [
        given(made["resource_type"], made["resource"])
        for made in mine
        if made["resource_type"] != "inventory.CloudService"
    ]
    theirs = collected(framework, base_url=market, count=COUNT, first=first, **FORM[generation])
    assert len(mine) == len(theirs) == COUNT + len(first)
    assert len(first) == (3 + len(METRICS) if generation == "2.x" else 2)
    for one, other in zip(map(said, mine), map(said, theirs), strict=True):
        if one["resource_type"] == "inventory.CloudService":
            data = one["resource"]["data"]
            assert data.pop("exact") == {}
            # What the console draws in the place of numbers is ours alone.
            assert data.pop("shown")
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
    assert mine["message"] == "Cryptocurrency no-such-coin is not, or no longer, in the source's list."
    assert said(mine) == said(theirs)


def test_what_is_handed_over_is_what_ours_sends(ours, market):
    mine = {made["resource_type"]: made["resource"] for made in collected(ours, base_url=market, count=1)}
    assert mine["inventory.CloudServiceType"]["metadata"] == CRYPTOCURRENCY.metadata
    assert mine["inventory.Namespace"] == asdict(NAMESPACE)
    assert mine["inventory.Metric"] == asdict(METRICS[-1])
