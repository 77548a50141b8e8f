"""The settings that differ between two sandboxes of one generation, and the names that all sandboxes share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sandbox.machine.probes import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.spaceone.database import Database

SERVERS = ("identity", "repository", "inventory", "plugin", "secret", "config")
WORKER_POOL = 2  # tasks of a collection that run at the same time
#: The ports inside the containers; the host names are the parts' names.
GRPC_PORT, REDIS_PORT, REGISTRY_PORT, MARKET_PORT = 50051, 6379, 5000, 8000
PUBLISHED = (*SERVERS, "registry", "market")
"""The parts with a port on this machine."""


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two sandboxes of one generation.

    Attributes:
        ports: the ports on this machine, by part.
        database: the services' MongoDB.
        prefix: the prefix of every database's name.
        redis_password: Redis accepts no connection without it.
        supervisor: a name that no other supervisor on the same Docker engine has.
        token: the system's token; empty before the system is initialised.
        supervisor_token: the token of the supervisor's calls; empty before the domain is created.
    """

    ports: Mapping[str, int]
    database: Database
    prefix: str
    redis_password: str
    supervisor: str
    token: str = ""
    supervisor_token: str = ""

    def with_tokens(self, token: str, supervisor_token: str) -> Settings:
        """The same settings with other tokens."""
        return replace(self, token=token, supervisor_token=supervisor_token)

    def endpoints(self) -> dict[str, str]:
        """Service name to gRPC address, for the services themselves."""
        return {name: f"grpc://{name}:{GRPC_PORT}" for name in SERVERS}

    def published_endpoints(self) -> dict[str, str]:
        """Service name to gRPC address, for users on this machine."""
        return {name: f"grpc://{HOST}:{self.ports[name]}" for name in SERVERS}

    def registry(self) -> str:
        """The image registry's host:port, for this machine and for its Docker engine."""
        return f"{HOST}:{self.ports['registry']}"

    def redis(self, **more: str | int | None) -> dict[str, Any]:
        """A connection to Redis."""
        return {"host": "redis", "port": REDIS_PORT, "password": self.redis_password, **more}
