"""The parts of a sandbox: which program each container runs, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from sandbox.engine.connection import socket_path
from sandbox.engine.containers import USER, Specification, container_name
from sandbox.spaceone import database
from sandbox.spaceone.database import DEFAULT_PORT, GATEWAY
from sandbox.spaceone.run import CONFIGURATION
from sandbox.spaceone.settings import GRPC_PORT, MARKET_PORT, REDIS_PORT, REGISTRY_PORT, SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.images import Images
    from sandbox.machine.layout import Layout
    from sandbox.spaceone.distribution import Distribution
    from sandbox.spaceone.settings import Settings

STORES = ("redis", "registry", "mongodb")
SUPERVISOR = "supervisor"
MARKET = "market"
# The configuration is a variable of the container. `docker inspect` shows it to whoever has the engine's socket, and
# therefore everything.
_REGISTRY = 'printf %s "$CONFIGURATION" >/tmp/registry.yaml; exec registry serve /tmp/registry.yaml'
_SERVICE_ENVIRONMENT = {
    "PYTHONWARNINGS": "ignore",
    "MALLOC_ARENA_MAX": "2",  # otherwise each of a hundred gRPC threads would keep its own memory
    "GRPC_VERBOSITY": "ERROR",
}


def volumes(layout: Layout, stores: Iterable[str] = STORES) -> dict[str, str]:
    """The names of the volumes with the sandbox's data, by store."""
    return {store: container_name(layout.identifier, store) for store in stores}


