"""`python -m plugin.healthcheck`: the container's HEALTHCHECK; exit code 0 while the server serves."""

from __future__ import annotations

import os
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc


def serving(address: str, timeout: float) -> bool:
    """Whether the server at an address says SERVING within so many seconds."""
    with grpc.insecure_channel(address) as channel:
        try:
            check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]  # no types there
            answer = check(health_pb2.HealthCheckRequest(), timeout=timeout)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(0 if serving(f"localhost:{os.environ.get('SPACEONE_PORT') or 50051}", 2.0) else 1)
