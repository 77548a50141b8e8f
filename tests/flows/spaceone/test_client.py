"""The client against a gRPC server of this process: real channels, real reflection."""

import socket
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from grpc_reflection.v1alpha import reflection
from spaceone.api.identity.v2 import provider_pb2, provider_pb2_grpc

from flows.spaceone import (
    Client,
    DeadlineExceeded,
    EndpointError,
    NotFound,
    SpaceoneError,
    UnknownField,
    UnknownMethod,
    Unreachable,
)

NAME = provider_pb2.DESCRIPTOR.services_by_name["Provider"].full_name


class Providers(provider_pb2_grpc.ProviderServicer):
    def __init__(self):
        self.tokens = []
        self.broken = 0

    def list(self, request, context):
        self.tokens.append(dict(context.invocation_metadata()).get("token"))
        if self.broken:
            self.broken -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")
        return provider_pb2.ProvidersInfo(
            results=[provider_pb2.ProviderInfo(provider=request.provider or "aws", order=1)], total_count=1
        )

    def create(self, request, context):
        self.broken -= 1
        context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")

    def get(self, request, context):
        context.abort(grpc.StatusCode.NOT_FOUND, "ERROR_NOT_FOUND: no such provider")

    def delete(self, request, context):
        return Empty()


@pytest.fixture
def servicer():
    return Providers()


@pytest.fixture
def endpoint(servicer):
    server = grpc.server(ThreadPoolExecutor(4))
    provider_pb2_grpc.add_ProviderServicer_to_server(servicer, server)
    reflection.enable_server_reflection([NAME, reflection.SERVICE_NAME], server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture
def client(endpoint):
    with Client({"identity": endpoint}, "a-token") as client:
        yield client


def test_calls_by_name_with_the_token(client, servicer):
    assert client.list("identity.Provider.list", {"provider": "portfolio"}) == [
        {"provider": "portfolio", "order": 1}
    ]
    client.with_token("another").call("identity.Provider.list")
    assert servicer.tokens == ["a-token", "another"]


def test_keeps_a_record_of_what_was_sent(client):
    client.call("identity.Provider.list")
    client.call("identity.Provider.delete", {"provider": "x"})
    assert [(call.method, call.reads) for call in client.calls] == [
        ("identity.Provider.list", True),
        ("identity.Provider.delete", False),
    ]


def test_reads_are_sent_again_and_writes_are_not(client, servicer):
    servicer.broken = 2
    assert client.list("identity.Provider.list")
    servicer.broken = 5
    with pytest.raises(Unreachable):
        client.call("identity.Provider.create", {"provider": "x", "name": "X"})
    assert servicer.broken == 4


def test_errors_are_typed(client):
    with pytest.raises(NotFound, match="no such provider") as caught:
        client.call("identity.Provider.get", {"provider": "x"})
    assert caught.value.code == "ERROR_NOT_FOUND"


def test_an_unknown_field_is_told_before_anything_is_sent(client):
    with pytest.raises(UnknownField, match="'colour'") as caught:
        client.call("identity.Provider.create", {"provider": "x", "colour": "red"})
    assert caught.value.field == "colour"
    assert client.calls == []


def test_a_field_of_another_type_is_named(client):
    with pytest.raises(UnknownField, match="'order'"):
        client.check("identity.Provider.create", {"provider": "x", "order": "first"})


def test_what_is_not_offered(client):
    with pytest.raises(UnknownMethod, match="Provider"):
        client.call("identity.Domain.list")
    with pytest.raises(UnknownMethod):
        client.call("identity.Provider.paint")


def test_a_service_without_endpoint(client):
    with pytest.raises(EndpointError, match="inventory"):
        client.call("inventory.Job.list")


def test_a_malformed_method(client):
    with pytest.raises(SpaceoneError, match="service.Resource.verb"):
        client.call("Provider.list")


def test_nobody_listens():
    with (
        Client({"identity": "grpc://127.0.0.1:1"}) as client,
        pytest.raises(Unreachable, match="127.0.0.1:1"),
    ):
        client.call("identity.Provider.list")


def test_a_server_that_never_answers():
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"grpc://127.0.0.1:{server.getsockname()[1]}"
        with Client({"identity": endpoint}, timeout=0.5) as client, pytest.raises(DeadlineExceeded):
            client.call("identity.Provider.list")


def test_the_field_at_fault_is_the_one_that_the_parser_names(client):
    tags = {"name_of_key": "x", "name": b"hunter2"}
    with pytest.raises(UnknownField) as caught:
        client.check("identity.Provider.create", {"name": "x", "provider": "y", "tags": tags})
    assert caught.value.field == "tags"
