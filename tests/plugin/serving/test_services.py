"""The calls of the platform, answered by collectors of a few lines."""

from __future__ import annotations

import threading

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc, job_pb2, job_pb2_grpc

from plugin.serving import Caller, CloudService, CloudServiceType, Collector, PluginError, Region
from tests.plugin.calls import HANGING, collect, failure, request, until

SERVER = CloudServiceType("Server", "Compute", "example")


class Servers(Collector):
    """Answers with what it is asked."""

    options_schema = {"type": "object", "properties": {"count": {"type": "integer", "default": 2}}}

    def __init__(self):
        self.calls = []
        self.waited = None

    def verify(self, call):
        self.calls.append(call)
        self.waited = call.caller.wait(3600)

    def get_tasks(self, call):
        return [{"first": first, "last": call.options["count"]} for first in range(call.options["count"])]

    def collect(self, call):
        self.calls.append(call)
        yield SERVER
        for number in range(call.options["count"]):
            yield CloudService(SERVER, f"s-{number}", "Server", {"number": number})


def stubs(channel):
    return collector_pb2_grpc.CollectorStub(channel), job_pb2_grpc.JobStub(channel)


def metadata(channel, **options):
    asked = request(collector_pb2.InitRequest, options=options)
    return MessageToDict(stubs(channel)[0].init(asked, timeout=HANGING).metadata)


def test_init_answers_with_what_the_platform_keeps(serve):
    channel = serve(Servers())
    assert metadata(channel) == {
        "supported_resource_type": [
            "inventory.CloudService",
            "inventory.CloudServiceType",
            "inventory.Region",
            "inventory.Namespace",
            "inventory.Metric",
        ],
        "supported_features": ["garbage_collection"],
        "supported_schedules": ["hours"],
        "filter_format": [],
        "options_schema": metadata(channel)["options_schema"],
    }
    assert metadata(channel)["options_schema"]["order"] == ["count", "generation"]
    assert len(metadata(channel, generation="1.12")["supported_resource_type"]) == 3


def test_a_collector_overrides_what_init_answers(serve):
    class Yearly(Servers):
        def init(self, call):
            return {"supported_schedules": [f"every {call.options['count']} years"]}

    assert metadata(serve(Yearly()), count=5)["supported_schedules"] == ["every 5 years"]


def test_a_call_brings_options_secret_task_and_caller(serve):
    collector = Servers()
    channel = serve(collector)
    collected = collect(channel, {"first": 1}, {"token": "hidden"}, count=1, generation="1.12")
    assert [made["resource_type"] for made in collected] == [
        "inventory.CloudServiceType",
        "inventory.CloudService",
    ]
    [call] = collector.calls
    assert (call.options, call.task_options, call.secret_data) == (
        {"count": 1},
        {"first": 1},
        {"token": "hidden"},
    )
    assert (call.generation, isinstance(call.caller, Caller)) == ("1.12", True)
    assert "hidden" not in repr(call)


def test_verify_answers_with_nothing_and_waits_for_nothing(serve):
    collector = Servers()
    stub, _ = stubs(serve(collector))
    assert stub.verify(request(collector_pb2.VerifyRequest), timeout=HANGING) == Empty()
    [call] = collector.calls
    assert (collector.waited, call.task_options) == (False, {})


def test_tasks_are_handed_over_as_they_are(serve):
    _, job = stubs(serve(Servers()))
    answer = job.get_tasks(request(job_pb2.GetTaskRequest, options={"count": 3}), timeout=HANGING)
    assert [MessageToDict(task.task_options) for task in answer.tasks] == [
        {"first": first, "last": 3} for first in range(3)
    ]


def test_a_collector_that_defines_collect_alone_is_whole(serve):
    class Bare(Collector):
        def collect(self, call):
            yield Region("here", "Here", "example")

    channel = serve(Bare())
    collector, job = stubs(channel)
    assert collector.verify(request(collector_pb2.VerifyRequest), timeout=HANGING) == Empty()
    [task] = job.get_tasks(request(job_pb2.GetTaskRequest), timeout=HANGING).tasks
    assert MessageToDict(task.task_options) == {}
    assert metadata(channel)["options_schema"]["order"] == ["generation"]
    assert [made["resource"]["name"] for made in collect(channel)] == ["Here"]


class Gone(PluginError):
    code = "ERROR_GONE"
    status = grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("error", "code", "details"),
    [
        (Gone("It is gone."), grpc.StatusCode.UNAVAILABLE, "ERROR_GONE: It is gone."),
        (PluginError("No."), grpc.StatusCode.INTERNAL, "ERROR_UNKNOWN: No."),
        (
            KeyError("a secret"),
            grpc.StatusCode.INTERNAL,
            "ERROR_UNKNOWN: KeyError; see the plugin's log for details.",
        ),
    ],
)
def test_an_error_ends_each_call_with_its_code(serve, caplog, error, code, details):
    class Failing(Collector):
        def fail(self, call):
            raise error

        init = verify = get_tasks = fail

        def collect(self, call):
            yield SERVER
            raise error

    channel = serve(Failing())
    collector, job = stubs(channel)
    calls = [
        lambda: metadata(channel),
        lambda: collector.verify(request(collector_pb2.VerifyRequest), timeout=HANGING),
        lambda: job.get_tasks(request(job_pb2.GetTaskRequest), timeout=HANGING),
        lambda: collect(channel),
    ]
    assert [failure(call) for call in calls] == [(code, details)] * 4
    expected = "WARNING" if isinstance(error, PluginError) else "ERROR"
    failed = [record for record in caplog.records if "failed" in record.message]
    assert [record.levelname for record in failed] == [expected] * 4
    assert all(bool(record.exc_info) == (expected == "ERROR") for record in failed)


def test_an_infinite_number_is_refused(serve):
    code, details = failure(lambda: collect(serve(Servers()), {"first": float("inf")}))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith("ERROR_INVALID_PARAMETER: Parameter is invalid. (key = task_options, reason = ")


def test_a_caller_that_leaves_ends_the_pause(serve, caplog):
    caplog.set_level("INFO")
    waiting = threading.Event()

    class Patient(Collector):
        def collect(self, call):
            yield SERVER
            waiting.set()
            call.caller.wait(3600)

    stream = stubs(serve(Patient()))[0].collect(request(collector_pb2.CollectRequest))
    next(stream)
    assert waiting.wait(HANGING)
    stream.cancel()
    assert until(lambda: "Collector.collect" in caplog.messages)
    [fields] = [record.fields for record in caplog.records if record.message == "Collector.collect"]
    assert (fields["resources"], fields["errors"], fields["canceled"]) == (1, 0, True)
    assert "WARNING" not in [record.levelname for record in caplog.records]


def test_the_log_names_domain_job_and_trace_and_no_other_metadata(serve, caplog):
    caplog.set_level("INFO")
    sent = [
        ("token", "secret-token"),
        ("x_domain_id", "domain-1"),
        ("x-workspace-id", "workspace-1"),
        ("x-job-id", "job-1"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ]
    stub, _ = stubs(serve(Servers()))
    list(stub.collect(request(collector_pb2.CollectRequest), metadata=sent, timeout=HANGING))
    assert until(lambda: "Collector.collect" in caplog.messages)
    [fields] = [record.fields for record in caplog.records if record.message == "Collector.collect"]
    assert fields.pop("seconds") >= 0
    assert fields == {
        "domain_id": "domain-1",
        "workspace_id": "workspace-1",
        "job_id": "job-1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "resources": 3,
        "errors": 0,
        "canceled": False,
    }
