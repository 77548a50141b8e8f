"""The identities of a sandbox: the domain and the users that the first start creates, and their tokens.

Each generation creates other identities in another order (`spaceone_2.bootstrap`, `spaceone_1_12.bootstrap`). Every
step first checks whether it is already done, so that an interrupted bootstrap continues where it stopped.
"""

from __future__ import annotations

import abc
import base64
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.spaceone import AuthenticationFailed, CallError, NotFound, PermissionDenied, SpaceoneError
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flows.spaceone import Client
    from sandbox.machine.state import State

SECTION = "bootstrap"
DOMAIN = "sandbox"
CALL_SECONDS = 60.0


@dataclass(frozen=True)
class SupervisorAccess:
    """The identity with which the supervisor calls the plugin service.

    Attributes:
        token: the token of its calls.
        domain_id: the domain that it is registered in.
    """

    token: str
    domain_id: str


class Bootstrap(abc.ABC):
    """The identities of one sandbox. Everything that it creates is stored in the state's section `bootstrap`.

    Args:
        state: where passwords and tokens are stored.
        database: the name of the database with the identities. With another database, everything is created again.
    """

    #: A call that every token of the sandbox may make, and that fails if the database does not have the token. A
    #: service that looks only into its cache would accept the token.
    probe: ClassVar[tuple[str, Mapping[str, Any]]]
    #: The name of the token's field in spacectl's environments.
    spacectl_field: ClassVar[str]

    def __init__(self, state: State, database: str) -> None:
        self._state = state
        kept = state.get(SECTION)
        self._kept: dict[str, Any] = kept if kept.get("database") == database else {"database": database}

    @property
    def system_token(self) -> str:
        """The system's token, empty before `initialise`."""
        return str(self._kept.get("system_token", ""))

    @property
    @abc.abstractmethod
    def is_complete(self) -> bool:
        """Whether everything was created, and no token expires within a month."""

    @property
    @abc.abstractmethod
    def tokens(self) -> Mapping[str, str]:
        """Each token, by the name of the spacectl environment that contains it. Requires a complete bootstrap."""

    @property
    def credentials(self) -> Mapping[str, Mapping[str, str]]:
        """The credentials in each spacectl environment, by its name. Requires a complete bootstrap."""
        return {name: {self.spacectl_field: token} for name, token in self.tokens.items()}

    @property
    @abc.abstractmethod
    def supervisor(self) -> SupervisorAccess:
        """The supervisor's identity. Its token is empty before the bootstrap is complete."""

    @abc.abstractmethod
    def initialise(self, client: Client) -> None:
        """Create the system's identity and its token. Only identity runs, and no service has a token yet.

        Raises:
            SandboxError: the database was initialised before, by another installation.
        """

    @abc.abstractmethod
    def complete(self, client: Client) -> None:
        """Create the domain and its tokens, or renew them. All services except the supervisor run."""

    def is_valid(self, client: Client) -> bool:
        """Whether the servers have these identities. They do not if their database was emptied."""
        try:
            for token in self.tokens.values():
                method, request = self.probe
                client.with_token(token).call(method, request)
        except (AuthenticationFailed, PermissionDenied, NotFound):
            return False
        return True

    def forget(self) -> None:
        """Start again from nothing: the servers no longer have these identities."""
        self._kept = {"database": self._kept["database"]}
        self._state.put(SECTION, self._kept)

    def _find_or_make(
        self,
        key: str,
        find: Callable[[], dict[str, Any]],
        make: Callable[[], dict[str, Any]],
        field: str | None = None,
    ) -> str:
        """The id of a resource, which is looked up first, and created if it does not exist.

        Args:
            key: the name under which the id is stored.
            find: lists the resources that exist.
            make: creates the resource.
            field: the name of the id in a record, if it is not `key`.
        """
        if key not in self._kept:
            found = find().get("results") or [make()]
            self._keep(key, found[0][field or key])
        return str(self._kept[key])

    def _keep(self, key: str, value: object) -> None:
        self._kept[key] = value
        self._state.put(SECTION, self._kept)


def new_password() -> str:
    """A password that the rules of both generations accept. It must be stored before it is used."""
    return f"Aa1!{secrets.token_urlsafe(18)}"


def expires_at(token: str) -> float:
    """When a token expires, in seconds since the epoch. 0: it is no token. Infinity: it does not expire."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return 0.0
    return float(claims.get("exp", "inf"))


def already_initialised(error: CallError) -> SandboxError:
    """The error for a database with a system whose token is not known here."""
    failed = SandboxError(
        "The database contains a SpaceONE system whose token is not known here.",
        "An earlier start was interrupted. Remove the sandbox with "
        "`pluginctl sandbox down --purge` and start it again.",
    )
    failed.__cause__ = error
    return failed


def explain(error: SpaceoneError) -> SandboxError:
    """A failed call of the bootstrap, as an error of the sandbox."""
    return SandboxError(f"The sandbox cannot be set up: {error.message}", error.advice)
