"""The database of the services: a MongoDB at a configured address, else one of the sandbox's own."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.errors import SandboxError

VARIABLE = "PLUGINCTL_MONGODB_URI"
_SCHEMES = ("mongodb://", "mongodb+srv://")
_HINT = "Set --mongodb-uri or PLUGINCTL_MONGODB_URI to mongodb://USER:PASSWORD@HOST:PORT/."
DEFAULT_PORT = 27017
USER = "sandbox"
GATEWAY = "host.docker.internal"
"""The name under which a container reaches this machine."""


@dataclass(frozen=True)
class Database:
    """What the services' configuration needs to know about a MongoDB.

    Attributes:
        host: the host name; for a configured MongoDB the whole address without user and database.
        address: host:port, for checks and for messages.
        external: whether it belongs to somebody else. Such a database is neither started nor stopped here.
        options: user, password and authentication, with the names of mongoengine.
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
        """A name that identifies this database."""
        return f"{self.address}/{prefix}" if self.external else "own"

    def for_secrets(self) -> dict[str, Any]:
        """The arguments with which the secret service's MongoDBConnector makes its own client."""
        return {
            "host": self.host,
            "port": self.port,
            "username": self.options["username"],
            "password": self.options["password"],
            "authSource": self.options["authentication_source"],
        }


def own(password: str) -> Database:
    """The sandbox's own database, in a container that only the sandbox's network reaches."""
    options = {"username": USER, "password": password, "authentication_source": "admin"}
    return Database("mongodb", DEFAULT_PORT, f"mongodb:{DEFAULT_PORT}", external=False, options=options)


def configured(uri: str | None = None) -> str | None:
    """The address that the user gave, as argument or by environment variable."""
    return uri or os.environ.get(VARIABLE) or None


def parse(uri: str) -> Database:
    """The database behind a MongoDB address.

    Raises:
        SandboxError: not a MongoDB address, or an address without a user: SpaceONE connects only with a user.
    """
    scheme = next((scheme for scheme in _SCHEMES if uri.startswith(scheme)), None)
    if scheme is None:
        raise SandboxError("The MongoDB address does not begin with mongodb://.", _HINT)
    rest, _, query = uri.removeprefix(scheme).partition("?")
    authority, _, database = rest.partition("/")
    login, _, hosts = authority.rpartition("@")
    user, _, password = login.partition(":")
    if not hosts or not user or not password:
        raise SandboxError("The MongoDB address has no host, no user or no password.", _HINT)
    host, _, port = hosts.split(",")[0].partition(":")
    if port and not port.isdigit():
        raise SandboxError(f"The port in the MongoDB address is not a number: {port!r}.", _HINT)
    source = dict(parse_qsl(query)).get("authSource") or database or "admin"
    options = {
        "username": unquote(user),
        "password": unquote(password),
        "authentication_source": source,
    }
    number = int(port or DEFAULT_PORT)
    inside = ",".join(_from_inside(each) for each in hosts.split(","))
    whole = f"{scheme}{inside}/" + (f"?{query}" if query else "")
    return Database(whole, number, f"{host}:{number}", external=True, options=options)


def _from_inside(address: str) -> str:
    """An address as a container reaches it: this machine has another name there."""
    host, colon, port = address.partition(":")
    return f"{GATEWAY}{colon}{port}" if host in {"localhost", "127.0.0.1"} else address


def check(database: Database, seconds: float = 5) -> None:
    """Check that a program listens at a configured address.

    Raises:
        SandboxError: no program listens there.
    """
    if database.host.startswith("mongodb+srv://"):
        return  # only the driver resolves such a name to the hosts
    host, _, _ = database.address.rpartition(":")
    try:
        socket.create_connection((host, database.port), timeout=seconds).close()
    except OSError as error:
        raise SandboxError(
            f"No MongoDB answers at {database.address}: {error.strerror or error}.",
            f"{_HINT} If neither is set, the sandbox starts a database of its own.",
        ) from error
