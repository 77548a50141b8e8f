"""From an empty installation of 2.x to two tokens: one of a domain's administrator, and one of a workspace's owner.

SpaceONE 2.x defines the roles and the order of the calls. System.init creates a root user. The root user creates a
domain and its administrator. The administrator creates Apps, whose secrets are valid as tokens for a year.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from flows.spaceone import CallError
from sandbox.spaceone.bootstrap import (
    CALL_SECONDS,
    DOMAIN,
    Bootstrap,
    SupervisorAccess,
    already_initialised,
    expires_at,
    new_password,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.spaceone import Client

ROOT_DOMAIN = "domain-root"
ROOT_USER = "root@sandbox.local"
ADMIN_USER = "admin@sandbox.local"
WORKSPACE = "sandbox"
APP = "pluginctl"
DOMAIN_ROLE = "managed-domain-admin"
WORKSPACE_ROLE = "managed-workspace-owner"
RENEW_BEFORE = 30 * 24 * 3600  # seconds; an App's secret is valid for a year


class Bootstrap2(Bootstrap):
    """The identities of a sandbox of 2.x."""

    probe = ("identity.Project.list", {"query": {"page": {"limit": 1}}})
    spacectl_field = "token"

    @property
    def is_complete(self) -> bool:
        """Whether both tokens exist and are valid for at least another month."""
        return all(self._lives(f"{name}_secret") for name in ("domain", "workspace"))

    @property
    def tokens(self) -> Mapping[str, str]:
        """The tokens of the domain's administrator and of the workspace's owner."""
        return {
            "sandbox": str(self._kept["domain_secret"]),
            "sandbox-workspace": str(self._kept["workspace_secret"]),
        }

    @property
    def supervisor(self) -> SupervisorAccess:
        """The identity of the system: the plugin service requires no token from it."""
        return SupervisorAccess(self.system_token, ROOT_DOMAIN)

    def initialise(self, client: Client) -> None:
        """Create the system's root user and its token."""
        if self.system_token:
            return
        try:
            answer = client.call(
                "identity.System.init", {"admin": self._account("root", ROOT_USER)}, CALL_SECONDS
            )
        except CallError as error:
            if error.error_code == "ERROR_SYSTEM_ALREADY_INITIALIZED":
                raise already_initialised(error) from error
            raise
        self._keep("system_token", answer["system_token"])

    def complete(self, client: Client) -> None:
        """Create the domain, its workspace and an App for each, or renew the secrets of the Apps."""
        root = self._login(client, self._account("root", ROOT_USER), ROOT_DOMAIN, "SYSTEM")
        admin = self._account("admin", ADMIN_USER)
        domain_id = self._find_or_make(
            "domain_id",
            lambda: client.with_token(root).call("identity.Domain.list", {"name": DOMAIN}),
            lambda: client.with_token(root).call(
                "identity.Domain.create",
                {"name": DOMAIN, "admin": {**admin, "reset_password": False}},
                timeout=CALL_SECONDS,
            ),
        )
        as_admin = client.with_token(self._login(client, admin, domain_id, "DOMAIN"))
        workspace_id = self._find_or_make(
            "workspace_id",
            lambda: as_admin.call("identity.Workspace.list", {"name": WORKSPACE}),
            lambda: as_admin.call("identity.Workspace.create", {"name": WORKSPACE}),
        )
        self._secret(as_admin, "domain", DOMAIN_ROLE, {"resource_group": "DOMAIN"})
        place = {"resource_group": "WORKSPACE", "workspace_id": workspace_id}
        self._secret(as_admin, "workspace", WORKSPACE_ROLE, place)

    def _account(self, name: str, user_id: str) -> dict[str, str]:
        if name not in self._kept:
            self._keep(name, {"user_id": user_id, "password": new_password(), "name": name})
        account: dict[str, str] = self._kept[name]
        return account

    def _login(self, client: Client, account: dict[str, str], domain_id: str, scope: str) -> str:
        credentials = {"user_id": account["user_id"], "password": account["password"]}
        issued = client.call(
            "identity.Token.issue",
            {"credentials": credentials, "auth_type": "LOCAL", "domain_id": domain_id},
            timeout=CALL_SECONDS,
        )
        granted = client.call(
            "identity.Token.grant",
            {"grant_type": "REFRESH_TOKEN", "token": issued["refresh_token"], "scope": scope},
            timeout=CALL_SECONDS,
        )
        return str(granted["access_token"])

    def _secret(self, as_admin: Client, name: str, role: str, place: dict[str, str]) -> None:
        if self._lives(f"{name}_secret"):
            return
        label = f"{APP}-{name}"
        apps = as_admin.call("identity.App.list", {"name": label}).get("results") or []
        request: dict[str, Any]
        if apps:
            request = {"app_id": apps[0]["app_id"]}
            app = as_admin.call("identity.App.generate_client_secret", request, timeout=CALL_SECONDS)
        else:
            request = {"name": label, "role_id": role, **place}
            app = as_admin.call("identity.App.create", request, timeout=CALL_SECONDS)
        self._keep(f"{name}_secret", app["client_secret"])

    def _lives(self, key: str) -> bool:
        return expires_at(str(self._kept.get(key, ""))) > time.time() + RENEW_BEFORE
