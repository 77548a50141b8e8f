"""Services asked what they are: gRPC servers of this process, with reflection."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_reflection.v1alpha import reflection
from spaceone.api.core.v1 import server_info_pb2, server_info_pb2_grpc
from spaceone.api.identity.v2 import provider_pb2, provider_pb2_grpc

from flows.spaceone import (
    Client,
    EndpointError,
    Generation,
    SpaceoneError,
    Unreachable,
    api_resources,
    check_services,
    probe,
)

PROVIDER = provider_pb2.DESCRIPTOR.services_by_name["Provider"].full_name
INFO = server_info_pb2.DESCRIPTOR.services_by_name["ServerInfo"].full_name
NOBODY, NOBODY_EITHER = "grpc://127.0.0.1:1", "grpc://127.0.0.1:2"


class ServerInfo(server_info_pb2_grpc.ServerInfoServicer):
    def get_version(self, request, context):
        return server_info_pb2.VersionInfo(version="2.0.1")


@pytest.fixture
def serve():
    """Starts a server that has Provider, and a version unless it shall have none."""
    servers = []

    def serve(versioned=True):
        server = grpc.server(ThreadPoolExecutor(4))
        names = [PROVIDER, reflection.SERVICE_NAME]
        provider_pb2_grpc.add_ProviderServicer_to_server(provider_pb2_grpc.ProviderServicer(), server)
        if versioned:
            server_info_pb2_grpc.add_ServerInfoServicer_to_server(ServerInfo(), server)
            names.append(INFO)
        reflection.enable_server_reflection(names, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return f"grpc://127.0.0.1:{port}"

    yield serve
    for server in servers:
        server.stop(None).wait()


def test_a_service_tells_its_version_and_what_it_offers(serve):
    endpoint = serve()
    with Client({"identity": endpoint}) as client:
        (service,) = check_services(client, ["identity", "identity"])
        assert service.summary() == "identity 2.0.1"
        assert service.as_json() == {"address": endpoint, "version": "2.0.1", "resources": ["Provider"]}
        verbs = api_resources(client, "identity")
        assert list(verbs) == ["Provider"]
        assert {"create", "update", "get", "list"} <= set(verbs["Provider"])


def test_a_server_without_a_version_is_one_all_the_same(serve):
    with Client({"identity": serve(versioned=False)}) as client:
        assert [service.summary() for service in check_services(client, ["identity"])] == ["identity"]


def test_one_that_does_not_answer_is_named(serve):
    with (
        Client({"identity": serve(), "inventory": NOBODY}) as client,
        pytest.raises(Unreachable, match=r"inventory .*127\.0\.0\.1:1 cannot be reached") as caught,
    ):
        check_services(client, ["identity", "inventory"])
    assert "No answer either" not in str(caught.value)


def test_all_that_do_not_answer_are_named_at_once(serve):
    endpoints = {"identity": serve(), "inventory": NOBODY, "secret": NOBODY_EITHER}
    with (
        Client(endpoints) as client,
        pytest.raises(Unreachable, match=r"These do not answer either: secret \(grpc://127\.0\.0\.1:2\)\.$"),
    ):
        check_services(client, ["identity", "inventory", "secret"])


def test_a_service_without_an_endpoint_says_where_to_add_it(serve):
    with (
        Client({"identity": serve()}) as client,
        pytest.raises(EndpointError, match="no endpoint for the service 'repository'"),
    ):
        check_services(client, ["identity", "repository"])


def test_the_generation_is_that_of_identity(serve):
    with Client({"identity": serve()}) as client:
        assert probe(client) is Generation.V2


def test_another_service_behind_the_endpoint_of_identity_is_told():
    server = grpc.server(ThreadPoolExecutor(1))
    reflection.enable_server_reflection([INFO, reflection.SERVICE_NAME], server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with (
            Client({"identity": f"grpc://127.0.0.1:{port}"}) as client,
            pytest.raises(SpaceoneError, match=r"neither .*v1 nor v2\. Is it another service\?"),
        ):
            probe(client)
    finally:
        server.stop(None).wait()
