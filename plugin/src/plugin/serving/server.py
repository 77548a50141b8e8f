"""The server: all services on one port, and an orderly end."""

from __future__ import annotations

import gc
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from spaceone.api.core.v1 import server_info_pb2_grpc
from spaceone.api.inventory.plugin import job_pb2_grpc

from plugin.serving.health import Health
from plugin.serving.one_cpu import OneCpu
from plugin.serving.options import OptionsSchema
from plugin.serving.services import CollectorService, JobService, ServerInfoService, collector_handler

if TYPE_CHECKING:
    from plugin.serving.collector import Collector
    from plugin.serving.settings import Settings

_LOGGER = logging.getLogger(__name__)

SERVICES: Final = (
    "spaceone.api.inventory.plugin.Collector",
    "spaceone.api.inventory.plugin.Job",
    "grpc.health.v1.Health",
    "spaceone.api.core.v1.ServerInfo",
)


class Server:
    """A gRPC server for one collector.

    Args:
        collector: Who answers the calls.
        settings: Port, workers and the like.

    Attributes:
        port: The port that it listens on.

    Raises:
        RuntimeError: The port is taken.
    """

    def __init__(self, collector: Collector, settings: Settings) -> None:
        self._settings = settings
        self._version = collector.version
        options = [
            # Otherwise a second server could share the port without an error.
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", settings.max_request),
            ("grpc.max_send_message_length", settings.max_message),
        ]
        pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="call")
        self._server = grpc.server(pool, options=options)
        self._health = Health()
        schema = OptionsSchema(collector.options_schema)
        place = OneCpu() if settings.one_cpu else nullcontext()
        service = CollectorService(collector, schema, place)
        self._server.add_generic_rpc_handlers((collector_handler(service),))
        job_pb2_grpc.add_JobServicer_to_server(JobService(collector, schema), self._server)
        server_info_pb2_grpc.add_ServerInfoServicer_to_server(ServerInfoService(self._version), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(SERVICES, self._server)
        self.port: int = self._server.add_insecure_port(f"{settings.host}:{settings.port}")

    def start(self) -> None:
        """Listen."""
        self._server.start()
        for name in ("", *SERVICES):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        fields = {
            "version": self._version,
            "port": self.port,
            "max_workers": self._settings.workers,
            "services": ", ".join(SERVICES),
        }
        _LOGGER.info("Started", extra={"fields": fields})

    def stop(self) -> None:
        """Accept no more calls, let running ones end within the grace period, and abort the rest."""
        self._health.enter_graceful_shutdown()
        _LOGGER.info("Stopping", extra={"fields": {"grace": self._settings.grace}})
        self._server.stop(self._settings.grace).wait()
        _LOGGER.info("Stopped")


def run(collector: Collector, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        RuntimeError: The port is taken.
    """
    # Blocked before other threads start, since they inherit it, and waited for: a handler would run in this thread
    # alone, which does not wake up where the kernel gives the signal to another one.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    server = Server(collector, settings)
    server.start()
    # The garbage collector need not look through what is imported by now, and rarely at a page of rows, which are
    # thousands of dicts without cycles.
    gc.freeze()
    gc.set_threshold(50_000)
    signal.sigwait(ending)
    server.stop()
