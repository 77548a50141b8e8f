"""The server around a collector: its limits, its health, its log, its end."""

from __future__ import annotations

import json
import signal
import threading

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.empty_pb2 import Empty
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from spaceone.api.core.v1 import server_info_pb2_grpc
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc

from plugin.serving import CloudService, CloudServiceType, Collector
from plugin.serving.healthcheck import serving
from plugin.serving.server import SERVICES
from tests.plugin.calls import HANGING, collect, failure, request

SERVER = CloudServiceType("Server", "Compute", "example")


class Large(Collector):
    version = "1.2.3"

    def collect(self, call):
        yield SERVER
        yield CloudService(SERVER, "a", "A", {"text": "x" * 2000})


def test_health_version_and_reflection(serve):
    channel = serve(Large())
    stub = health_pb2_grpc.HealthStub(channel)
    for service in ("", *SERVICES):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=HANGING)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    version = server_info_pb2_grpc.ServerInfoStub(channel).get_version(Empty(), timeout=HANGING).version
    assert version == "1.2.3"
    database = ProtoReflectionDescriptorDatabase(channel)
    assert sorted(database.get_services()) == sorted(SERVICES)
    service = DescriptorPool(database).FindServiceByName("spaceone.api.inventory.plugin.Collector")
    assert [method.name for method in service.methods] == ["init", "verify", "collect"]


def test_a_busy_server_is_a_healthy_one(serve):
    busy, late = threading.Event(), threading.Event()

    class Slow(Collector):
        def collect(self, call):
            busy.set()
            late.wait(2 * HANGING)
            yield SERVER

    channel = serve(Slow(), workers=1)
    stub = collector_pb2_grpc.CollectorStub(channel)
    running = stub.collect(request(collector_pb2.CollectRequest))
    assert busy.wait(HANGING)
    # All workers are taken: there is one.
    code, _ = failure(lambda: stub.init(collector_pb2.InitRequest(), timeout=0.5))
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    check = health_pb2_grpc.HealthStub(channel).Check
    assert check(health_pb2.HealthCheckRequest(), timeout=HANGING).status == 1
    late.set()
    assert len(list(running)) == 1
    assert stub.init(collector_pb2.InitRequest(), timeout=HANGING).metadata
    # The servicer's class, which other servers share, is as it was.
    assert not hasattr(health.HealthServicer.Check, "experimental_thread_pool")


def test_messages_are_not_larger_than_is_allowed(serve):
    code, details = failure(lambda: collect(serve(Large(), max_message=1024)))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "Sent message larger than max" in details
    code, details = failure(lambda: collect(serve(Large()), {"ids": ["x" * 100] * 50_000}))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in details


def test_a_process_logs_its_start_and_its_end(process, minimal):
    child, port, log = process(minimal)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert [made["state"] for made in collect(channel)] == ["SUCCESS"] * 3
    child.send_signal(signal.SIGINT)
    assert child.wait(HANGING) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["message"] for line in lines] == ["Started", "Collector.collect", "Stopping", "Stopped"]
    assert {line["level"] for line in lines} == {"INFO"}


def test_the_log_has_no_more_than_is_wanted(process, minimal, nobody):
    port = nobody.rpartition(":")[2]
    child, _, log = process(minimal, SPACEONE_PORT=port, SPACEONE_LOG_LEVEL="error", wait=False)
    while not serving(("127.0.0.1", port), 1.0):
        assert child.poll() is None
    child.terminate()
    assert child.wait(HANGING) == 0
    assert log.read_text() == ""


def test_a_taken_port_is_a_sentence_and_an_exit_code(process, minimal):
    _, port, _ = process(minimal)
    second, _, log = process(minimal, SPACEONE_PORT=str(port))
    assert second.wait(HANGING) == 2
    assert "The plugin cannot start: " in log.read_text()


@pytest.mark.parametrize("variable", ["SPACEONE_PORT", "SPACEONE_GRACE"])
def test_so_is_a_setting_that_cannot_be_used(process, minimal, variable):
    child, _, log = process(minimal, **{variable: "none"})
    assert child.wait(HANGING) == 2
    assert log.read_text().startswith(f"The plugin cannot start: {variable}='none' is not a number")
