"""The services' configuration files. Each has one key, GLOBAL, which overrides the package's `global_conf`.

The names of the settings come from the packages' `conf/global_conf.py` and spaceone-core's `default_conf`. Settings
with the same name in both generations are here. The others are in the module of each generation
(`spaceone_2.configuration`, `spaceone_1_12.configuration`). When a service starts, spaceone-core rejects a value whose
type differs from the type of the value that it replaces.
"""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from sandbox.spaceone.settings import REGISTRY_PORT, SERVERS, WORKER_POOL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.spaceone.settings import Settings

SUPERVISOR_HOST = "sandbox"  # the name under which the plugin service knows the supervisor
SYNC_SECONDS = 1  # how often the supervisor looks for plugins to start
_TASKS = "spaceone.inventory.interface.task.v1"

#: The supervisor runs these every second. It logs the reasons of its failures only at DEBUG.
_ROUTINE = [
    *("__init__", "search", "push_task", "sync_plugins", "publish_supervisor", "list_plugins_by_label"),
    *("_install_plugins", "_delete_plugins", "find_host_port", "list_plugins"),
    *("_get_lock", "_set_lock", "_release_lock"),
]
#: Called every second by the supervisor.
_CHATTER = ["Supervisor.publish", "Supervisor.list_plugins"]


class Configuration(abc.ABC):
    """The content of one sandbox's files. Each generation adds authentication, connections and storage.

    Args:
        settings: addresses, passwords, tokens and names of the sandbox.
    """

    #: Parameters that a service must not write into its log, by `Resource.verb`.
    secret_parameters: ClassVar[Mapping[str, list[str]]]
    #: The tasks that the inventory runs by itself once an hour: name to class.
    schedulers: ClassVar[Mapping[str, str]] = {
        "hourly_scheduler": f"{_TASKS}.inventory_scheduler.InventoryHourlyScheduler",
        "cleanup_scheduler": f"{_TASKS}.cleanup_scheduler.CleanupScheduler",
        "cloud_service_stats_scheduler": f"{_TASKS}.cloud_service_stats_scheduler.CloudServiceStatsScheduler",
    }

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def text(self, part: str) -> str:
        """A part's file."""
        return yaml.safe_dump({"GLOBAL": self.of(part)}, sort_keys=True)

    def of(self, part: str) -> dict[str, Any]:
        """The content of a part's file."""
        service = part.partition("-")[0]
        content = {
            "TOKEN": self._settings.token,
            "HANDLERS": self.handlers(),
            "CONNECTORS": self.connectors(),
            "LOG": {
                "loggers": {
                    "spaceone": {"level": "INFO"},
                    # It writes the queues' configuration with the password of Redis.
                    "spaceone.core.scheduler.server": {"level": "WARNING", "propagate": False},
                },
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
        """The settings of the repository: where images are, for the repository and the supervisor."""

    def inventory(self) -> dict[str, Any]:
        """The settings of inventory, its worker and its scheduler."""
        return {
            "QUEUES": {
                "collector_q": {
                    "backend": "spaceone.core.queue.redis_queue.RedisQueue",
                    "channel": "collector",
                    # The worker waits for a task without a time limit; redis-py 8 would stop after five seconds.
                    **self._settings.redis(socket_timeout=None),
                }
            }
        }

    def supervisor(self) -> dict[str, Any]:
        """The settings of the supervisor: its name, its engine, and a log that contains only its failures."""
        return {
            "TOKEN": self._settings.supervisor_token,
            "NAME": self._settings.supervisor,
            "HOSTNAME": SUPERVISOR_HOST,
            "BACKEND": "DockerConnector",
            # It reserves a port of this range for each plugin. The sandbox's plugins publish none.
            "CONNECTORS": {"DockerConnector": {"start_port": 40000, "end_port": 50000}},
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
        address = f"http://registry:{REGISTRY_PORT}"
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
            # Each task at another minute.
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
    """`common` with the values of `special`. A value that is a mapping in both is merged."""
    joined = {
        key: {**common[key], **value} if isinstance(common.get(key), dict) else value
        for key, value in special.items()
    }
    return {**common, **joined}
