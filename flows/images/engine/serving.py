"""Whether a plugin's gRPC server serves, and which services."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from flows.spaceone.descriptors import Descriptors, Unusable

if TYPE_CHECKING:
    from flows.plugin_kinds import Expected
    from flows.spaceone import Endpoint

CALL_SECONDS = 2.0
_KNOCK_SECONDS = 0.5
_NO_MESSAGE = b"\xff"
"""The first byte of a longer field number and nothing else: no server can parse it as a message."""

_REFLECTION_ADVICE = (
    "SpaceONE finds a plugin's methods by gRPC reflection alone. Add grpcio-reflection to the plugin, and call "
    "`enable_server_reflection` (v1alpha) with the names of all services that it serves"
)


class NotServing(Exception):
    """No server is ready at an endpoint yet; `listens` is whether something accepts connections there."""

    def __init__(self, reason: str, *, listens: bool) -> None:
        super().__init__(reason)
        self.listens = listens


class NotDescribed(Exception):
    """A server is ready, but the platform cannot find its methods. The text is the end of a sentence about the server.

    Attributes:
        advice: What to do.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.advice = _REFLECTION_ADVICE


@dataclass(frozen=True, slots=True)
class Served:
    """The full names of a server's `services`, as its reflection lists them."""

    services: tuple[str, ...]


def ask(endpoint: Endpoint, expected: Expected) -> Served:
    """Ask a server for its health, its services and their methods; every call has two seconds.

    A server without the health service counts as healthy if it responds. Like the platform (`GRPCClient` of
    spaceone-core 1.12 and 2.x), this reads the description of every service that the server lists.

    Args:
        endpoint: Where it listens.
        expected: What it should serve, for the words about a server without reflection.

    Raises:
        NotServing: no server responds, or its health check returns NOT_SERVING.
        NotDescribed: it has no reflection, or its reflection does not describe a service that it lists.
    """
    options = [
        ("grpc.enable_http_proxy", 0),
        # Otherwise gRPC would wait for growing pauses after a connection failed.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    with grpc.insecure_channel(f"{endpoint.host}:{endpoint.port}", options) as channel:
        try:
            _check_health(channel)
            return Served(_described(channel, expected))
        except grpc.RpcError as error:
            raise _not_serving(error, endpoint) from None


def _check_health(channel: grpc.Channel) -> None:
    check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]  # no types there
    try:
        answer = check(health_pb2.HealthCheckRequest(), timeout=CALL_SECONDS)
    except grpc.RpcError as error:
        _expect_answer(error)
        return
    # UNKNOWN is accepted: the platform does not check the health at all.
    if answer.status == health_pb2.HealthCheckResponse.NOT_SERVING:
        raise NotServing("its health check says NOT_SERVING", listens=True)


def _described(channel: grpc.Channel, expected: Expected) -> tuple[str, ...]:
    descriptors = Descriptors(channel, CALL_SECONDS)
    try:
        names = sorted(descriptors.services())
    except grpc.RpcError as error:
        _expect_answer(error)
        has = any(_has(channel, service) for service in expected.services)
        lacks = "no gRPC reflection" if has else f"neither the {expected.kind.noun} nor gRPC reflection"
        raise NotDescribed(f"offers {lacks} ({error.code().name})") from None
    except Unusable as error:
        raise NotDescribed(f"answers its reflection wrongly: {error}") from None
    for name in names:
        try:
            descriptors.service(name)
        except grpc.RpcError as error:
            _expect_answer(error)
            raise NotDescribed(f"does not describe {name} by its reflection ({error.code().name})") from None
        except Unusable as error:
            raise NotDescribed(f"does not describe {name} by its reflection: {error}") from None
    return tuple(name for name in names if not name.startswith("grpc.reflection."))


def _has(channel: grpc.Channel, service: str) -> bool:
    """Whether the server has the first service of a plugin, checked without running the plugin's code.

    A method that exists fails to parse the request; a method that does not exist returns UNIMPLEMENTED before that.
    The first service of every kind has `init`.
    """
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{service}/init")
    try:
        call(_NO_MESSAGE, timeout=CALL_SECONDS)
    except grpc.RpcError as error:
        _expect_answer(error)
        return error.code() is not grpc.StatusCode.UNIMPLEMENTED
    return True


def _expect_answer(error: grpc.RpcError) -> None:
    """Raise an error again unless the server itself answered with it."""
    if error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        raise error


def _not_serving(error: grpc.RpcError, endpoint: Endpoint) -> NotServing:
    if not _listens(endpoint):
        return NotServing("nothing responds there", listens=False)
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        reason = f"what listens there did not respond within {CALL_SECONDS:g} s"
    else:
        reason = "what listens there does not speak gRPC without TLS"
    return NotServing(reason, listens=True)


def _listens(endpoint: Endpoint) -> bool:
    """Whether a connection stays open for half a second, or gives an answer.

    Docker accepts a connection to a published port itself, and closes it if nothing listens in the container.
    """
    try:
        connection = socket.create_connection((endpoint.host.strip("[]"), endpoint.port), CALL_SECONDS)
    except OSError:
        return False
    with connection:
        connection.settimeout(_KNOCK_SECONDS)
        try:
            return bool(connection.recv(1))
        except TimeoutError:
            return True
        except OSError:
            return False
