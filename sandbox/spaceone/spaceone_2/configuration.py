"""The settings that only SpaceONE 2.x has in its configuration files."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.spaceone.configuration import Configuration

_CORE = "spaceone.core"
_METRICS = "spaceone.inventory.interface.task.v1.metric_scheduler.MetricScheduler"


class Configuration2(Configuration):
    """The files of a sandbox of 2.x."""

    secret_parameters: ClassVar = {
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
    schedulers: ClassVar = {**Configuration.schedulers, "metric_scheduler": _METRICS}

    def handlers(self) -> dict[str, Any]:
        """Identity signs the tokens and provides the keys through SpaceConnector."""
        handler = f"{_CORE}.handler"
        return {
            "authentication": [
                {"backend": f"{handler}.authentication_handler:SpaceONEAuthenticationHandler"}
            ],
            "authorization": [{"backend": f"{handler}.authorization_handler:SpaceONEAuthorizationHandler"}],
            "mutation": [{"backend": f"{handler}.mutation_handler:SpaceONEMutationHandler"}],
            "event": [],
        }

    def connectors(self) -> dict[str, Any]:
        """One connector for all services."""
        backend = f"{_CORE}.connector.space_connector:SpaceConnector"
        return {"SpaceConnector": {"backend": backend, "endpoints": self._settings.endpoints()}}

    def database(self, service: str) -> dict[str, Any]:
        """2.x names the engine of the database."""
        return {"engine": "MongoModel", **self._settings.database.for_service(service)}

    def cache(self, connection: dict[str, Any]) -> dict[str, Any]:
        """2.x names the engine of the cache."""
        return {"engine": "RedisCache", **connection}

    def repository(self) -> dict[str, Any]:
        """The local repository that plugins are registered in, and the registry of their images."""
        local = {"repository_id": "repo-local", "name": "Local Repository", "repository_type": "LOCAL"}
        return {
            "REPOSITORIES": [local],
            "CONNECTORS": self.harbor(),
            "REGISTRY_INFO": {"HARBOR": {"url": self._settings.registry(), "image_pull_secrets": ""}},
            "DEFAULT_REGISTRY": "HARBOR",
        }

    def supervisor(self) -> dict[str, Any]:
        """The supervisor's lock against a second synchronisation must not remain after the supervisor has ended.

        The lock stays in the cache for ten minutes. In Redis, it would remain after a supervisor was killed, and the
        next supervisor would start nothing during that time. One process that repeats the synchronisation needs no
        lock. LocalCache rejects the lock, which the supervisor does not treat as an error.
        """
        lock = {"default": {"engine": "LocalCache", "max_size": 128, "ttl": 600}}
        return {**super().supervisor(), "CACHES": lock}
