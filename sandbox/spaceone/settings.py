"""The settings that differ between two sandboxes of one generation, and the names that all sandboxes share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sandbox.machine.probes import HOST

if TYPE_CHECKING:
    from sandbox.spaceone.database import Database

SERVERS = ("identity", "repository", "inventory", "plugin", "secret", "config")
WORKER_POOL = 2  # tasks of a collection that run at the same time


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two sandboxes of one generation.

    Attributes:
        ports: the ports by part: those of the six servers, `redis` and `registry`.
        plugin_ports: the first port for plugin containers, and one past the last.
        prefix: the prefix of every database's name.
        token: the system's token; empty before the system is initialised.
        supervisor: a name that no other supervisor on the same Docker engine has.
        supervisor_token: the token of the supervisor's calls; empty before the domain is created.
    """

    ports: dict[str, int]
    plugin_ports: tuple[int, int]
    database: Database
    prefix: str
    supervisor: str
    token: str = ""
    supervisor_token: str = ""

    def with_tokens(self, token: str, supervisor_token: str) -> Settings:
        """The same settings with other tokens."""
        return replace(self, token=token, supervisor_token=supervisor_token)

    def endpoints(self) -> dict[str, str]:
        """Service name to gRPC address."""
        return {name: f"grpc://{HOST}:{self.ports[name]}" for name in SERVERS}

    def registry(self) -> str:
        """The image registry's host:port."""
        return f"{HOST}:{self.ports['registry']}"

    def redis(self, **more: str | int | None) -> dict[str, Any]:
        """A connection to Redis."""
        return {"host": HOST, "port": self.ports["redis"], **more}
