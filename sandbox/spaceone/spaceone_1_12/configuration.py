"""The settings that only SpaceONE 1.12 has in its configuration files."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.spaceone.configuration import Configuration

_CORE = "spaceone.core"


class Configuration112(Configuration):
    """The files of a sandbox of 1.12."""

    secret_parameters: ClassVar = {
        "DomainOwner.create": ["password"],
        "User.create": ["password"],
        "Token.issue": ["credentials"],
        "Secret.create": ["data"],
        "Secret.update_data": ["data"],
        "TrustedSecret.create": ["data"],
        "TrustedSecret.update_data": ["data"],
    }

    def handlers(self) -> dict[str, Any]:
        """Identity provides a domain's public key and the permissions of a role."""
        handler, identity = f"{_CORE}.handler", self._settings.endpoints()["identity"]
        return {
            "authentication": [
                {
                    "backend": f"{handler}.authentication_handler.AuthenticationGRPCHandler",
                    "uri": f"{identity}/v1/Domain/get_public_key",
                }
            ],
            "authorization": [
                {
                    "backend": f"{handler}.authorization_handler.AuthorizationGRPCHandler",
                    "uri": f"{identity}/v1/Authorization/verify",
                }
            ],
            # It adds the domain to each request, so that the walkthrough's files need no domain.
            "mutation": [{"backend": f"{handler}.mutation_handler.SpaceONEMutationHandler"}],
            "event": [],
        }

    def connectors(self) -> dict[str, Any]:
        """One connector for all services, and one for each service that the code of another service names."""
        endpoints = self._settings.endpoints()
        backend = f"{_CORE}.connector.space_connector.SpaceConnector"
        return {
            "SpaceConnector": {"backend": backend, "endpoints": endpoints},
            **{
                f"{service.capitalize()}Connector": {"endpoint": {"v1": endpoints[service]}}
                for service in ("identity", "repository", "secret", "plugin", "config")
            },
        }

    def database(self, service: str) -> dict[str, Any]:
        """1.12 has no setting for the engine: it is always MongoDB."""
        return self._settings.database.for_service(service)

    def cache(self, connection: dict[str, Any]) -> dict[str, Any]:
        """1.12 names the class of the cache."""
        return {"backend": f"{_CORE}.cache.redis_cache.RedisCache", **connection}

    def repository(self) -> dict[str, Any]:
        """The registry of the plugins' images. Repositories are registered through the API."""
        return {
            "CONNECTORS": self.harbor(),
            "REGISTRY_URL_MAP": {"HARBOR": self._settings.registry()},
        }

    def inventory(self) -> dict[str, Any]:
        """1.12 also requires the name of the queue for collections."""
        return {**super().inventory(), "collect_queue": "collector_q"}
