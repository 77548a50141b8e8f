"""How a reader shows itself to a registry: basic or bearer token, as the registry's challenge asks.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import parse_dict_header

if TYPE_CHECKING:
    from requests import PreparedRequest


class Anonymous(AuthBase):
    """No credentials. Given to requests so that it does not look into ~/.netrc for some."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Leave the request as it is."""
        return request


@dataclass(frozen=True, slots=True)
class Bearer(AuthBase):
    """A registry token."""

    token: str = field(repr=False)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and password at a registry."""

    username: str
    password: str = field(repr=False)

    def basic(self) -> HTTPBasicAuth:
        """Return them as requests sends them."""
        return HTTPBasicAuth(self.username.encode(), self.password.encode())


@dataclass(frozen=True, slots=True)
class Login:
    """How a registry lets one in: as `username` (None: as nobody), by a `token` of its token server or directly."""

    username: str | None
    token: bool

    def __str__(self) -> str:
        if self.username is None:
            return "anonymous, by token" if self.token else "anonymous: no login is asked for"
        return f"as {self.username}{', by token' if self.token else ''}"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a registry asks for in WWW-Authenticate: `scheme` is "basic", "bearer" or "" for anything else."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""

    @classmethod
    def parse(cls, header: str) -> Challenge:
        """Read the header; a bearer challenge wins where both are offered."""
        if found := re.search(r"(?i)\bbearer\s+(.*)", header):
            values: dict[str, str | None] = parse_dict_header(found[1])  # type: ignore[no-untyped-call]  # requests' own
            return cls("bearer", *(values.get(key) or "" for key in ("realm", "service", "scope")))
        return cls("basic") if re.search(r"(?i)\bbasic\b", header) else cls("")

    def is_safe(self, *, insecure: bool) -> bool:
        """Whether a password may go to the realm: over TLS, or where the environment allows plain HTTP."""
        scheme = urlsplit(self.realm).scheme
        return scheme == "https" or (insecure and scheme == "http")

    def query(self) -> list[tuple[str, str]]:
        """Return the token request's query."""
        named = [("service", self.service)] if self.service else []
        return named + [("scope", scope) for scope in self.scope.split()]


def docker_login(address: str | None) -> Credentials | None:
    """Return what `docker login` stored for a registry (None: Docker Hub), or None.

    Credential helpers are asked too. Identity tokens, which only a token server takes, are not used.
    """
    from docker import auth as docker_auth
    from docker.errors import DockerException

    try:
        config = docker_auth.load_config()
        found = docker_auth.resolve_authconfig(config, address)
    except (DockerException, OSError, ValueError):
        # A broken helper must not stop reading a registry that asks for no login.
        return None
    if not found or not found.get("username") or not found.get("password"):
        return None
    return Credentials(str(found["username"]), str(found["password"]))
