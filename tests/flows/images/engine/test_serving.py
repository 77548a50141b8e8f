"""What is asked of a plugin's server, on real servers in this process."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from spaceone.api.inventory.plugin import collector_pb2

from flows.images.engine import serving
from flows.images.engine.serving import NotDescribed, NotServing, Served, ask
from flows.plugin_kinds import COLLECTOR, COLLECTS, kind_of
from flows.spaceone import Endpoint
from tests.waiting import PATIENCE

HEALTH = "grpc.health.v1.Health"
A_COLLECTOR = kind_of(COLLECTS).on("2.x")

assert COLLECTOR in {each.full_name for each in collector_pb2.DESCRIPTOR.services_by_name.values()}, (
    "a server's reflection describes what was imported"
)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A server of these tests answers, however long it takes."""
    monkeypatch.setattr(serving, "CALL_SECONDS", PATIENCE)


class Collector(grpc.GenericRpcHandler):
    """Knows `init` of a service, and must not be run."""

    def __init__(self, name=COLLECTOR):
        self.ran, self.name = False, name

    def service(self, details):
        if details.method != f"/{self.name}/init":
            return None
        return grpc.unary_unary_rpc_method_handler(self.init, health_pb2.HealthCheckRequest.FromString)

    def init(self, request, context):
        self.ran = True


@contextmanager
def serve(*, status=None, collector=None, reflected=None):
    """A server's endpoint: with a health service, a collector, reflection, or without."""
    server = grpc.server(ThreadPoolExecutor(2))
    if status is not None:
        servicer = health.HealthServicer()
        servicer.set("", status)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if collector is not None:
        server.add_generic_rpc_handlers([collector])
    if reflected is not None:
        reflection.enable_server_reflection(reflected, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield Endpoint("127.0.0.1", port, False)
    finally:
        server.stop(None).wait()


SERVING = health_pb2.HealthCheckResponse.SERVING


def test_a_server_lists_its_services_itself():
    names = (COLLECTOR, HEALTH, reflection.SERVICE_NAME)
    with serve(status=SERVING, reflected=names) as endpoint:
        assert ask(endpoint, A_COLLECTOR) == Served((HEALTH, COLLECTOR))


def test_a_server_without_a_health_service_is_healthy_when_it_answers():
    with serve(reflected=(COLLECTOR,)) as endpoint:
        assert ask(endpoint, A_COLLECTOR) == Served((COLLECTOR,))


def test_a_server_that_says_so_does_not_serve():
    with (
        serve(status=health_pb2.HealthCheckResponse.NOT_SERVING, reflected=(COLLECTOR,)) as endpoint,
        pytest.raises(NotServing, match="its health check says NOT_SERVING") as caught,
    ):
        ask(endpoint, A_COLLECTOR)
    assert caught.value.listens


def test_a_server_that_does_not_know_its_health_serves():
    with serve(status=health_pb2.HealthCheckResponse.UNKNOWN, reflected=(COLLECTOR,)) as endpoint:
        assert ask(endpoint, A_COLLECTOR).services == (COLLECTOR,)


@pytest.mark.parametrize(
    ("collector", "lacks"),
    [
        (Collector(), "offers no gRPC reflection"),
        (None, "offers neither the collector nor gRPC reflection"),
    ],
    ids=["collector", "nothing"],
)
def test_a_server_without_reflection_is_of_no_use_and_nothing_of_it_is_run(collector, lacks):
    with serve(status=SERVING, collector=collector) as endpoint, pytest.raises(NotDescribed) as caught:
        ask(endpoint, A_COLLECTOR)
    assert str(caught.value) == f"{lacks} (UNIMPLEMENTED)"
    assert "enable_server_reflection" in caught.value.advice
    assert not collector or not collector.ran


def test_without_reflection_the_words_are_about_what_is_expected():
    webhook = kind_of("monitoring.Webhook").on("2.x")
    with (
        serve(collector=Collector()) as endpoint,
        pytest.raises(NotDescribed, match="neither the webhook nor"),
    ):
        ask(endpoint, webhook)
    for service in webhook.services:
        with (
            serve(collector=Collector(service)) as endpoint,
            pytest.raises(NotDescribed, match="offers no gRPC"),
        ):
            ask(endpoint, webhook)


@pytest.mark.parametrize("named", ["spaceone.api.no.such.Service", "x"])
def test_every_service_that_is_listed_must_be_described(named):
    """The platform reads all of them before it calls any."""
    with (
        serve(status=SERVING, reflected=(COLLECTOR, named)) as endpoint,
        pytest.raises(NotDescribed, match=f"does not describe {named} by its reflection: "),
    ):
        ask(endpoint, A_COLLECTOR)


def test_nobody_answers():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = Endpoint("127.0.0.1", free.getsockname()[1], False)
        with pytest.raises(NotServing, match="nothing responds there") as caught:
            ask(endpoint, A_COLLECTOR)
    assert not caught.value.listens


def test_docker_accepts_connections_for_a_container_where_nothing_listens():
    """A connection to a published port is closed at once."""

    def proxy():
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=proxy, daemon=True).start()
        with pytest.raises(NotServing, match="nothing responds there") as caught:
            ask(Endpoint("127.0.0.1", listener.getsockname()[1], False), A_COLLECTOR)
        listener.shutdown(socket.SHUT_RDWR)
    assert not caught.value.listens


def test_what_listens_speaks_another_protocol():
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(NotServing, match="does not speak gRPC without TLS") as caught:
            ask(Endpoint("127.0.0.1", server.server_port, False), A_COLLECTOR)
        server.shutdown()
    assert caught.value.listens


def test_what_listens_says_nothing(monkeypatch):
    monkeypatch.setattr(serving, "CALL_SECONDS", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(NotServing, match=r"what listens there did not respond within 0\.2 s") as caught,
    ):
        ask(Endpoint("127.0.0.1", silent.getsockname()[1], False), A_COLLECTOR)
    assert caught.value.listens
