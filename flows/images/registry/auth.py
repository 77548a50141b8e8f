"""How to log in to a registry: basic or bearer token, as the registry's challenge requires.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from flows.hidden import hide
from flows.images.registry.helpers import config_file, missing_helper

_VALUE = re.compile(r'(?<![A-Za-z])([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))')


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and password at a registry."""

    username: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        hide(self.password)
        hide(self.basic().removeprefix("Basic "))

    def basic(self) -> str:
        """Return the value of the header Authorization."""
        return f"Basic {b64encode(f'{self.username}:{self.password}'.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class Login:
    """How a registry admitted the client: as `username` (None: anonymous), with a `token` or directly."""

    username: str | None
    token: bool

    def __str__(self) -> str:
        if self.username is None:
            return "anonymous, by token" if self.token else "anonymous: no login is asked for"
        return f"as {self.username}{', by token' if self.token else ''}"


@dataclass(frozen=True, slots=True)
class Challenge:
    """The login that a registry requires in WWW-Authenticate: `scheme` is "basic", "bearer", or "" for any other."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""

    @classmethod
    def parse(cls, header: str) -> Challenge:
        """Read the header; a bearer challenge takes precedence if both are offered."""
        if found := re.search(r"(?i)\bbearer\s+(.*)", header):
            values: dict[str, str] = {}
            for key, quoted, plain in _VALUE.findall(found[1]):
                values.setdefault(key.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
            return cls("bearer", *(values.get(key, "") for key in ("realm", "service", "scope")))
        return cls("basic") if re.search(r"(?i)\bbasic\b", header) else cls("")

    def is_safe(self, *, insecure: bool) -> bool:
        """Whether a password may be sent to the realm: over TLS, or if the environment allows plain HTTP."""
        scheme = urlsplit(self.realm).scheme
        return scheme == "https" or (insecure and scheme == "http")

    def token_url(self) -> str:
        """Return the address that issues the token."""
        named = [("service", self.service)] if self.service else []
        query = urlencode(named + [("scope", scope) for scope in self.scope.split()])
        parts = urlsplit(self.realm)
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, query)))))


def login_may_follow(before: str, after: str) -> bool:
    """Whether a redirect may receive the login: to the same scheme, host and port, or from HTTP to its HTTPS."""
    ports = {"http": 80, "https": 443}
    old, new = (
        (url.scheme, url.hostname, url.port or ports.get(url.scheme))
        for url in map(urlsplit, (before, after))
    )
    return old == new or (old, new) == (("http", new[1], 80), ("https", old[1], 443))


def docker_login(address: str | None) -> Credentials | None:
    """Return what `docker login` stored for a registry (None: Docker Hub), or None.

    The registry's credential helper is called too, if it is installed. Identity tokens, which only a token server
    accepts, are not used.
    """
    if config_file() is None or missing_helper(address):
        return None  # without the SDK, which is large
    from docker import auth as docker_auth
    from docker.errors import DockerException

    try:
        config = docker_auth.load_config()
        found = docker_auth.resolve_authconfig(config, address)
    except (DockerException, OSError, ValueError):
        # A broken helper must not prevent reading from a registry that requires no login.
        return None
    # A login from the file has other keys than one from a helper.
    values = {key.lower(): value for key, value in (found or {}).items()}
    if not values.get("username") or not values.get("password"):
        return None
    return Credentials(str(values["username"]), str(values["password"]))