@dataclass(frozen=True)
class Parts:
    """Makes the specifications of a sandbox's containers.

    Args:
        layout: the sandbox.
        generation: its generation.
        settings: its addresses, passwords and tokens.
        images: its images.
    """

    layout: Layout
    generation: Distribution
    settings: Settings
    images: Images

    def stores(self) -> list[Specification]:
        """Redis, the registry, and MongoDB unless another one is used."""
        found = [self._redis(), self._registry()]
        return found if self.settings.database.external else [*found, self._mongodb()]

    def service(self, name: str) -> Specification:
        """One of SpaceONE's gRPC servers."""
        command = (*self.generation.server, f"spaceone.{name}", "-p", str(GRPC_PORT), "-c", CONFIGURATION)
        return replace(
            self._configured(name, ("spaceone", *command)),
            ports={GRPC_PORT: self.settings.ports[name]},
            health=_listens(GRPC_PORT),
        )

    def services(self) -> list[Specification]:
        """All gRPC servers, and the parts that do not listen except the supervisor."""
        others = [name for name in self.generation.background if name != SUPERVISOR]
        return [*map(self.service, SERVERS), *map(self._background, others)]

    def supervisor(self) -> Specification:
        """The supervisor, which alone has the engine's socket."""
        socket = socket_path()
        status = Path(socket).stat()
        made = self._background(SUPERVISOR, ("python", "-P", "-m", "sandbox.spaceone.supervisor"))
        return replace(
            made,
            files={socket: "/var/run/docker.sock"},
            environment={
                **made.environment,
                "SANDBOX": self.layout.identifier,
                "SANDBOX_NETWORK": made.network,
            },
            # The socket of a rootless engine belongs to its user, who is root in the container.
            user=made.user if status.st_uid == 0 else "0:0",
            groups=(str(status.st_gid),) if status.st_uid == 0 else (),
        )

    def market(self) -> Specification:
        """The stand-in for CoinGecko."""
        command = ("python", "-m", "sandbox.market", "--host", "0.0.0.0", "--port", str(MARKET_PORT))
        return replace(
            self._part(MARKET, self.images.services, command),
            ports={MARKET_PORT: self.settings.ports[MARKET]},
            page="/api/v3/ping",
            health=_listens(MARKET_PORT),
        )

    def _redis(self) -> Specification:
        command = (
            *("redis-server", "--bind", "0.0.0.0", "--port", str(REDIS_PORT)),
            *("--dir", "/data", "--appendonly", "yes", "--requirepass", self.settings.redis_password),
        )
        official = "redis" in self.images.official
        return replace(
            self._part("redis", self.images.stores["redis"], command),
            environment={"REDISCLI_AUTH": self.settings.redis_password},
            volumes={container_name(self.layout.identifier, "redis"): "/data"},
            health="redis-cli ping | grep -q PONG",
            user="999:1000" if official else USER,
        )

    def _registry(self) -> Specification:
        settings = {
            "version": "0.1",
            "log": {"level": "info", "accesslog": {"disabled": False}},
            "storage": {
                "filesystem": {"rootdirectory": "/var/lib/registry"},
                "delete": {"enabled": True},
            },
            "http": {"addr": f":{REGISTRY_PORT}"},
        }
        official = "registry" in self.images.official
        address = f"http://127.0.0.1:{REGISTRY_PORT}/v2/"
        return replace(
            self._part("registry", self.images.stores["registry"], ("sh", "-c", _REGISTRY)),
            environment={"CONFIGURATION": yaml.safe_dump(settings), "OTEL_TRACES_EXPORTER": "none"},
            volumes={container_name(self.layout.identifier, "registry"): "/var/lib/registry"},
            ports={REGISTRY_PORT: self.settings.ports["registry"]},
            page="/v2/",
            health=f"wget -q -O /dev/null {address}" if official else _listens(REGISTRY_PORT),
            # The folder of the official image belongs to root.
            user="0:0" if official else USER,
        )

    def _mongodb(self) -> Specification:
        password = str(self.settings.database.options["password"])
        made = self._part("mongodb", self.images.stores["mongodb"], ())
        name = container_name(self.layout.identifier, "mongodb")
        if "mongodb" in self.images.official:
            return replace(
                made,
                command=("docker-entrypoint.sh", "mongod", "--bind_ip_all"),
                environment={
                    "MONGO_INITDB_ROOT_USERNAME": database.USER,
                    "MONGO_INITDB_ROOT_PASSWORD": password,
                },
                volumes={name: "/data/db"},
                health=_listens(DEFAULT_PORT),
                user="999:999",
                memory=2048,
            )
        return replace(
            made,
            command=(
                *("python", "-m", "sandbox.mongodb", "--host", "0.0.0.0", "--port", str(DEFAULT_PORT)),
                *("--data", "/data/data"),
            ),
            environment={**_SERVICE_ENVIRONMENT, "MONGODB_USER": database.USER, "MONGODB_PASSWORD": password},
            volumes={name: "/data"},
            health=_listens(DEFAULT_PORT),
            memory=2048,
        )

    def _background(self, name: str, program: tuple[str, ...] = ("spaceone",)) -> Specification:
        """One of SpaceONE's programs that do not listen. It works when it has started its child processes."""
        package = f"spaceone.{name.partition('-')[0]}"
        command = (*program, *self.generation.scheduler, package, "-c", CONFIGURATION)
        return replace(
            self._configured(name, command),
            health=_has_children(self.generation.background[name]),
            memory=2048,  # the inventory's worker took 930 MiB for 10,000 resources
        )

    def _configured(self, name: str, command: tuple[str, ...]) -> Specification:
        configuration = self.generation.configuration(self.settings).text(name)
        stores = [f"redis:{REDIS_PORT}"]
        if not self.settings.database.external:
            stores.append(f"mongodb:{DEFAULT_PORT}")
        return replace(
            self._part(name, self.images.services, ("python", "-P", "-m", "sandbox.spaceone.run", *command)),
            environment={**_SERVICE_ENVIRONMENT, "CONFIGURATION": configuration, "STORES": " ".join(stores)},
            hosts={GATEWAY: "host-gateway"} if self.settings.database.external else {},
            memory=1024,
        )

    def _part(self, name: str, image: str, command: tuple[str, ...]) -> Specification:
        return Specification(self.layout.identifier, name, image, command)


def _listens(port: int) -> str:
    return f"bash -c ': </dev/tcp/127.0.0.1/{port}'"


def _has_children(number: int) -> str:
    """Process 1 is the engine's init; its child is the program."""
    return (
        "main=$(cat /proc/1/task/1/children) && "
        f"test $(cat /proc/${{main% }}/task/${{main% }}/children | wc -w) -ge {number}"
    )
