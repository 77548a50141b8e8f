"""What two sandboxes differ in, and what every generation's configuration files share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deployments.sandbox.database import Database

SERVERS = ("identity", "repository", "inventory", "plugin", "secret", "config")
HOST = "127.0.0.1"
SYNC_SECONDS = 1  # how often the supervisor looks for plugins to start
WORKER_POOL = 2  # tasks of a collection that are worked on at a time: this machine's cores

#: What the supervisor itself does every second. The reasons of its failures are told at DEBUG alone.
_ROUTINE = [
    *("__init__", "search", "push_task", "sync_plugins", "publish_supervisor", "list_plugins_by_label"),
    *("_install_plugins", "_delete_plugins", "find_host_port", "list_plugins"),
    *("_get_lock", "_set_lock", "_release_lock"),
]
#: Called every second by the supervisor.
_CHATTER = ["Supervisor.publish", "Supervisor.list_plugins"]


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two sandboxes of one generation.

    Attributes:
        ports: by part; the six servers, `redis` and `registry` are needed here.
        plugin_ports: first port for plugin containers, and one past the last.
        prefix: put before the name of every database.
        token: the system's token; empty before the system is initialised.
        supervisor: a name that no other supervisor on the same Docker engine has.
        supervisor_token: what the supervisor calls with; empty before the domain is made.
    """

    ports: dict[str, int]
    plugin_ports: tuple[int, int]
    database: Database
    prefix: str
    token: str
    supervisor: str
    supervisor_token: str = ""

    def with_tokens(self, token: str, supervisor_token: str) -> Settings:
        """The same with other tokens."""
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

    def cache(self, service: str, **more: str) -> dict[str, Any]:
        """A service's cache: a Redis database of its own."""
        return self.redis(db=SERVERS.index(service) + 1, **more)

    def queue(self) -> dict[str, Any]:
        """`QUEUES` of inventory and what works for it."""
        return {
            "collector_q": self.redis(
                backend="spaceone.core.queue.redis_queue.RedisQueue",
                channel="collector",
                socket_timeout=None,  # a blocking pop waits for ever; redis-py 8 would end it after five seconds
            )
        }


def service_log(secret_parameters: dict[str, list[str]]) -> dict[str, Any]:
    """`LOG` of a service.

    Args:
        secret_parameters: what it would else write into its log when it is called, by `Resource.verb`.
    """
    return {
        "loggers": {"spaceone": {"level": "INFO"}},
        "filters": {
            "masking": {"rules": secret_parameters},
            "exclude": {"rules": {"tnx_method": _CHATTER}},
        },
    }


def supervisor_log() -> dict[str, Any]:
    """`LOG` of the supervisor: its failures, and not every second."""
    return {
        "loggers": {
            "spaceone": {"level": "WARNING"},
            "spaceone.supervisor": {"level": "DEBUG", "propagate": False},
        },
        "filters": {"exclude": {"rules": {"funcName": _ROUTINE}}},
    }


def worker() -> dict[str, Any]:
    """`WORKERS` of the inventory."""
    backend = "spaceone.core.scheduler.worker.BaseWorker"
    return {"collector_worker": {"backend": backend, "queue": "collector_q", "pool": WORKER_POOL}}


def hourly(backends: dict[str, str]) -> dict[str, Any]:
    """`SCHEDULERS` that run once an hour, each at a minute of its own.

    Args:
        backends: name to class.
    """
    return {
        name: {"backend": backend, "queue": "collector_q", "interval": 1, "minute": f":{10 * number:02}"}
        for number, (name, backend) in enumerate(backends.items())
    }


def synchronisation(queue: str) -> dict[str, Any]:
    """`SCHEDULERS` of the supervisor, which works by itself and queues nothing."""
    backend = "spaceone.supervisor.scheduler.sync_scheduler.SyncScheduler"
    return {"sync": {"backend": backend, "queue": queue, "interval": SYNC_SECONDS}}
