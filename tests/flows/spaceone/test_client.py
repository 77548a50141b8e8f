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
from tests.listener import Listener
from tests.proxy import Proxy

NAME = provider_pb2.DESCRIPTOR.services_by_name["Provider"].full_name


class Providers(provider_pb2_grpc.ProviderServicer):
    def __init__(self):
        self.tokens = []
        self.calls = []
        self.on_create = lambda: None

    def list(self, request, context):
        self.tokens.append(dict(context.invocation_metadata()).get("token"))
        return provider_pb2.ProvidersInfo(
            results=[provider_pb2.ProviderInfo(provider=request.provider or "aws", order=1)], total_count=1
        )

    def create(self, request, context):
        self.calls.append("create")
        self.on_create()
        return provider_pb2.ProviderInfo(provider=request.provider)

    def stat(self, request, context):
        self.calls.append("stat")
        context.abort(grpc.StatusCode.UNAVAILABLE, "not now")

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


def _frames(data):
    """Types of the HTTP/2 frames after a client's preface; 0 is DATA, which ends a request."""
    at, found = 24, []
    while at + 9 <= len(data):
        found.append(data[at + 3])
        at += 9 + int.from_bytes(data[at : at + 3])
    return found


class Closing(Listener):
    """An HTTP/2 server that closes every connection, before it greets or when it has read a request."""

    def __init__(self, greets):
        self.requests = 0
        self._greets = greets
        super().__init__()
        self.endpoint = f"grpc://{self.address}"

    def handle(self, connection):
        if self._greets:
            self._read(connection)
        else:
            connection.recv(65536)

    def _read(self, connection):
        settings, ping = b"\0\0\0\4\0\0\0\0\0", b"\0\0\x08\6\0\0\0\0\0" + bytes(8)
        connection.sendall(settings)
        heard = b""
        while more := connection.recv(65536):
            heard += more
            if 0 in _frames(heard):
                self.requests += 1
                connection.sendall(ping)  # as gRPC's own servers do; who answers it finds nobody
                return


@pytest.fixture
def closing():
    """Makes servers that close every connection."""
    running = []

    def closing(*, greets):
        running.append(Closing(greets))
        return running[-1]

    yield closing
    for server in running:
        server.close()


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


def test_a_read_that_fails_is_not_sent_again(client, servicer):
    with pytest.raises(Unreachable, match="not now") as caught:
        client.call("identity.Provider.stat")
    assert servicer.calls == ["stat"]
    assert caught.value.temporary


def test_errors_are_typed(client):
    with pytest.raises(NotFound, match="no such provider") as caught:
        client.call("identity.Provider.get", {"provider": "x"})
    assert caught.value.error_code == "ERROR_NOT_FOUND"


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
        pytest.raises(Unreachable, match="127.0.0.1:1") as caught,
    ):
        client.call("identity.Provider.list")
    assert caught.value.never_sent
    assert caught.value.temporary


def test_a_listener_that_closes_before_it_greets_was_sent_nothing(closing):
    server = closing(greets=False)
    with Client({"identity": server.endpoint}) as client, pytest.raises(Unreachable) as caught:
        client.call("identity.Provider.list")
    assert caught.value.never_sent
    assert server.requests == 0


def test_a_listener_that_reads_the_request_and_closes_gets_it_once_and_may_have_done_it(closing):
    server = closing(greets=True)
    for calls in range(1, 21):
        with Client({"identity": server.endpoint}) as client, pytest.raises(Unreachable) as caught:
            client.call("identity.Provider.list")
        assert not caught.value.never_sent, caught.value.server_text
        assert server.requests == calls


def test_a_write_whose_connection_breaks_may_have_been_done(endpoint, servicer):
    host, _, port = endpoint.removeprefix("grpc://").partition(":")
    with Proxy(host, int(port)) as proxy, Client({"identity": f"grpc://{proxy.address}"}) as client:
        servicer.on_create = proxy.shut
        with pytest.raises(Unreachable) as caught:
            client.call("identity.Provider.create", {"provider": "x"})
        assert not caught.value.never_sent
    assert servicer.calls == ["create"]


def test_a_write_that_finds_nobody_left_never_left(endpoint, servicer):
    host, _, port = endpoint.removeprefix("grpc://").partition(":")
    with Proxy(host, int(port)) as proxy, Client({"identity": f"grpc://{proxy.address}"}) as client:
        client.call("identity.Provider.list")
        proxy.shut()
        for _ in range(2):  # the first may be what finds out that the connection is gone
            with pytest.raises(Unreachable) as caught:
                client.call("identity.Provider.create", {"provider": "x"})
        assert caught.value.never_sent
    assert servicer.calls == []


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
