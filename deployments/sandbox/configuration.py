"""The services' configuration files. Each has one key, GLOBAL, laid over the package's own `global_conf`.

Settings and their names come from the packages' `conf/global_conf.py` and spaceone-core's `default_conf`. A
value of another type than the one it replaces is refused there when the service starts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from deployments.sandbox.layout import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from deployments.sandbox.database import Database

SERVERS = ("identity", "repository", "inventory", "plugin", "secret", "config")
BACKGROUND = ("inventory-worker", "inventory-scheduler", "supervisor")
HOST = "127.0.0.1"
SYNC_SECONDS = 1  # how often the supervisor looks for plugins to start
WORKER_POOL = 2  # tasks of a collection that are worked on at a time: this machine's cores

_CORE = "spaceone.core.handler"
_TASKS = "spaceone.inventory.interface.task.v1"
# What the services would else write into their logs when they are called.
_SECRET_PARAMETERS = {
    "System.init": ["admin"],
    "Domain.create": ["admin"],
    "Token.issue": ["credentials"],
    "Token.grant": ["token"],
    "Secret.create": ["data"],
    "Secret.update_data": ["data"],
    "ServiceAccount.create": ["secret_data"],
    "ServiceAccount.update_secret_data": ["secret_data"],
    "TrustedAccount.create": ["secret_data"],
    "Job.sync_service_accounts": ["secret_data"],
    "Collector.collect": ["secret_data"],
}
# Called every second by the supervisor.
_CHATTER = ["Supervisor.publish", "Supervisor.list_plugins"]
# What the supervisor itself does every second. The reasons of its failures are told at DEBUG alone.
_ROUTINE = [
    *("__init__", "search", "push_task", "sync_plugins", "publish_supervisor", "list_plugins_by_label"),
    *("_install_plugins", "_delete_plugins", "find_host_port"),
    *("_get_lock", "_set_lock", "_release_lock"),
]


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two sandboxes.

    Attributes:
        ports: by part; the six servers, `redis` and `registry` are needed here.
        plugin_ports: first port for plugin containers, and one past the last.
        prefix: put before the name of every database.
        token: the system's token; empty before the system is initialised.
        supervisor: a name that no other supervisor on the same Docker engine has.
    """

    ports: dict[str, int]
    plugin_ports: tuple[int, int]
    database: Database
    prefix: str
    token: str
    supervisor: str

    def with_token(self, token: str) -> Settings:
        """The same with another system token."""
        return replace(self, token=token)

    def endpoints(self) -> dict[str, str]:
        """Service name to gRPC address."""
        return {name: f"grpc://{HOST}:{self.ports[name]}" for name in SERVERS}

    def registry(self) -> str:
        """The image registry's host:port."""
        return f"{HOST}:{self.ports['registry']}"


def write(folder: Path, settings: Settings) -> list[str]:
    """Write every part's file; returns the parts whose file differs from what was there."""
    changed = []
    for part in (*SERVERS, *BACKGROUND):
        text = yaml.safe_dump({"GLOBAL": _part(part, settings)}, sort_keys=True)
        path = file(folder, part)
        if not path.exists() or path.read_text() != text:
            write_private(path, text)
            changed.append(part)
    return changed


def file(folder: Path, part: str) -> Path:
    """The path of a part's configuration file."""
    return folder / f"{part}.yaml"


def _part(part: str, settings: Settings) -> dict[str, Any]:
    service = part.partition("-")[0]
    merged = _common(service, settings)
    for key, value in _SPECIAL.get(part, _nothing)(settings).items():
        merged[key] = {**merged[key], **value} if isinstance(merged.get(key), dict) else value
    return merged


def _common(service: str, settings: Settings) -> dict[str, Any]:
    return {
        "TOKEN": settings.token,
        **(_storage(service, settings) if service in SERVERS else {}),
        "HANDLERS": {
            "authentication": [{"backend": f"{_CORE}.authentication_handler:SpaceONEAuthenticationHandler"}],
            "authorization": [{"backend": f"{_CORE}.authorization_handler:SpaceONEAuthorizationHandler"}],
            "mutation": [{"backend": f"{_CORE}.mutation_handler:SpaceONEMutationHandler"}],
            "event": [],
        },
        "CONNECTORS": {
            "SpaceConnector": {
                "backend": "spaceone.core.connector.space_connector:SpaceConnector",
                "endpoints": settings.endpoints(),
            }
        },
        "LOG": {
            "loggers": {"spaceone": {"level": "INFO"}},
            "filters": {
                "masking": {"rules": _SECRET_PARAMETERS},
                "exclude": {"rules": {"tnx_method": _CHATTER}},
            },
        },
    }


