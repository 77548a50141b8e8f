"""`python -m plugin.serving.healthcheck`: the container's HEALTHCHECK; exit code 0 while the server serves."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS: Final = 2.0


def address(environment: Mapping[str, str]) -> str:
    """Where the server of this container listens; it reads the same variables."""
    host = environment.get("SPACEONE_HOST") or "[::]"
    anywhere = host in ("[::]", "0.0.0.0")
    return f"{'localhost' if anywhere else host}:{environment.get('SPACEONE_PORT') or 50051}"


def serving(address: str, timeout: float) -> bool:
    """Whether the server at an address answers SERVING within so many seconds."""
    # Not through the proxy, which is for the source.
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]  # no types there
            answer = check(health_pb2.HealthCheckRequest(), timeout=timeout)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(0 if serving(address(os.environ), SECONDS) else 1)
