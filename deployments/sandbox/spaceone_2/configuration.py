"""What stands in the configuration files of SpaceONE 2.x.

Settings and their names come from the packages' `conf/global_conf.py` and spaceone-core's `default_conf`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deployments.sandbox.settings import (
    HOST,
    SERVERS,
    hourly,
    service_log,
    supervisor_log,
    synchronisation,
    worker,
)

if TYPE_CHECKING:
    from deployments.sandbox.settings import Settings

_CORE = "spaceone.core.handler"
_TASKS = "spaceone.inventory.interface.task.v1"
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


def configuration(part: str, settings: Settings) -> dict[str, Any]:
    """What a part's file holds."""
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
        "LOG": service_log(_SECRET_PARAMETERS),
    }


def _storage(service: str, settings: Settings) -> dict[str, Any]:
    return {
        "DATABASES": {"default": {"engine": "MongoModel", **settings.database.for_service(service)}},
        "DATABASE_NAME_PREFIX": settings.prefix,
        "CACHES": {"default": settings.cache(service, engine="RedisCache")},
    }


def _nothing(_: Settings) -> dict[str, Any]:
    return {}


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
    return {"QUEUES": settings.queue()}


def _inventory_worker(settings: Settings) -> dict[str, Any]:
    return {"QUEUES": settings.queue(), "WORKERS": worker()}


def _inventory_scheduler(settings: Settings) -> dict[str, Any]:
    backends = {
        "hourly_scheduler": f"{_TASKS}.inventory_scheduler.InventoryHourlyScheduler",
        "cleanup_scheduler": f"{_TASKS}.cleanup_scheduler.CleanupScheduler",
        "cloud_service_stats_scheduler": f"{_TASKS}.cloud_service_stats_scheduler.CloudServiceStatsScheduler",
        "metric_scheduler": f"{_TASKS}.metric_scheduler.MetricScheduler",
    }
    return {"QUEUES": settings.queue(), "SCHEDULERS": hourly(backends)}


def _secret(settings: Settings) -> dict[str, Any]:
    return {
        "BACKEND": "MongoDBConnector",
        "CONNECTORS": {"MongoDBConnector": settings.database.for_secrets()},
    }


def _supervisor(settings: Settings) -> dict[str, Any]:
    first, end = settings.plugin_ports
    return {
        "TOKEN": settings.supervisor_token,
        "NAME": settings.supervisor,
        "HOSTNAME": HOST,
        "BACKEND": "DockerConnector",
        "CONNECTORS": {"DockerConnector": {"start_port": first, "end_port": end}},
        "LOG": supervisor_log(),
        # Its lock against a second synchronisation lives in the cache for ten minutes: in Redis it would
        # outlive a supervisor that was killed, and the next one would start nothing for as long. One process
        # that synchronises again and again needs none (LocalCache refuses it, which is no error there).
        "CACHES": {"default": {"engine": "LocalCache", "max_size": 128, "ttl": 600}},
        "SCHEDULERS": synchronisation(queue=""),
    }


_SPECIAL = {
    "repository": _repository,
    "inventory": _inventory,
    "inventory-worker": _inventory_worker,
    "inventory-scheduler": _inventory_scheduler,
    "secret": _secret,
    "supervisor": _supervisor,
}
