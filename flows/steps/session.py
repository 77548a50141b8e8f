"""The connections to an environment: a client for each scope, the generation, the registry."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flows.images.registry import Registry
from flows.manifest import Access, Environment, InvalidField, RegistrySettings
from flows.resources import Scope
from flows.spaceone import Client, CredentialsError, Generation, probe, read_spacectl, spacectl_file
from flows.steps.catalogue import CONNECT
from flows.steps.runner import Runner, Step


@dataclass(frozen=True)
class Session:
    """Connections to one environment, open during a run.

    Attributes:
        environment: The environment, as read from its file.
        clients: One client for each scope, on shared channels.
        generation: Of the installation's API.
    """

    environment: Environment
    clients: Mapping[Scope, Client]
    generation: Generation

    @property
    def client(self) -> Client:
        """The client with the domain's token."""
        return self.clients[Scope.DOMAIN]

    @contextmanager
    def registry(self) -> Iterator[Registry]:
        """The environment's registry, with its credentials."""
        settings = self.environment.settings.registry
        with Registry(
            settings.address,
            insecure=settings.insecure,
            username=_variable(settings, settings.username_variable),
            password=_variable(settings, settings.password_variable),
        ) as registry:
            yield registry


@contextmanager
def open_session(environment: Environment, runner: Runner) -> Iterator[Session]:
    """Connects to an environment's services and finds out their generation.

    Raises:
        CredentialsError: there is no usable token.
        SpaceoneError: identity does not respond.
    """
    settings = environment.settings
    endpoints, token = _access(environment, settings.access)
    certificates = _certificates(settings.root_certificates)
    with Client(endpoints, token, settings.timeout, certificates) as client:
        clients = {Scope.DOMAIN: client, Scope.WORKSPACE: client}
        if settings.workspace is not None:
            clients[Scope.WORKSPACE] = client.with_token(_access(environment, settings.workspace)[1])
        generation = runner.run(Step(CONNECT, partial(probe, client), outcome="SpaceONE {}".format))
        yield Session(environment, clients, generation)


def _access(environment: Environment, access: Access) -> tuple[dict[str, str], str]:
    endpoints: dict[str, str] = {}
    token = None
    if access.spacectl:
        credentials = read_spacectl(spacectl_file(access.spacectl, environment.folder))
        endpoints, token = credentials.endpoints, credentials.token
    if access.token_variable and os.environ.get(access.token_variable):
        token = os.environ[access.token_variable]
    endpoints = {**endpoints, **environment.settings.endpoints}
    if not token:
        where = f"the variable {access.token_variable}" if access.token_variable else "token_variable"
        raise CredentialsError(
            f"There is no token for the environment {environment.name!r}.",
            f"Set {where}, or name a spacectl environment that contains one.",
        )
    token = token.strip()
    if not (token.isascii() and token.isprintable()):
        raise CredentialsError(
            f"The token for the environment {environment.name!r} contains characters that a token cannot have.",
            "Was it copied with a line break, or with something else around it?",
        )
    return endpoints, token


def _certificates(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InvalidField(f"root_certificates: {path} cannot be read: {error.strerror}.") from None


def _variable(settings: RegistrySettings, name: str | None) -> str | None:
    if name is None:
        return None
    if name not in os.environ:
        raise InvalidField(
            f"The registry {settings.address or 'Docker Hub'} requires the variable {name}, which is not set."
        )
    return os.environ[name]
