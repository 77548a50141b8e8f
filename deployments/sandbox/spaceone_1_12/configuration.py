"""What stands in the configuration files of SpaceONE 1.12.

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

_CORE = "spaceone.core"
_TASKS = "spaceone.inventory.interface.task.v1"
_SECRET_PARAMETERS = {
    "DomainOwner.create": ["password"],
    "User.create": ["password"],
    "Token.issue": ["credentials"],
    "Secret.create": ["data"],
    "Secret.update_data": ["data"],
    "TrustedSecret.create": ["data"],
    "TrustedSecret.update_data": ["data"],
}


def configuration(part: str, settings: Settings) -> dict[str, Any]:
    """What a part's file holds."""
    service = part.partition("-")[0]
    common = {
        "TOKEN": settings.token,
        **(_storage(service, settings) if service in SERVERS else {}),
        "HANDLERS": _handlers(settings),
        "CONNECTORS": _connectors(settings),
        "LOG": service_log(_SECRET_PARAMETERS),
    }
    special = _SPECIAL.get(part, _nothing)(settings)
    connectors = {**common["CONNECTORS"], **special.pop("CONNECTORS", {})}
    return {**common, **special, "CONNECTORS": connectors}


def _handlers(settings: Settings) -> dict[str, Any]:
    """Real authentication: identity tells the domain's public key and what a role may do."""
    identity = settings.endpoints()["identity"]
    return {
        "authentication": [
            {
                "backend": f"{_CORE}.handler.authentication_handler.AuthenticationGRPCHandler",
                "uri": f"{identity}/v1/Domain/get_public_key",
            }
        ],
        "authorization": [
            {
                "backend": f"{_CORE}.handler.authorization_handler.AuthorizationGRPCHandler",
                "uri": f"{identity}/v1/Authorization/verify",
            }
        ],
        # It adds the domain to each request, which is why the walkthrough's files need none.
        "mutation": [{"backend": f"{_CORE}.handler.mutation_handler.SpaceONEMutationHandler"}],
        "event": [],
    }


def _connectors(settings: Settings) -> dict[str, Any]:
    endpoints = settings.endpoints()
    named = {
        f"{service.capitalize()}Connector": {"endpoint": {"v1": endpoints[service]}}
        for service in ("identity", "repository", "secret", "plugin", "config")
    }
    space = {"backend": f"{_CORE}.connector.space_connector.SpaceConnector", "endpoints": endpoints}
    return {"SpaceConnector": space, **named}


def _storage(service: str, settings: Settings) -> dict[str, Any]:
    return {
        "DATABASES": {"default": settings.database.for_service(service)},
        "DATABASE_NAME_PREFIX": settings.prefix,
        "CACHES": {"default": settings.cache(service, backend=f"{_CORE}.cache.redis_cache.RedisCache")},
    }


def _nothing(_: Settings) -> dict[str, Any]:
    return {}


def _repository(settings: Settings) -> dict[str, Any]:
    return {
        "CONNECTORS": {
            "HarborConnector": {"base_url": f"http://{settings.registry()}", "token": "", "verify": False}
        },
        "REGISTRY_URL_MAP": {"HARBOR": settings.registry()},
    }


def _inventory(settings: Settings) -> dict[str, Any]:
    return {"QUEUES": settings.queue(), "collect_queue": "collector_q"}


def _inventory_worker(settings: Settings) -> dict[str, Any]:
    return {**_inventory(settings), "WORKERS": worker()}


def _inventory_scheduler(settings: Settings) -> dict[str, Any]:
    backends = {
        "hourly_scheduler": f"{_TASKS}.inventory_scheduler.InventoryHourlyScheduler",
        "cleanup_scheduler": f"{_TASKS}.cleanup_scheduler.CleanupScheduler",
        "cloud_service_stats_scheduler": f"{_TASKS}.cloud_service_stats_scheduler.CloudServiceStatsScheduler",
    }
    return {**_inventory(settings), "SCHEDULERS": hourly(backends)}


def _secret(settings: Settings) -> dict[str, Any]:
    return {
        "BACKEND": "MongoDBConnector",
        "CONNECTORS": {"MongoDBConnector": settings.database.for_secrets()},
    }


def _supervisor(settings: Settings) -> dict[str, Any]:
    first, end = settings.plugin_ports
    return {
        # Of the domain that uses it: only a supervisor called `root` is public by itself.
        "TOKEN": settings.supervisor_token,
        "NAME": settings.supervisor,
        "HOSTNAME": HOST,
        "BACKEND": "DockerConnector",
        "CONNECTORS": {"DockerConnector": {"start_port": first, "end_port": end}},
        "LOG": supervisor_log(),
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
