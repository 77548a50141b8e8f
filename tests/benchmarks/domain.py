"""A new domain of the 1.12 sandbox: what the walkthrough begins with, whatever else was released there.

No other way leads back to it: `identity.Provider.delete` fails for every provider (identity 1.12.4: its manager wants a
domain_id, and the service passes none), so that a provider goes with its domain alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flows.spaceone import Client
from tests.benchmarks.harness import BenchmarkError
from tests.benchmarks.places import SANDBOX_HOME

_OWNER = "owner"
_SECONDS = 60.0
#: What no two domains have in common.
_OWN = frozenset({"domain_id", "repository_id", "created_at", "updated_at"})

Holdings = Mapping[str, list[Any]]
"""By kind, what a domain holds, without ids and times."""


@dataclass(frozen=True)
class Domain:
    """A domain.

    Attributes:
        client: With its owner's token.
        token: That token; it lives for 20 minutes.
    """

    client: Client
    token: str

    def holdings(self) -> Holdings:
        """What the walkthrough lists: repositories, the local one's schemas, providers and plugins."""
        schemas: list[Any] = []
        for repository in self._local():
            schemas += self.client.list("repository.Schema.list", repository)
        held = {
            "repository": self.client.list("repository.Repository.list"),
            "schema": schemas,
            "provider": self.client.list("identity.Provider.list"),
            "plugin": self.client.list("repository.Plugin.list"),
        }
        return {kind: _comparable(records) for kind, records in held.items()}

    def clear(self) -> None:
        """Removes the local repository, which is the whole installation's, with what is in it."""
        for repository in self._local():
            for plugin in self.client.list("repository.Plugin.list", repository):
                self.client.call("repository.Plugin.deregister", {"plugin_id": plugin["plugin_id"]})
            for schema in self.client.list("repository.Schema.list", repository):
                self.client.call("repository.Schema.delete", {"name": schema["name"]})
            self.client.call("repository.Repository.deregister", repository)

    def _local(self) -> list[dict[str, Any]]:
        """The local repository's id, as calls take it; there is one at most."""
        local = self.client.list("repository.Repository.list", {"repository_type": "local"})
        return [{"repository_id": repository["repository_id"]} for repository in local]


@contextmanager
def new_domain(endpoints: Mapping[str, str]) -> Iterator[Domain]:
    """Makes a domain, and removes it with all that was registered in it.

    Raises:
        BenchmarkError: the installation has a local repository of somebody else's.
    """
    name, password = f"benchmark-{secrets.token_hex(4)}", f"Aa1!{secrets.token_urlsafe(18)}"
    with Client(endpoints, timeout=_SECONDS) as client:
        domain = {"domain_id": client.call("identity.Domain.create", {"name": name})["domain_id"]}
        client.call("identity.DomainOwner.create", {"owner_id": _OWNER, "password": password, **domain})
        login = {"user_id": _OWNER, "user_type": "DOMAIN_OWNER", "credentials": {"password": password}}
        token = str(client.call("identity.Token.issue", {**login, **domain})["access_token"])
        owner = client.with_token(token)
        try:
            if others := owner.list("repository.Repository.list", {"repository_type": "local"}):
                raise BenchmarkError(
                    f"The sandbox has the local repository {others[0]['name']!r} already, and the walkthrough begins "
                    f"without one. Remove its data: PLUGINCTL_SANDBOX_HOME={SANDBOX_HOME} "
                    "pluginctl sandbox down --generation 1.12 --purge"
                )
            made = Domain(owner, token)
            try:
                yield made
            finally:
                made.clear()
        finally:
            owner.call("identity.Domain.delete", domain)


def _comparable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _comparable(item) for key, item in value.items() if key not in _OWN}
    return [_comparable(item) for item in value] if isinstance(value, list) else value
