"""The health service, answered by threads of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from grpc_health.v1 import health


class Health(health.HealthServicer):
    """`grpc.health.v1.Health`: a server whose workers are all busy with collections still answers.

    grpcio takes the pool of a single method from the method's attribute `experimental_thread_pool`, which is the only
    way to give one method other threads than the rest. The servicer of grpcio-health-checking sets it for Watch, and
    for the class; here Check gets it, too, and for this object alone. Should a later grpcio ignore the attribute,
    tests/plugin/serving/test_server.py (`test_a_busy_server_is_a_healthy_one`) fails.
    """

    def __init__(self) -> None:
        pool = ThreadPoolExecutor(2, thread_name_prefix="health")
        super().__init__(experimental_thread_pool=pool)
        self.Check: Any = _InPool(super().Check, pool)


class _InPool:
    """A method with threads of its own."""

    def __init__(self, method: Any, pool: ThreadPoolExecutor) -> None:
        self._method = method
        self.experimental_thread_pool = pool

    def __call__(self, request: Any, context: Any) -> Any:
        return self._method(request, context)
