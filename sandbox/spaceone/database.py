"""Where the services keep their data: a MongoDB at a configured address, else the embedded one."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.errors import SandboxError

VARIABLE = "PLUGINCTL_MONGODB_URI"
_SCHEMES = ("mongodb://", "mongodb+srv://")
_HINT = "It is given with --mongodb-uri or PLUGINCTL_MONGODB_URI, as mongodb://USER:PASSWORD@HOST:PORT/."
DEFAULT_PORT = 27017


@dataclass(frozen=True)
class Database:
    """What the services' configuration needs to know of a MongoDB.

    Attributes:
        host: host name, or for a configured one the whole address without user and database.
        address: host:port, to look at and to show.
        external: whether it is somebody else's, neither started nor stopped here.
        options: user, password and how to authenticate, as mongoengine names them.
    """

    host: str
    port: int
    address: str
    external: bool
    options: dict[str, Any]

    def for_service(self, name: str) -> dict[str, Any]:
        """The value of `DATABASES.default` in a service's configuration."""
        return {"db": name, "host": self.host, "port": self.port, **self.options}

    def name(self, prefix: str) -> str:
        """What tells this database from another one; the embedded one may change its port."""
        return f"{self.address}/{prefix}" if self.external else "embedded"

    def for_secrets(self) -> dict[str, Any]:
        """The arguments with which the secret service's MongoDBConnector makes its own client."""
        if not self.external:
            return {"host": self.host, "port": self.port, "username": "", "password": ""}
        return {
            "host": self.host,
            "port": self.port,
            "username": self.options["username"],
            "password": self.options["password"],
            "authSource": self.options["authentication_source"],
        }


def embedded(port: int) -> Database:
    """The embedded database: it listens on this machine alone and believes every name.

    SpaceONE's services connect only with a user, and X509 is the one mechanism in which no password is sent.
    """
    options = {"username": "sandbox", "password": None, "authentication_mechanism": "MONGODB-X509"}
    return Database("127.0.0.1", port, f"127.0.0.1:{port}", external=False, options=options)


def configured(uri: str | None = None) -> str | None:
    """The address that the user gave, as argument or by environment variable."""
    return uri or os.environ.get(VARIABLE) or None


def parse(uri: str) -> Database:
    """The database behind a MongoDB address.

    Raises:
        SandboxError: not such an address, or one without a user: SpaceONE connects only with one.
    """
    scheme = next((scheme for scheme in _SCHEMES if uri.startswith(scheme)), None)
    if scheme is None:
        raise SandboxError("The MongoDB address does not begin with mongodb://.", _HINT)
    rest, _, query = uri.removeprefix(scheme).partition("?")
    authority, _, database = rest.partition("/")
    login, _, hosts = authority.rpartition("@")
    user, _, password = login.partition(":")
    if not hosts or not user or not password:
        raise SandboxError("The MongoDB address lacks a host, a user or a password.", _HINT)
    host, _, port = hosts.split(",")[0].partition(":")
    if port and not port.isdigit():
        raise SandboxError(f"The MongoDB address has a port that is no number: {port!r}.", _HINT)
    source = dict(parse_qsl(query)).get("authSource") or database or "admin"
    options = {
        "username": unquote(user),
        "password": unquote(password),
        "authentication_source": source,
    }
    number = int(port or DEFAULT_PORT)
    whole = f"{scheme}{hosts}/" + (f"?{query}" if query else "")
    return Database(whole, number, f"{host}:{number}", external=True, options=options)


def check(database: Database, seconds: float = 5) -> None:
    """Look whether anything listens at a configured address.

    Raises:
        SandboxError: nothing does.
    """
    if database.host.startswith("mongodb+srv://"):
        return  # the name stands for others, which only the driver looks up
    host, _, _ = database.address.rpartition(":")
    try:
        socket.create_connection((host, database.port), timeout=seconds).close()
    except OSError as error:
        raise SandboxError(
            f"No MongoDB answers at {database.address}: {error.strerror or error}.",
            f"{_HINT} With none of the two the sandbox uses its embedded one.",
        ) from error
