"""Whether a plugin's gRPC server serves, and what."""

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
"""The service by which the platform collects."""

CALL_SECONDS = 2.0
_NO_MESSAGE = b"\xff"
"""The first byte of a longer field number, and nothing after it: no server can read a message of that."""


class NotServing(Exception):
    """Nobody serves at an endpoint yet; `nobody` is true where no gRPC server answered at all."""

    def __init__(self, reason: str, *, nobody: bool) -> None:
        super().__init__(reason)
        self.nobody = nobody


@dataclass(frozen=True, slots=True)
class Served:
    """What a server serves: full names of its `services`, and whether it listed them itself by `reflection`."""

    services: tuple[str, ...]
    reflection: bool


def ask(endpoint: Endpoint) -> Served:
    """Ask a server for its health and its services; every call within two seconds.

    A server without the health service is taken for healthy when it answers. Without reflection it is asked for the
    Collector alone.

    Raises:
        NotServing: nobody answers, or the server says that it does not serve.
    """
    options = [
        ("grpc.enable_http_proxy", 0),
        # Else a connection that failed a moment ago would be waited for, by gRPC's own growing pauses.
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
    # UNKNOWN is no reason to wait: the platform does not ask at all.
    if answer.status == health_pb2.HealthCheckResponse.NOT_SERVING:
        raise NotServing("its health check says NOT_SERVING", nobody=False)


def _reflected(channel: grpc.Channel, endpoint: Endpoint) -> list[str] | None:
    try:
        return Catalogue(channel, "plugin", str(endpoint), CALL_SECONDS).names
    except CallError as error:
        _expect_answer(grpc.StatusCode[error.status])
        return None


def _has_collector(channel: grpc.Channel) -> bool:
    """Whether the server knows the Collector, without a line of the plugin's being run.

    A method that there is fails to read the request; one that there is not is UNIMPLEMENTED before that.
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
        raise NotServing("nobody answers there", nobody=True)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        raise NotServing(f"what listens there gave no answer in {CALL_SECONDS:g} s", nobody=True)
