import pytest

from flows.spaceone import Endpoint, EndpointError


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("grpc://localhost:8083", Endpoint("localhost", 8083, False)),
        ("grpc+ssl://identity.example.com:443", Endpoint("identity.example.com", 443, True)),
        ("grpc+ssl://identity.example.com", Endpoint("identity.example.com", 443, True)),
        ("grpc://[::1]:50051", Endpoint("[::1]", 50051, False)),
    ],
)
def test_parse(url, endpoint):
    assert Endpoint.parse(url) == endpoint


@pytest.mark.parametrize("url", ["http://localhost:1", "localhost:1", "grpc://", "grpc://host:port", ""])
def test_refused(url):
    with pytest.raises(EndpointError, match="grpc"):
        Endpoint.parse(url)
