"""The portfolio collector as the platform meets it, with the stand-in for CoinGecko as its source."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from grpc_health.v1 import health_pb2, health_pb2_grpc
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc, job_pb2, job_pb2_grpc

from plugin.schema import OPTIONS_SCHEMA
from tests.listener import full_queue
from tests.plugin.calls import HANGING, collect, failure, request, until

pytestmark = pytest.mark.integration


def test_init_answers_with_what_the_platform_keeps(channel):
    answer = collector_pb2_grpc.CollectorStub(channel).init(collector_pb2.InitRequest(), timeout=HANGING)
    metadata = MessageToDict(answer.metadata)
    assert metadata["supported_resource_type"][-2:] == ["inventory.Namespace", "inventory.Metric"]
    properties = metadata["options_schema"]["properties"]
    assert metadata["options_schema"]["order"] == [*OPTIONS_SCHEMA["properties"], "generation"]
    assert {name: properties[name] for name in OPTIONS_SCHEMA["properties"]} == OPTIONS_SCHEMA["properties"]
    wish = request(collector_pb2.InitRequest, options={"generation": "1.12"})
    older = MessageToDict(collector_pb2_grpc.CollectorStub(channel).init(wish, timeout=HANGING).metadata)
    assert older["supported_resource_type"] == metadata["supported_resource_type"][:3]


@pytest.mark.parametrize("service", ["init", "verify", "collect", "get_tasks"])
def test_a_wrong_option_is_refused_by_every_call(channel, service):
    collector, job = collector_pb2_grpc.CollectorStub(channel), job_pb2_grpc.JobStub(channel)
    calls = {
        "init": lambda o: collector.init(request(collector_pb2.InitRequest, options=o), timeout=HANGING),
        "verify": lambda o: collector.verify(
            request(collector_pb2.VerifyRequest, options=o), timeout=HANGING
        ),
        "collect": lambda o: list(
            collector.collect(request(collector_pb2.CollectRequest, options=o), timeout=HANGING)
        ),
        "get_tasks": lambda o: job.get_tasks(request(job_pb2.GetTaskRequest, options=o), timeout=HANGING),
    }
    code, details = failure(lambda: calls[service]({"count": -1}))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details.startswith(
        "ERROR_INVALID_PARAMETER: Parameter is invalid. (key = options.count, reason = -1 "
    )


def test_verify_with_a_source_that_answers(channel, market):
    secret = {"demo_api_key": "CG-x", "api_server": market.removesuffix("/api/v3")}
    wish = request(collector_pb2.VerifyRequest, options={"base_url": market}, secret_data=secret)
    assert collector_pb2_grpc.CollectorStub(channel).verify(wish, timeout=HANGING) == Empty()


def test_verify_tells_wrong_keys_limits_currencies_and_silence_apart(channel, market, nobody, start_market):
    stub = collector_pb2_grpc.CollectorStub(channel)

    def verify(base_url, secret_data=None, **options):
        wish = request(
            collector_pb2.VerifyRequest,
            options={"base_url": base_url, **options},
            secret_data=secret_data or {},
        )
        return failure(lambda: stub.verify(wish, timeout=HANGING))

    server = market.removesuffix("/api/v3")
    code, details = verify(market, {"pro_api_key": "secret-key", "api_server": server})
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
        request(job_pb2.GetTaskRequest, options=options), timeout=HANGING
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
    assert asked.wait(HANGING)
    stream.cancel()
    assert until(lambda: "Collector.collect" in caplog.messages)
    assert len(scripted.requests) == 1
    [fields] = [record.fields for record in caplog.records if record.message == "Collector.collect"]
    assert fields["canceled"] is True


@pytest.mark.parametrize("call", ["collect", "verify", "get_tasks"])
def test_a_cancelled_call_ends_what_is_under_way(channel, scripted, caplog, call):
    caplog.set_level("INFO")
    asked, late = threading.Event(), threading.Event()

    def answer(*_):
        asked.set()
        late.wait(2 * HANGING)
        return 200, [], {}

    scripted.answer = answer
    options = {"base_url": scripted.url, "count": 600, "request_timeout": 120}
    collector, job = collector_pb2_grpc.CollectorStub(channel), job_pb2_grpc.JobStub(channel)
    try:
        if call == "collect":
            running = collector.collect(request(collector_pb2.CollectRequest, options=options))
        elif call == "verify":
            running = collector.verify.future(request(collector_pb2.VerifyRequest, options=options))
        else:
            running = job.get_tasks.future(request(job_pb2.GetTaskRequest, options=options))
        assert asked.wait(HANGING)
        running.cancel()
        assert until(lambda: any("et_tasks" in said or "ollector." in said for said in caplog.messages))
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

    assert until(lambda: len(scripted.requests) >= 2)
    assert until(stands_still)
    # Some MB lie in gRPC's own buffers, which are 2 to 10 pages; all 220 pages are 70 MB.
    held = len(scripted.requests)
    assert held <= 60
    for _ in range(250 * held):
        next(stream)
    assert until(lambda: len(scripted.requests) > held)
    stream.cancel()


def test_sigterm_lets_a_running_stream_end(process, scripted, coin):
    asked, going_down = threading.Event(), threading.Event()

    def answer(*_):
        asked.set()
        going_down.wait(HANGING)
        return 200, [coin(f"coin-{rank}") for rank in range(5)], {}

    scripted.answer = answer
    child, port, log = process(SPACEONE_GRACE="5")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=HANGING)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        wish = request(collector_pb2.CollectRequest, options={"base_url": scripted.url})
        stream = collector_pb2_grpc.CollectorStub(channel).collect(wish, timeout=HANGING)
        assert asked.wait(HANGING)
        child.send_signal(signal.SIGTERM)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()
        going_down.set()
        assert len(list(stream)) == 11
    assert child.wait(HANGING) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["message"] for line in lines] == ["Started", "Stopping", "Collector.collect", "Stopped"]


def test_sigterm_ends_also_what_waits_for_a_connection(process):
    with full_queue() as full:
        child, port, log = process(SPACEONE_GRACE="0.5")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            options = {"base_url": f"http://127.0.0.1:{full.getsockname()[1]}", "request_timeout": 120}
            stream = collector_pb2_grpc.CollectorStub(channel).collect(
                request(collector_pb2.CollectRequest, options=options)
            )
            for _ in range(6):
                next(stream)
            child.send_signal(signal.SIGTERM)
            assert child.wait(HANGING) == 0
            with pytest.raises(grpc.RpcError):
                next(stream)
    assert json.loads(log.read_text().splitlines()[-1])["message"] == "Stopped"


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
        # It goes on: the rest is more than fits into what gRPC holds back for a reader that does not read.
        assert len(os.sched_getaffinity(child.pid)) == (1 if wanted == "1" else len(free))
        list(stream)
    assert until(lambda: os.sched_getaffinity(child.pid) == free)


def test_logs_are_json_without_secrets(process, scripted):
    scripted.answer = lambda *_: (401, {"error": "CG-hidden"}, {})
    child, port, log = process()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        options = {"base_url": scripted.url}
        secret = {"api_server": scripted.url, "demo_api_key": "CG-hidden"}
        assert collect(channel, None, secret, **options)[-1]["state"] == "FAILURE"
        secret = {"api_server": scripted.url, "pro_api_key": "CG-hidden"}
        wish = request(collector_pb2.VerifyRequest, options=options, secret_data=secret)
        failure(lambda: collector_pb2_grpc.CollectorStub(channel).verify(wish, timeout=HANGING))
    child.terminate()
    assert child.wait(HANGING) == 0
    lines = log.read_text()
    assert "CG-hidden" not in lines
    levels = [json.loads(line)["level"] for line in lines.splitlines()]
    assert levels.count("WARNING") == 2
