"""From an empty installation to two tokens: a domain's administrator, and a workspace's owner.

Every step looks first whether it is done, so that an interrupted bootstrap goes on where it stopped. The
roles and the order of calls are SpaceONE 2.x's own: System.init makes a root user, who makes a domain and its
administrator, who makes Apps, whose secrets serve as tokens for a year.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deployments.sandbox.errors import SandboxError
from flows.spaceone import AuthenticationFailed, CallError, NotFound, PermissionDenied, SpaceoneError

if TYPE_CHECKING:
    from collections.abc import Callable

    from deployments.sandbox.layout import State
    from flows.spaceone import Client

SECTION = "bootstrap"
ROOT_DOMAIN = "domain-root"
ROOT_USER = "root@sandbox.local"
ADMIN_USER = "admin@sandbox.local"
DOMAIN = "sandbox"
WORKSPACE = "sandbox"
APP = "pluginctl"
DOMAIN_ROLE = "managed-domain-admin"
WORKSPACE_ROLE = "managed-workspace-owner"
RENEW_BEFORE = 30 * 24 * 3600  # seconds; an App's secret lives for a year
_CALL_SECONDS = 60.0


@dataclass(frozen=True)
class Tokens:
    """The two secrets that unattended work uses as tokens."""

    domain: str
    workspace: str


class Bootstrap:
    """The identities of one sandbox. What it creates is kept in the state's section `bootstrap`.

    Args:
        state: where passwords and tokens are kept.
        database: names the database that the identities live in; with another one everything is made anew.
    """

    def __init__(self, state: State, database: str) -> None:
        self._state = state
        kept = state.get(SECTION)
        self._kept: dict[str, Any] = kept if kept.get("database") == database else {"database": database}

    @property
    def system_token(self) -> str:
        """The system's token, empty before `initialise`."""
        return str(self._kept.get("system_token", ""))

    @property
    def is_complete(self) -> bool:
        """Whether both tokens exist and will for another month."""
        return all(
            expires_at(str(self._kept.get(key, ""))) > time.time() + RENEW_BEFORE
            for key in ("domain_secret", "workspace_secret")
        )

    @property
    def tokens(self) -> Tokens:
        """The tokens of a complete bootstrap."""
        return Tokens(str(self._kept["domain_secret"]), str(self._kept["workspace_secret"]))

    def is_valid(self, client: Client) -> bool:
        """Whether the servers know these identities; they do not where their database was emptied."""
        try:
            client.with_token(self.tokens.workspace).call(
                "identity.Project.list", {"query": {"page": {"limit": 1}}}
            )
        except (AuthenticationFailed, PermissionDenied, NotFound):
            return False
        return True

    def forget(self) -> None:
        """Begin anew: the servers hold nothing of what was made."""
        self._kept = {"database": self._kept["database"]}
        self._state.put(SECTION, self._kept)

    def initialise(self, client: Client) -> None:
        """Make the system's root and its token. The servers have no token yet.

        Raises:
            SandboxError: the database was initialised before, by something else.
        """
        if self.system_token:
            return
        root = self._account("root", ROOT_USER)
        try:
            answer = client.call("identity.System.init", {"admin": root}, timeout=_CALL_SECONDS)
        except CallError as error:
            if error.code == "ERROR_SYSTEM_ALREADY_INITIALIZED":
                raise SandboxError(
                    "The database holds a SpaceONE system whose token is not known here.",
                    "An earlier start was interrupted. Remove the sandbox with "
                    "`pluginctl sandbox down --purge` and start it again.",
                ) from error
            raise
        self._keep("system_token", answer["system_token"])

    def complete(self, client: Client) -> Tokens:
        """Make the domain, its workspace and an App for each, or renew their secrets."""
        root = self._login(client, self._account("root", ROOT_USER), ROOT_DOMAIN, "SYSTEM")
        admin = self._account("admin", ADMIN_USER)
        domain_id = self._find_or_make(
            "domain_id",
            lambda: client.with_token(root).call("identity.Domain.list", {"name": DOMAIN}),
            lambda: client.with_token(root).call(
                "identity.Domain.create",
                {"name": DOMAIN, "admin": {**admin, "reset_password": False}},
                timeout=_CALL_SECONDS,
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
        return self.tokens

    def _account(self, name: str, user_id: str) -> dict[str, str]:
        if name not in self._kept:
            self._keep(
                name, {"user_id": user_id, "password": f"Aa1!{secrets.token_urlsafe(18)}", "name": name}
            )
        account: dict[str, str] = self._kept[name]
        return account

    def _login(self, client: Client, account: dict[str, str], domain_id: str, scope: str) -> str:
        credentials = {"user_id": account["user_id"], "password": account["password"]}
        issued = client.call(
            "identity.Token.issue",
            {"credentials": credentials, "auth_type": "LOCAL", "domain_id": domain_id},
            timeout=_CALL_SECONDS,
        )
        granted = client.call(
            "identity.Token.grant",
            {"grant_type": "REFRESH_TOKEN", "token": issued["refresh_token"], "scope": scope},
            timeout=_CALL_SECONDS,
        )
        return str(granted["access_token"])

    def _find_or_make(
        self, key: str, find: Callable[[], dict[str, Any]], make: Callable[[], dict[str, Any]]
    ) -> str:
        if key not in self._kept:
            found = find().get("results") or [make()]
            self._keep(key, found[0][key])
        return str(self._kept[key])

    def _secret(self, as_admin: Client, name: str, role: str, place: dict[str, str]) -> None:
        if expires_at(str(self._kept.get(f"{name}_secret", ""))) > time.time() + RENEW_BEFORE:
            return
        label = f"{APP}-{name}"
        apps = as_admin.call("identity.App.list", {"name": label}).get("results") or []
        if apps:
            request = {"app_id": apps[0]["app_id"]}
            app = as_admin.call("identity.App.generate_client_secret", request, timeout=_CALL_SECONDS)
        else:
            request = {"name": label, "role_id": role, **place}
            app = as_admin.call("identity.App.create", request, timeout=_CALL_SECONDS)
        self._keep(f"{name}_secret", app["client_secret"])

    def _keep(self, key: str, value: object) -> None:
        self._kept[key] = value
        self._state.put(SECTION, self._kept)


def expires_at(token: str) -> float:
    """When a token ends, in seconds since the epoch; 0 for what is no token, infinity for one without end."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return 0.0
    return float(claims.get("exp", "inf"))


def explain(error: SpaceoneError) -> SandboxError:
    """A failed call of the bootstrap, as an error of the sandbox."""
    return SandboxError(f"The sandbox cannot be set up: {error.message}", error.advice)
