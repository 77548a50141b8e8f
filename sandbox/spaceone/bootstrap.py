"""The identities of a sandbox: who is made when it is first started, and the tokens that this gives.

What is made, and in which order, is each generation's own (`spaceone_2.bootstrap`, `spaceone_1_12.bootstrap`). Every
step looks first whether it is done, so that an interrupted bootstrap goes on where it stopped.
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
    """As whom the supervisor speaks to the plugin service.

    Attributes:
        token: what it calls with.
        domain_id: the domain that it is registered in.
    """

    token: str
    domain_id: str


class Bootstrap(abc.ABC):
    """The identities of one sandbox. What it creates is kept in the state's section `bootstrap`.

    Args:
        state: where passwords and tokens are kept.
        database: names the database that the identities live in; with another one everything is made anew.
    """

    #: A call that every token of the sandbox may make, and that fails where the database does not know it: a service
    #: that only looks into its cache would take the token for valid.
    probe: ClassVar[tuple[str, Mapping[str, Any]]]
    #: What spacectl calls a token in its environments.
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
        """Whether everything was made, and no token ends within a month."""

    @property
    @abc.abstractmethod
    def tokens(self) -> Mapping[str, str]:
        """Of a complete bootstrap: each token, by the name of spacectl's environment that holds it."""

    @property
    def credentials(self) -> Mapping[str, Mapping[str, str]]:
        """Of a complete bootstrap: what spacectl's environments hold beside endpoints, by name."""
        return {name: {self.spacectl_field: token} for name, token in self.tokens.items()}

    @property
    @abc.abstractmethod
    def supervisor(self) -> SupervisorAccess:
        """As whom the supervisor works; its token is empty before the bootstrap is complete."""

    @abc.abstractmethod
    def initialise(self, client: Client) -> None:
        """Make the system's own identity and its token. Identity alone runs, and no service has a token yet.

        Raises:
            SandboxError: the database was initialised before, by something else.
        """

    @abc.abstractmethod
    def complete(self, client: Client) -> None:
        """Make the domain and its tokens, or renew them. All services but the supervisor run."""

    def is_valid(self, client: Client) -> bool:
        """Whether the servers know these identities; they do not where their database was emptied."""
        try:
            for token in self.tokens.values():
                method, request = self.probe
                client.with_token(token).call(method, request)
        except (AuthenticationFailed, PermissionDenied, NotFound):
            return False
        return True

    def forget(self) -> None:
        """Begin anew: the servers hold nothing of what was made."""
        self._kept = {"database": self._kept["database"]}
        self._state.put(SECTION, self._kept)

    def _find_or_make(
        self,
        key: str,
        find: Callable[[], dict[str, Any]],
        make: Callable[[], dict[str, Any]],
        field: str | None = None,
    ) -> str:
        """The id of something, which is looked up, and made where it is not.

        Args:
            key: what the id is kept as.
            find: lists what there is.
            make: makes it.
            field: the id's name in a record, where it is not `key`.
        """
        if key not in self._kept:
            found = find().get("results") or [make()]
            self._keep(key, found[0][field or key])
        return str(self._kept[key])

    def _keep(self, key: str, value: object) -> None:
        self._kept[key] = value
        self._state.put(SECTION, self._kept)


def new_password() -> str:
    """A password that no rule of either generation refuses. It must be kept before it is used."""
    return f"Aa1!{secrets.token_urlsafe(18)}"


def expires_at(token: str) -> float:
    """When a token ends, in seconds since the epoch; 0 for what is no token, infinity for one without end."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return 0.0
    return float(claims.get("exp", "inf"))


def already_initialised(error: CallError) -> SandboxError:
    """The database holds a system that we know no token of."""
    failed = SandboxError(
        "The database holds a SpaceONE system whose token is not known here.",
        "An earlier start was interrupted. Remove the sandbox with "
        "`pluginctl sandbox down --purge` and start it again.",
    )
    failed.__cause__ = error
    return failed


def explain(error: SpaceoneError) -> SandboxError:
    """A failed call of the bootstrap, as an error of the sandbox."""
    return SandboxError(f"The sandbox cannot be set up: {error.message}", error.advice)
