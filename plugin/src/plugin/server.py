"""The server: all services on one port, and an orderly end."""

from __future__ import annotations

import gc
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from spaceone.api.core.v1 import server_info_pb2_grpc
from spaceone.api.inventory.plugin import job_pb2_grpc

from plugin.one_cpu import OneCpu
from plugin.services import Collector, Job, ServerInfo, collector_handler, version

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOGGER = logging.getLogger(__name__)

MIB: Final = 1024 * 1024

SERVICES: Final = (
    "spaceone.api.inventory.plugin.Collector",
    "spaceone.api.inventory.plugin.Job",
    "grpc.health.v1.Health",
    "spaceone.api.core.v1.ServerInfo",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server runs; all from the environment, see README.md.

    Attributes:
        port: SPACEONE_PORT; 0 takes a free one.
        host: SPACEONE_HOST, the address to listen on.
        workers: SPACEONE_MAX_WORKERS, how many calls are served at once.
        grace: SPACEONE_GRACE, seconds that running calls have left after SIGTERM.
        log_level: SPACEONE_LOG_LEVEL.
        max_request: SPACEONE_MAX_REQUEST_BYTES, the largest request that is taken.
        max_message: SPACEONE_MAX_MESSAGE_BYTES, the largest message that is sent; what inventory takes is 256 MiB.
        one_cpu: SPACEONE_ONE_CPU, 0 or 1, whether a collection keeps to one CPU.
    """

    port: int = 50051
    host: str = "[::]"
    workers: int = 100
    grace: float = 8.0
    log_level: str = "INFO"
    max_request: int = 4 * MIB
    max_message: int = 256 * MIB
    one_cpu: bool = True

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings out of environment variables.

        Raises:
            ValueError: A value cannot be used; names the variable.
        """

        def number(name: str, default: float, least: float, most: float) -> float:
            text = environment.get(name, "")
            try:
                value = float(text) if text else default
            except ValueError:
                value = -1.0
            if not least <= value <= most:
                raise ValueError(f"{name}={text!r} is no number between {least:g} and {most:g}")
            return value

        level = environment.get("SPACEONE_LOG_LEVEL", "") or "INFO"
        if level.upper() not in logging.getLevelNamesMapping():
            raise ValueError(f"SPACEONE_LOG_LEVEL={level!r} is no level such as INFO or WARNING")
        return cls(
            port=int(number("SPACEONE_PORT", 50051, 0, 65535)),
            host=environment.get("SPACEONE_HOST", "") or "[::]",
            workers=int(number("SPACEONE_MAX_WORKERS", 100, 1, 1000)),
            grace=number("SPACEONE_GRACE", 8.0, 0, 600),
            log_level=level,
            max_request=int(number("SPACEONE_MAX_REQUEST_BYTES", 4 * MIB, 1024, 1024 * MIB)),
            max_message=int(number("SPACEONE_MAX_MESSAGE_BYTES", 256 * MIB, 1024, 1024 * MIB)),
            one_cpu=bool(number("SPACEONE_ONE_CPU", 1, 0, 1)),
        )


class Server:
    """The plugin's gRPC server.

    Args:
        settings: Port, workers and the like.

    Raises:
        RuntimeError: The port is taken.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        options = [
            # Without this a second server would share the port in silence.
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", settings.max_request),
            ("grpc.max_send_message_length", settings.max_message),
        ]
        pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="call")
        self._server = grpc.server(pool, options=options)
        # Collections may take all workers, and a server that is busy is a healthy one.
        probes = ThreadPoolExecutor(2, thread_name_prefix="health")
        self._health = health.HealthServicer(experimental_thread_pool=probes)
        health.HealthServicer.Check.experimental_thread_pool = probes  # type: ignore[attr-defined]  # as for Watch
        place = OneCpu() if settings.one_cpu else nullcontext()
        self._server.add_generic_rpc_handlers((collector_handler(Collector(place)),))
        job_pb2_grpc.add_JobServicer_to_server(Job(), self._server)
        server_info_pb2_grpc.add_ServerInfoServicer_to_server(ServerInfo(), self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(SERVICES, self._server)
        self.port: int = self._server.add_insecure_port(f"{settings.host}:{settings.port}")

    def start(self) -> None:
        """Listen."""
        self._server.start()
        for name in ("", *SERVICES):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        services = ", ".join(SERVICES)
        fields = {
            "version": version(),
            "port": self.port,
            "max_workers": self._settings.workers,
            "services": services,
        }
        _LOGGER.info("Started", extra={"fields": fields})

    def stop(self) -> None:
        """Take no more calls, let those that run end within the grace period, and cut off the rest."""
        self._health.enter_graceful_shutdown()
        _LOGGER.info("Stopping", extra={"fields": {"grace": self._settings.grace}})
        self._server.stop(self._settings.grace).wait()
        _LOGGER.info("Stopped")


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        RuntimeError: The port is taken.
    """
    # Before there are other threads, which inherit it: a handler would wait for this thread to wake up, and where the
    # kernel gives the signal to another one, that is never.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    server = Server(settings)
    server.start()
    # What is imported by now stays; a page's rows are thousands of dicts without cycles, not worth looking through.
    gc.freeze()
    gc.set_threshold(50_000)
    signal.sigwait(ending)
    server.stop()


def from_environment() -> Settings:
    """The settings of this process."""
    return Settings.of(os.environ)
