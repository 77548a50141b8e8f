"""Whether a plugin's gRPC server serves, and which services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from flows.spaceone import CallError
from flows.spaceone.reflection import Catalogue

if TYPE_CHECKING:
    from flows.spaceone import Endpoint

COLLECTOR = "spaceone.api.inventory.plugin.Collector"
"""The service that the platform calls to collect."""

CALL_SECONDS = 2.0
_NO_MESSAGE = b"\xff"
"""The first byte of a longer field number and nothing else: no server can parse it as a message."""


class NotServing(Exception):
    """No server is ready at an endpoint yet; `nobody` is true if no gRPC server responded at all."""

    def __init__(self, reason: str, *, nobody: bool) -> None:
        super().__init__(reason)
        self.nobody = nobody


@dataclass(frozen=True, slots=True)
class Served:
    """The full names of a server's `services`, and whether it listed them by `reflection`."""

    services: tuple[str, ...]
    reflection: bool


def ask(endpoint: Endpoint) -> Served:
    """Ask a server for its health and its services; every call has two seconds.

    A server without the health service counts as healthy if it responds. Without reflection, only the Collector is
    checked.

    Raises:
        NotServing: no server responds, or its health check returns NOT_SERVING.
    """
    options = [
        ("grpc.enable_http_proxy", 0),
        # Otherwise gRPC would wait for growing pauses after a connection failed.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    with grpc.insecure_channel(f"{endpoint.host}:{endpoint.port}", options) as channel:
        _check_health(channel)
        names = _reflected(channel, endpoint)
        if names is None:
            return Served((COLLECTOR,) if _has_collector(channel) else (), reflection=False)
    return Served(tuple(name for name in names if not name.startswith("grpc.reflection.")), reflection=True)


def _check_health(channel: grpc.Channel) -> None:
    check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]  # no types there
    try:
        answer = check(health_pb2.HealthCheckRequest(), timeout=CALL_SECONDS)
    except grpc.RpcError as error:
        _expect_answer(error.code())
        return
    # UNKNOWN is accepted: the platform does not check the health at all.
    if answer.status == health_pb2.HealthCheckResponse.NOT_SERVING:
        raise NotServing("its health check says NOT_SERVING", nobody=False)


def _reflected(channel: grpc.Channel, endpoint: Endpoint) -> list[str] | None:
    try:
        return Catalogue(channel, "plugin", str(endpoint), CALL_SECONDS).names
    except CallError as error:
        _expect_answer(grpc.StatusCode[error.status])
        return None


def _has_collector(channel: grpc.Channel) -> bool:
    """Whether the server has the Collector, checked without running the plugin's code.

    A method that exists fails to parse the request; a method that does not exist returns UNIMPLEMENTED before that.
    """
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{COLLECTOR}/init")
    try:
        call(_NO_MESSAGE, timeout=CALL_SECONDS)
    except grpc.RpcError as error:
        _expect_answer(error.code())
        return error.code() is not grpc.StatusCode.UNIMPLEMENTED
    return True


def _expect_answer(code: grpc.StatusCode) -> None:
    if code is grpc.StatusCode.UNAVAILABLE:
        raise NotServing("nothing responds there", nobody=True)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        raise NotServing(
            f"the process that listens there did not respond within {CALL_SECONDS:g} s", nobody=True
        )
