"""The server as the platform meets it, with the stand-in as its source."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from plugin.healthcheck import address, serving
from plugin.server import SERVICES, Server, Settings
from spaceone.api.core.v1 import server_info_pb2_grpc
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc, job_pb2, job_pb2_grpc

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).parents[2] / "plugin" / "src"


def request(kind, **values):
    message = kind()
    for name, value in values.items():
        getattr(message, name).update(value)
    return message


def collect(channel, task_options=None, secret_data=None, **options):
    wish = request(
        collector_pb2.CollectRequest,
        options=options,
        secret_data=secret_data or {},
        task_options=task_options or {},
        filter={},
    )
    stream = collector_pb2_grpc.CollectorStub(channel).collect(wish, timeout=30)
    return [MessageToDict(message, preserving_proto_field_name=True) for message in stream]


def failure(call):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), caught.value.details()


def until(happened, seconds):
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.02)
    return happened()


def test_init_says_what_the_platform_keeps(channel):
    answer = collector_pb2_grpc.CollectorStub(channel).init(collector_pb2.InitRequest(), timeout=5)
    metadata = MessageToDict(answer.metadata)
    assert metadata["supported_resource_type"] == [
        "inventory.CloudService",
        "inventory.CloudServiceType",
        "inventory.Region",
        "inventory.Namespace",
        "inventory.Metric",
    ]
    assert metadata["supported_schedules"] == ["hours"]
    assert metadata["supported_features"] == ["garbage_collection"]
    assert metadata["options_schema"]["properties"]["count"]["default"] == 5
    wish = request(collector_pb2.InitRequest, options={"generation": "1.12"})
    older = MessageToDict(collector_pb2_grpc.CollectorStub(channel).init(wish, timeout=5).metadata)
    assert older["supported_resource_type"] == metadata["supported_resource_type"][:3]


@pytest.mark.parametrize("service", ["init", "verify", "collect", "get_tasks"])
def test_a_wrong_option_is_refused_by_every_call(channel, service):
    collector, job = collector_pb2_grpc.CollectorStub(channel), job_pb2_grpc.JobStub(channel)
    calls = {
        "init": lambda o: collector.init(request(collector_pb2.InitRequest, options=o), timeout=5),
        "verify": lambda o: collector.verify(request(collector_pb2.VerifyRequest, options=o), timeout=5),
        "collect": lambda o: list(
            collector.collect(request(collector_pb2.CollectRequest, options=o), timeout=5)
        ),
        "get_tasks": lambda o: job.get_tasks(request(job_pb2.GetTaskRequest, options=o), timeout=5),
    }
    code, details = failure(lambda: calls[service]({"count": -1}))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(
        "ERROR_INVALID_PARAMETER: Parameter is invalid. (key = options.count, reason = -1 "
    )


def test_verify_with_a_source_that_answers(channel, market):
    wish = request(
        collector_pb2.VerifyRequest, options={"base_url": market}, secret_data={"demo_api_key": "CG-x"}
    )
    assert collector_pb2_grpc.CollectorStub(channel).verify(wish, timeout=10) == Empty()


def test_verify_tells_wrong_keys_limits_currencies_and_silence_apart(channel, market, nobody, start_market):
    stub = collector_pb2_grpc.CollectorStub(channel)

    def verify(base_url, secret_data=None, **options):
        wish = request(
            collector_pb2.VerifyRequest,
            options={"base_url": base_url, **options},
            secret_data=secret_data or {},
        )
        return failure(lambda: stub.verify(wish, timeout=10))

    code, details = verify(market, {"pro_api_key": "secret-key"})
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert details.startswith("ERROR_AUTHENTICATE_FAILURE: 127.0.0.1:")
    assert "secret-key" not in details
    code, details = verify(start_market("--rate-limit", "1"))
    assert (code, details.split(":")[0]) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "ERROR_SOURCE_QUOTA_EXCEEDED",
    )
    code, details = verify(market, currency="xyz")
    assert (code, details.split(":")[0]) == (grpc.StatusCode.INVALID_ARGUMENT, "ERROR_SOURCE_REJECTED")
    assert "gives no prices in 'xyz'" in details
    code, details = verify(nobody)
    assert (code, details.split(":")[0]) == (grpc.StatusCode.INTERNAL, "ERROR_SOURCE_UNREACHABLE")


def test_the_walkthroughs_five_coins(channel, market):
    region, kind, *rest = collect(channel, base_url=market)
    metrics, coins = rest[:4], rest[4:]
    assert {made["resource_type"] for made in metrics} == {"inventory.Namespace", "inventory.Metric"}
    assert region["resource"]["region_code"] == "global"
    assert kind["resource"]["name"] == "Cryptocurrency"
    assert [coin["resource"]["reference"]["resource_id"] for coin in coins[:2]] == ["bitcoin", "ethereum"]
    assert len(coins) == 5
    for rank, coin in enumerate(coins, start=1):
        data = json.loads(coin["resource"]["json_data"])
        assert coin["state"] == "SUCCESS"
        assert data["rank"] == rank
        assert data["price"] > 0
        assert isinstance(data["change_percent_24h"], float)


def test_tasks_together_are_the_whole(channel, market):
    options = {"base_url": market, "count": 600, "currency": "krw"}
    answer = job_pb2_grpc.JobStub(channel).get_tasks(
        request(job_pb2.GetTaskRequest, options=options), timeout=10
    )
    tasks = [MessageToDict(task)["taskOptions"] for task in answer.tasks]
    assert len(tasks) == 3
    union = [message for task in reversed(tasks) for message in collect(channel, task, **options)]
    whole = collect(channel, **options)

    def key(message):
        return json.dumps(message, sort_keys=True)

    assert len(whole) == 606
    assert sorted(map(key, union)) == sorted(map(key, whole))


def test_all_types_in_several_currencies(channel, market):
    options = {
        "base_url": market,
        "cloud_service_types": ["Cryptocurrency", "Exchange", "Market"],
        "more_currencies": ["krw", "eur"],
        "count": 7,
    }
    messages = collect(channel, **options)
    assert {message["state"] for message in messages} == {"SUCCESS"}
    resources = [
        message["resource"] for message in messages if message["resource_type"].endswith("CloudService")
    ]
    assert [resource["cloud_service_type"] for resource in resources] == [
        *["Cryptocurrency"] * 7,
        *["Exchange"] * 7,
        "Market",
    ]
    bitcoin, whole = (json.loads(resources[index]["json_data"]) for index in (0, -1))
    assert [quote["currency"] for quote in bitcoin["quotes"]] == ["USD", "KRW", "EUR"]
    assert bitcoin["quotes"][1]["price"] == pytest.approx(bitcoin["price"] * 1385, rel=1e-4)
    assert all(quote["market_cap"] and quote["updated_at"].endswith("Z") for quote in bitcoin["quotes"])
    assert [quote["currency"] for quote in whole["quotes"]] == ["USD", "KRW", "EUR"]


def test_a_source_that_fails_leaves_a_stream_that_ends_well(channel, nobody):
    region, kind, *_, error = collect(channel, base_url=nobody, request_timeout=1)
    assert (region["state"], kind["state"]) == ("SUCCESS", "SUCCESS")
    assert (error["state"], error["resource_type"]) == ("FAILURE", "inventory.ErrorResource")
    assert "Cryptocurrency ranks 1 to 5 could not be collected" in error["message"]


def test_a_cancelled_stream_stops_asking_and_waiting(channel, scripted, caplog):
    caplog.set_level("INFO")
    asked = threading.Event()

    def answer(*_):
        asked.set()
        return 503, {}, {"Retry-After": "20"}

    scripted.answer = answer
    wish = request(collector_pb2.CollectRequest, options={"base_url": scripted.url})
    stream = collector_pb2_grpc.CollectorStub(channel).collect(wish)
    assert next(stream).resource_type == "inventory.Region"
    assert asked.wait(5)
    stream.cancel()
    assert until(lambda: "Collector.collect" in caplog.messages, 3)
    assert len(scripted.requests) == 1
    [fields] = [record.fields for record in caplog.records if record.message == "Collector.collect"]
    assert fields["canceled"] is True


@pytest.mark.parametrize("call", ["collect", "verify", "get_tasks"])
def test_a_cancelled_call_ends_what_is_under_way(channel, scripted, caplog, call):
    caplog.set_level("INFO")
    asked, late = threading.Event(), threading.Event()

    def answer(*_):
        asked.set()
        late.wait(20)
        return 200, [], {}

    scripted.answer = answer
    options = {"base_url": scripted.url, "count": 600, "request_timeout": 15}
    collector, job = collector_pb2_grpc.CollectorStub(channel), job_pb2_grpc.JobStub(channel)
    try:
        if call == "collect":
            running = collector.collect(request(collector_pb2.CollectRequest, options=options))
        elif call == "verify":
            running = collector.verify.future(request(collector_pb2.VerifyRequest, options=options))
        else:
            running = job.get_tasks.future(request(job_pb2.GetTaskRequest, options=options))
        assert asked.wait(5)
        running.cancel()
        assert until(lambda: any("et_tasks" in said or "ollector." in said for said in caplog.messages), 2)
    finally:
        late.set()
    assert len(scripted.requests) == 1
    assert "WARNING" not in [record.levelname for record in caplog.records]


def test_a_client_that_does_not_read_holds_back_the_asking(channel, scripted, coin):
    def answer(_path, query):
        first, size = (int(query["page"]) - 1) * int(query["per_page"]), int(query["per_page"])
        return 200, [coin(f"coin-{rank}") for rank in range(first, first + size)], {}

    scripted.answer = answer
    options = {"base_url": scripted.url, "count": 50_000}
    stream = collector_pb2_grpc.CollectorStub(channel).collect(
        request(collector_pb2.CollectRequest, options=options)
    )
    next(stream)

    def stands_still():
        before = len(scripted.requests)
        time.sleep(0.5)
        return before == len(scripted.requests)

    assert until(stands_still, 20)
    # Some MB lie in gRPC's own buffers, which are 2 to 10 pages; all 220 pages are 70 MB.
    held = len(scripted.requests)
    assert 2 <= held <= 30
    for _ in range(250 * held):
        next(stream)
    assert until(lambda: len(scripted.requests) > held, 5)
    stream.cancel()


def test_logs_name_domain_job_and_trace_and_nothing_else_of_a_calls_metadata(channel, scripted, coin, caplog):
    caplog.set_level("INFO")
    scripted.answer = lambda *_: (200, [coin()], {})
    wish = request(collector_pb2.CollectRequest, options={"base_url": scripted.url, "count": 1})
    metadata = [
        ("token", "secret-token"),
        ("x_domain_id", "domain-1"),
        ("x-job-id", "job-1"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ]
    list(collector_pb2_grpc.CollectorStub(channel).collect(wish, metadata=metadata, timeout=5))
    assert until(lambda: "Collector.collect" in caplog.messages, 3)
    [fields] = [record.fields for record in caplog.records if record.message == "Collector.collect"]
    fields.pop("seconds")
    assert fields == {
        "domain_id": "domain-1",
        "job_id": "job-1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "tasks": 1,
        "resources": 7,
        "errors": 0,
        "canceled": False,
    }


def test_a_request_that_is_too_large_is_refused(channel):
    wish = request(collector_pb2.CollectRequest, options={"ids": ["x" * 100] * 50_000})
    code, details = failure(lambda: list(collector_pb2_grpc.CollectorStub(channel).collect(wish, timeout=10)))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in details


def test_health_version_and_reflection(channel):
    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", *SERVICES):
        answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    version = server_info_pb2_grpc.ServerInfoStub(channel).get_version(Empty(), timeout=5).version
    assert version == (SOURCE / "VERSION").read_text().strip()
    database = ProtoReflectionDescriptorDatabase(channel)
    assert sorted(database.get_services()) == sorted(SERVICES)
    service = DescriptorPool(database).FindServiceByName("spaceone.api.inventory.plugin.Collector")
    assert [method.name for method in service.methods] == ["init", "verify", "collect"]


@pytest.fixture
def process(tmp_path):
    """Starts the plugin as its image does; gives the process and its port."""
    started = []

    def start(**environment):
        log = (tmp_path / "log").open("w+")
        variables = {**os.environ, "SPACEONE_PORT": "0", "SPACEONE_HOST": "127.0.0.1", **environment}
        child = subprocess.Popen([sys.executable, "-m", "plugin"], cwd=SOURCE, env=variables, stderr=log)
        started.append((child, log))
        path = tmp_path / "log"

        def ready():
            return [json.loads(line) for line in path.read_text().splitlines() if "Started" in line]

        until(lambda: ready() or child.poll() is not None, 10)
        return child, ready()[0]["port"] if ready() else 0, path

    yield start
    for child, log in started:
        if child.poll() is None:
            child.kill()
        child.wait(10)
        log.close()


def test_sigterm_lets_a_running_stream_end(process, scripted, coin):
    asked, going_down = threading.Event(), threading.Event()

    def answer(*_):
        asked.set()
        going_down.wait(10)
        return 200, [coin(f"coin-{rank}") for rank in range(5)], {}

    scripted.answer = answer
    child, port, log = process(SPACEONE_GRACE="5")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=10)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        wish = request(collector_pb2.CollectRequest, options={"base_url": scripted.url})
        stream = collector_pb2_grpc.CollectorStub(channel).collect(wish, timeout=10)
        assert asked.wait(5)
        child.send_signal(signal.SIGTERM)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()
        going_down.set()
        assert len(list(stream)) == 11
    assert child.wait(5) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["message"] for line in lines] == ["Started", "Stopping", "Collector.collect", "Stopped"]


def test_sigterm_ends_also_what_waits_for_a_connection(process):
    # A queue that is full: the kernel answers nobody any more.
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        child, port, log = process(SPACEONE_GRACE="0.5")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            options = {"base_url": f"http://127.0.0.1:{full.getsockname()[1]}", "request_timeout": 60}
            stream = collector_pb2_grpc.CollectorStub(channel).collect(
                request(collector_pb2.CollectRequest, options=options)
            )
            for _ in range(6):
                next(stream)
            child.send_signal(signal.SIGTERM)
            assert child.wait(5) == 0
            with pytest.raises(grpc.RpcError):
                next(stream)
    assert json.loads(log.read_text().splitlines()[-1])["message"] == "Stopped"


def test_a_busy_server_is_a_healthy_one(process, scripted):
    late = threading.Event()

    def answer(*_):
        late.wait(20)
        return 200, [], {}

    scripted.answer = answer
    _, port, _ = process(SPACEONE_MAX_WORKERS="1", https_proxy="http://127.0.0.1:1")
    environment = {"SPACEONE_PORT": str(port), "SPACEONE_HOST": "127.0.0.1"}
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = collector_pb2_grpc.CollectorStub(channel)
        running = stub.collect(
            request(collector_pb2.CollectRequest, options={"base_url": scripted.url, "generation": "1.12"})
        )
        assert next(running).resource_type == "inventory.Region"
        # All workers are taken: there is one.
        with pytest.raises(grpc.RpcError) as caught:
            stub.init(collector_pb2.InitRequest(), timeout=0.5)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert serving(address(environment), 2.0)
        late.set()
        assert len(list(running)) == 1
        assert stub.init(collector_pb2.InitRequest(), timeout=5).metadata
    assert not serving(address({**environment, "SPACEONE_PORT": "1"}), 0.5)


def test_the_probe_looks_where_the_server_listens(monkeypatch):
    assert address({}) == "localhost:50051"
    assert address({"SPACEONE_HOST": "0.0.0.0", "SPACEONE_PORT": "7"}) == "localhost:7"
    assert address({"SPACEONE_HOST": "127.0.0.2"}) == "127.0.0.2:50051"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    server = Server(Settings(host="127.0.0.2", port=0))
    server.start()
    assert serving(address({"SPACEONE_HOST": "127.0.0.2", "SPACEONE_PORT": str(server.port)}), 2.0)
    server.stop()


@pytest.mark.parametrize("wanted", ["1", "0"])
def test_a_collection_keeps_to_one_cpu_where_that_is_wanted(process, scripted, coin, wanted):
    scripted.answer = lambda *_: (200, [coin(f"coin-{rank}") for rank in range(250)], {})
    child, port, _ = process(SPACEONE_ONE_CPU=wanted)
    free = os.sched_getaffinity(child.pid)
    with grpc.insecure_channel(
        f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", -1)]
    ) as channel:
        wish = request(
            collector_pb2.CollectRequest,
            options={"base_url": scripted.url, "count": 250, "generation": "1.12"},
        )
        stream = collector_pb2_grpc.CollectorStub(channel).collect(wish)
        for _ in range(3):
            next(stream)
        # The rest is more than fits into what gRPC holds back for a reader that does not read.
        seen = until(lambda: len(os.sched_getaffinity(child.pid)) == 1, 1)
        assert seen == (wanted == "1" or len(free) == 1)
        list(stream)
    assert until(lambda: os.sched_getaffinity(child.pid) == free, 5)


def test_a_message_that_is_too_large_is_not_sent(process, scripted, coin):
    scripted.answer = lambda *_: (200, [coin()], {})
    _, port, _ = process(SPACEONE_MAX_MESSAGE_BYTES="1024")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        code, details = failure(lambda: collect(channel, base_url=scripted.url))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "Sent message larger than max" in details


def test_the_log_says_as_much_as_is_wanted(nobody):
    port = nobody.rpartition(":")[2]
    variables = {"SPACEONE_PORT": port, "SPACEONE_HOST": "127.0.0.1", "SPACEONE_LOG_LEVEL": "error"}
    child = subprocess.Popen(
        [sys.executable, "-m", "plugin"], cwd=SOURCE, env=os.environ | variables, stderr=subprocess.PIPE
    )
    with child:
        assert until(lambda: serving(address(variables), 0.5), 10)
        child.terminate()
        assert child.communicate(timeout=10)[1] == b""


def test_logs_are_json_without_secrets(process, scripted):
    scripted.answer = lambda *_: (401, {"error": "CG-hidden"}, {})
    child, port, log = process()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        options = {"base_url": scripted.url}
        assert collect(channel, None, {"demo_api_key": "CG-hidden"}, **options)[-1]["state"] == "FAILURE"
        wish = request(collector_pb2.VerifyRequest, options=options, secret_data={"pro_api_key": "CG-hidden"})
        failure(lambda: collector_pb2_grpc.CollectorStub(channel).verify(wish, timeout=5))
    child.terminate()
    assert child.wait(10) == 0
    lines = log.read_text()
    assert "CG-hidden" not in lines
    levels = [json.loads(line)["level"] for line in lines.splitlines()]
    assert levels.count("WARNING") == 2


def test_a_taken_port_is_an_error_in_words(process):
    _, port, _ = process()
    second, _, log = process(SPACEONE_PORT=str(port))
    assert second.wait(10) == 2
    assert "The plugin cannot start: " in log.read_text()


def test_a_setting_that_cannot_be_used_is_named():
    with pytest.raises(ValueError, match="SPACEONE_PORT='http' is no number between 0 and 65535"):
        Settings.of({"SPACEONE_PORT": "http"})
    with pytest.raises(ValueError, match="SPACEONE_MAX_WORKERS='0'"):
        Settings.of({"SPACEONE_MAX_WORKERS": "0"})
    with pytest.raises(ValueError, match="SPACEONE_ONE_CPU='yes' is no number between 0 and 1"):
        Settings.of({"SPACEONE_ONE_CPU": "yes"})
    with pytest.raises(ValueError, match="SPACEONE_LOG_LEVEL='LOUD'"):
        Settings.of({"SPACEONE_LOG_LEVEL": "LOUD"})
    with pytest.raises(ValueError, match="SPACEONE_MAX_REQUEST_BYTES='1'"):
        Settings.of({"SPACEONE_MAX_REQUEST_BYTES": "1"})
    assert Settings.of({"SPACEONE_PORT": ""}) == Settings()
    assert Settings.of({"SPACEONE_ONE_CPU": "0"}) == Settings(one_cpu=False)
