"""From an empty installation of 1.12 to an API key that does not expire (`api_key` in spacectl's files).

A domain and its owner are created without a token. The owner's token expires after 20 minutes, so the owner creates an
API user and binds a role with all permissions to it. The role has the type SYSTEM in the domain `root`, for calls
between the services, and the type DOMAIN in the domain of the sandbox.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flows.spaceone import AlreadyExists, AuthenticationFailed
from sandbox.spaceone.bootstrap import (
    CALL_SECONDS,
    DOMAIN,
    Bootstrap,
    SupervisorAccess,
    already_initialised,
    new_password,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.spaceone import Client

ROOT_DOMAIN = "root"  # ROOT_DOMAIN_NAME of identity: the only domain in which a role may have the type SYSTEM
OWNER = "owner"
API_USER = "pluginctl"
POLICY = "Everything"
MANAGED_REPOSITORY = "Managed Repository"


class Bootstrap112(Bootstrap):
    """The identities of a sandbox of 1.12."""

    probe = ("identity.User.get", {"user_id": API_USER})
    spacectl_field = "api_key"

    @property
    def is_complete(self) -> bool:
        """Whether the domain has its API key, and the managed repository is registered."""
        return "managed_repository_id" in self._kept

    @property
    def tokens(self) -> Mapping[str, str]:
        """The token of the domain's API user, who has all permissions in the domain."""
        return {"sandbox": self._api_key}

    @property
    def supervisor(self) -> SupervisorAccess:
        """The identity of the sandbox's domain: a supervisor of the domain `root` gets only the plugins of `root`."""
        return SupervisorAccess(self._api_key, str(self._kept.get("sandbox_domain_id", "")))

    @property
    def _api_key(self) -> str:
        return str(self._kept.get("sandbox_api_key", ""))

    def initialise(self, client: Client) -> None:
        """Create the domain `root` and the API key that the services use as their token."""
        if self.system_token:
            return
        try:
            key = self._domain(client, ROOT_DOMAIN, "SYSTEM")
        except AuthenticationFailed as error:
            raise already_initialised(error) from error
        self._keep("system_token", key)

    def complete(self, client: Client) -> None:
        """Create the sandbox's domain with what the walkthrough requires: repository, plugins and providers."""
        mine = client.with_token(self._domain(client, DOMAIN, "DOMAIN"))
        mine.call("identity.Provider.list")  # the first call creates the domain's three default providers
        # Its 24 plugins are part of the repository's package.
        self._find_or_make(
            "managed_repository_id",
            lambda: mine.call("repository.Repository.list", {"repository_type": "managed"}),
            lambda: mine.call(
                "repository.Repository.register", {"name": MANAGED_REPOSITORY, "repository_type": "managed"}
            ),
            field="repository_id",
        )

    def _domain(self, client: Client, name: str, role_type: str) -> str:
        """Create a domain with an API user that has all permissions. Returns the user's key."""
        key = f"{name}_api_key"
        if key in self._kept:
            return str(self._kept[key])
        domain_id = self._find_or_make(
            f"{name}_domain_id",
            lambda: client.call("identity.Domain.list", {"name": name}),
            lambda: client.call("identity.Domain.create", {"name": name}, CALL_SECONDS),
            field="domain_id",
        )
        owner = client.with_token(self._login(client, name, domain_id))
        self._user(owner, name, domain_id, role_type)
        made = owner.call("identity.APIKey.create", {"user_id": API_USER, "domain_id": domain_id})
        self._keep(key, made["api_key"])
        return str(made["api_key"])

    def _login(self, client: Client, name: str, domain_id: str) -> str:
        key = f"{name}_owner_password"
        if key not in self._kept:
            self._keep(key, new_password())
        password = self._kept[key]
        account = {"owner_id": OWNER, "password": password, "domain_id": domain_id}
        with suppress(AlreadyExists):
            client.call("identity.DomainOwner.create", account, CALL_SECONDS)
        issued = client.call(
            "identity.Token.issue",
            {
                "user_id": OWNER,
                "user_type": "DOMAIN_OWNER",
                "credentials": {"password": password},
                "domain_id": domain_id,
            },
            CALL_SECONDS,
        )
        return str(issued["access_token"])

    def _user(self, owner: Client, name: str, domain_id: str, role_type: str) -> None:
        """Create an API user with a role that has all permissions."""
        place = {"domain_id": domain_id}
        user = {"user_id": API_USER, "user_type": "API_USER", "backend": "LOCAL", **place}
        with suppress(AlreadyExists):
            owner.call("identity.User.create", user, CALL_SECONDS)

        def policy() -> dict[str, Any]:
            return owner.call("identity.Policy.create", {"name": POLICY, "permissions": ["*"], **place})

        def role() -> dict[str, Any]:
            policies = [{"policy_type": "CUSTOM", "policy_id": policy_id}]
            wanted = {"name": POLICY, "role_type": role_type, "policies": policies, **place}
            return owner.call("identity.Role.create", wanted)

        policy_id = self._find_or_make(
            f"{name}_policy_id",
            lambda: owner.call("identity.Policy.list", {"name": POLICY, **place}),
            policy,
            field="policy_id",
        )
        role_id = self._find_or_make(
            f"{name}_role_id",
            lambda: owner.call("identity.Role.list", {"name": POLICY, **place}),
            role,
            field="role_id",
        )
        bound = {"resource_type": "identity.User", "resource_id": API_USER, "role_id": role_id, **place}
        self._find_or_make(
            f"{name}_role_binding_id",
            lambda: owner.call("identity.RoleBinding.list", bound),
            lambda: owner.call("identity.RoleBinding.create", bound),
            field="role_binding_id",
        )
