"""The connections to an environment: a client for each scope, the generation, the registry."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flows.files import MIB, read_named
from flows.images.placement import Placement, place
from flows.images.reference import split_address
from flows.images.registry import Registry
from flows.manifest import Environment, InvalidField, Manifest, RegistrySettings
from flows.resources import Scope
from flows.spaceone import Client, Generation, Trust, probe
from flows.steps.access import access
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
            split_address(settings.address)[0],
            insecure=settings.insecure,
            username=_variable(settings, settings.username_variable),
            password=_variable(settings, settings.password_variable),
            unencrypted_login="registry-login" in self.environment.settings.unencrypted,
            root_certificates=settings.root_certificates,
            client_certificate=settings.client_certificate,
        ) as registry:
            yield registry


def placement_of(session: Session, manifest: Manifest, host: str | None) -> Placement:
    """Where a manifest's image is in the environment's registry, and how the platform is told of it.

    Args:
        session: The environment.
        manifest: Declares the plugin.
        host: The registry's, as `Registry.address`.
    """
    settings = session.environment.settings.registry
    return place(
        manifest.plugin,
        host=host,
        path=split_address(settings.address)[1],
        registry_type=settings.type,
        generation=str(session.generation),
    )


@contextmanager
def open_session(environment: Environment, runner: Runner) -> Iterator[Session]:
    """Connects to an environment's services and finds out their generation.

    Raises:
        CredentialsError: there is no usable token, or it would go where it was not given for.
        SpaceoneError: identity does not respond.
    """
    settings = environment.settings
    endpoints, token = access(environment)
    trust = Trust(
        _pem("root_certificates", settings.root_certificates),
        _pem("client_certificate", settings.client_certificate),
    )
    with Client(endpoints, token, settings.timeout, trust) as client:
        clients = {Scope.DOMAIN: client, Scope.WORKSPACE: client}
        if settings.workspace is not None:
            clients[Scope.WORKSPACE] = client.with_token(access(environment, workspace=True)[1])
        generation = runner.run(Step(CONNECT, partial(probe, client), outcome="SpaceONE {}".format))
        yield Session(environment, clients, generation)


def _pem(field: str, path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return read_named(Path(path), MIB)
    except OSError as error:
        raise InvalidField(f"{field}: {path} cannot be read: {error.strerror}.") from None


def _variable(settings: RegistrySettings, name: str | None) -> str | None:
    if name is None:
        return None
    if name not in os.environ:
        raise InvalidField(
            f"The registry {settings.address or 'Docker Hub'} requires the variable {name}, which is not set."
        )
    return os.environ[name]
