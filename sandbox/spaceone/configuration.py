"""The services' configuration files. Each has one key, GLOBAL, laid over the package's own `global_conf`.

Settings and their names come from the packages' `conf/global_conf.py` and spaceone-core's `default_conf`. What both
generations call the same stands here, the rest in each one's own module (`spaceone_2.configuration`,
`spaceone_1_12.configuration`). A value of another type than the one that it replaces is refused by spaceone-core
when the service starts.
"""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.machine.probes import HOST
from sandbox.spaceone.settings import SERVERS, WORKER_POOL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.spaceone.settings import Settings

SYNC_SECONDS = 1  # how often the supervisor looks for plugins to start
_TASKS = "spaceone.inventory.interface.task.v1"

#: What the supervisor itself does every second. The reasons of its failures are told at DEBUG alone.
_ROUTINE = [
    *("__init__", "search", "push_task", "sync_plugins", "publish_supervisor", "list_plugins_by_label"),
    *("_install_plugins", "_delete_plugins", "find_host_port", "list_plugins"),
    *("_get_lock", "_set_lock", "_release_lock"),
]
#: Called every second by the supervisor.
_CHATTER = ["Supervisor.publish", "Supervisor.list_plugins"]


class Configuration(abc.ABC):
    """What stands in the files of one sandbox. A generation adds how it authenticates, connects and stores.

    Args:
        settings: ports, tokens and names of the sandbox.
    """

    #: Parameters that a service would else write into its log when it is called, by `Resource.verb`.
    secret_parameters: ClassVar[Mapping[str, list[str]]]
    #: What the inventory does by itself once an hour: name to class.
    schedulers: ClassVar[Mapping[str, str]] = {
        "hourly_scheduler": f"{_TASKS}.inventory_scheduler.InventoryHourlyScheduler",
        "cleanup_scheduler": f"{_TASKS}.cleanup_scheduler.CleanupScheduler",
        "cloud_service_stats_scheduler": f"{_TASKS}.cloud_service_stats_scheduler.CloudServiceStatsScheduler",
    }

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, part: str) -> dict[str, Any]:
        """What a part's file holds."""
        service = part.partition("-")[0]
        content = {
            "TOKEN": self._settings.token,
            "HANDLERS": self.handlers(),
            "CONNECTORS": self.connectors(),
            "LOG": {
                "loggers": {"spaceone": {"level": "INFO"}},
                "filters": {
                    "masking": {"rules": dict(self.secret_parameters)},
                    "exclude": {"rules": {"tnx_method": _CHATTER}},
                },
            },
        }
        if service in SERVERS:
            content |= self._storage(service)
        special = {
            "repository": self.repository,
            "inventory": self.inventory,
            "inventory-worker": self._inventory_worker,
            "inventory-scheduler": self._inventory_scheduler,
            "secret": self._secret,
            "supervisor": self.supervisor,
        }.get(part)
        return _overlay(content, special() if special else {})

    @abc.abstractmethod
    def handlers(self) -> dict[str, Any]:
        """`HANDLERS` of every part: real authentication and authorization."""

    @abc.abstractmethod
    def connectors(self) -> dict[str, Any]:
        """`CONNECTORS` of every part: how the services find each other."""

    @abc.abstractmethod
    def database(self, service: str) -> dict[str, Any]:
        """`DATABASES.default` of a service."""

    @abc.abstractmethod
    def cache(self, connection: dict[str, Any]) -> dict[str, Any]:
        """`CACHES.default` of a service, from a connection to its Redis database."""

    @abc.abstractmethod
    def repository(self) -> dict[str, Any]:
        """What the repository has of its own: where images are, for it and for the supervisor."""

    def inventory(self) -> dict[str, Any]:
        """What inventory, its worker and its scheduler have of their own."""
        return {
            "QUEUES": {
                "collector_q": {
                    "backend": "spaceone.core.queue.redis_queue.RedisQueue",
                    "channel": "collector",
                    # A blocking pop waits for ever; redis-py 8 would end it after five seconds.
                    **self._settings.redis(socket_timeout=None),
                }
            }
        }

    def supervisor(self) -> dict[str, Any]:
        """What the supervisor has of its own: its name, its engine, and a log of its failures alone."""
        first, end = self._settings.plugin_ports
        return {
            "TOKEN": self._settings.supervisor_token,
            "NAME": self._settings.supervisor,
            "HOSTNAME": HOST,
            "BACKEND": "DockerConnector",
            "CONNECTORS": {"DockerConnector": {"start_port": first, "end_port": end}},
            "LOG": {
                "loggers": {
                    "spaceone": {"level": "WARNING"},
                    "spaceone.supervisor": {"level": "DEBUG", "propagate": False},
                },
                "filters": {"exclude": {"rules": {"funcName": _ROUTINE}}},
            },
            "SCHEDULERS": {
                "sync": {
                    "backend": "spaceone.supervisor.scheduler.sync_scheduler.SyncScheduler",
                    "queue": "",  # it works by itself
                    "interval": SYNC_SECONDS,
                }
            },
        }

    def harbor(self) -> dict[str, Any]:
        """The connector that asks a plain registry for an image's tags."""
        address = f"http://{self._settings.registry()}"
        return {"HarborConnector": {"base_url": address, "token": "", "verify": False}}

    def _storage(self, service: str) -> dict[str, Any]:
        connection = self._settings.redis(db=SERVERS.index(service) + 1)
        return {
            "DATABASES": {"default": self.database(service)},
            "DATABASE_NAME_PREFIX": self._settings.prefix,
            "CACHES": {"default": self.cache(connection)},
        }

    def _inventory_worker(self) -> dict[str, Any]:
        backend = "spaceone.core.scheduler.worker.BaseWorker"
        pool = {"backend": backend, "queue": "collector_q", "pool": WORKER_POOL}
        return {**self.inventory(), "WORKERS": {"collector_worker": pool}}

    def _inventory_scheduler(self) -> dict[str, Any]:
        hourly = {
            # Each at a minute of its own.
            name: {"backend": backend, "queue": "collector_q", "interval": 1, "minute": f":{10 * number:02}"}
            for number, (name, backend) in enumerate(self.schedulers.items())
        }
        return {**self.inventory(), "SCHEDULERS": hourly}

    def _secret(self) -> dict[str, Any]:
        return {
            "BACKEND": "MongoDBConnector",
            "CONNECTORS": {"MongoDBConnector": self._settings.database.for_secrets()},
        }


def _overlay(common: dict[str, Any], special: dict[str, Any]) -> dict[str, Any]:
    """`special` over `common`; what is a mapping in both is joined."""
    joined = {
        key: {**common[key], **value} if isinstance(common.get(key), dict) else value
        for key, value in special.items()
    }
    return {**common, **joined}