def _storage(service: str, settings: Settings) -> dict[str, Any]:
    cache = _redis(settings, engine="RedisCache", db=SERVERS.index(service) + 1)
    return {
        "DATABASES": {"default": settings.database.for_service(service)},
        "DATABASE_NAME_PREFIX": settings.prefix,
        "CACHES": {"default": cache},
    }


def _redis(settings: Settings, **more: str | int | None) -> dict[str, Any]:
    return {"host": HOST, "port": settings.ports["redis"], **more}


def _nothing(_: Settings) -> dict[str, Any]:
    return {}


def _queue(settings: Settings) -> dict[str, Any]:
    return {
        "collector_q": _redis(
            settings,
            backend="spaceone.core.queue.redis_queue.RedisQueue",
            channel="collector",
            socket_timeout=None,  # a blocking pop waits for ever; redis-py 8 would end it after five seconds
        )
    }


def _repository(settings: Settings) -> dict[str, Any]:
    return {
        "REPOSITORIES": [
            {"repository_id": "repo-local", "name": "Local Repository", "repository_type": "LOCAL"}
        ],
        "CONNECTORS": {
            "HarborConnector": {"base_url": f"http://{settings.registry()}", "token": "", "verify": False}
        },
        "REGISTRY_INFO": {"HARBOR": {"url": settings.registry(), "image_pull_secrets": ""}},
        "DEFAULT_REGISTRY": "HARBOR",
    }


def _inventory(settings: Settings) -> dict[str, Any]:
    return {"QUEUES": _queue(settings)}


def _inventory_worker(settings: Settings) -> dict[str, Any]:
    worker = {
        "backend": "spaceone.core.scheduler.worker.BaseWorker",
        "queue": "collector_q",
        "pool": WORKER_POOL,
    }
    return {"QUEUES": _queue(settings), "WORKERS": {"collector_worker": worker}}


def _inventory_scheduler(settings: Settings) -> dict[str, Any]:
    hourly = {
        "hourly_scheduler": f"{_TASKS}.inventory_scheduler.InventoryHourlyScheduler",
        "cleanup_scheduler": f"{_TASKS}.cleanup_scheduler.CleanupScheduler",
        "cloud_service_stats_scheduler": f"{_TASKS}.cloud_service_stats_scheduler.CloudServiceStatsScheduler",
        "metric_scheduler": f"{_TASKS}.metric_scheduler.MetricScheduler",
    }
    return {
        "QUEUES": _queue(settings),
        "SCHEDULERS": {
            name: {"backend": backend, "queue": "collector_q", "interval": 1, "minute": f":{minute:02}"}
            for minute, (name, backend) in zip((0, 10, 20, 30), hourly.items(), strict=True)
        },
    }


def _secret(settings: Settings) -> dict[str, Any]:
    return {
        "BACKEND": "MongoDBConnector",
        "CONNECTORS": {"MongoDBConnector": settings.database.for_secrets()},
    }


def _supervisor(settings: Settings) -> dict[str, Any]:
    first, end = settings.plugin_ports
    return {
        "NAME": settings.supervisor,
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
        # Its lock against a second synchronisation lives in the cache for ten minutes: in Redis it would
        # outlive a supervisor that was killed, and the next one would start nothing for as long. One process
        # that synchronises again and again needs none (LocalCache refuses it, which is no error there).
        "CACHES": {"default": {"engine": "LocalCache", "max_size": 128, "ttl": 600}},
        "SCHEDULERS": {
            "sync": {
                "backend": "spaceone.supervisor.scheduler.sync_scheduler.SyncScheduler",
                "queue": "",  # it works by itself and queues nothing
                "interval": SYNC_SECONDS,
            }
        },
    }


_SPECIAL = {
    "repository": _repository,
    "inventory": _inventory,
    "inventory-worker": _inventory_worker,
    "inventory-scheduler": _inventory_scheduler,
    "secret": _secret,
    "supervisor": _supervisor,
}
