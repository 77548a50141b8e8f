"""Which token goes to which endpoints.

An environment is a file that somebody wrote, perhaps in a pull request, and a token opens a whole installation. So a
token is sent only to the endpoints that it was given for, and without TLS only on this machine, unless the file says
otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from flows.hidden import hide
from flows.manifest import Environment
from flows.spaceone import CredentialsError, Endpoint, EndpointError, read_spacectl, spacectl_file


def access(environment: Environment, *, workspace: bool = False) -> tuple[dict[str, str], str]:
    """Return the environment's endpoints by service, and a token for them.

    The token of a spacectl file is given for the endpoints of that file. The token of a variable is given for the
    endpoints of the file that names the variable, and of those that this file extends.

    Args:
        environment: The environment.
        workspace: Whether the token is that of `workspace`, for projects and service accounts.

    Raises:
        CredentialsError: there is no token, or an endpoint is not one that it was given for.
        EndpointError: an endpoint has another form, or would get the token without TLS.
    """
    settings = environment.settings
    chosen = (settings.workspace if workspace else None) or settings.access
    own = _spacectl(environment, settings.spacectl)
    endpoints = {**own, **settings.endpoints}
    token = os.environ.get(chosen.token_variable or "", "")
    if token:
        named = "workspace.token_variable" if chosen is settings.workspace else "token_variable"
        _check_variable(environment, environment.levels.get(named, 0), endpoints)
    elif chosen.spacectl:
        file = spacectl_file(chosen.spacectl, environment.folder)
        credentials = read_spacectl(file)
        token = credentials.token or ""
        _check_file(environment, str(file), credentials.endpoints, endpoints)
    if not token:
        where = f"the variable {chosen.token_variable}" if chosen.token_variable else "token_variable"
        raise CredentialsError(
            f"There is no token for the environment {environment.name!r}.",
            f"Set {where}, or name a spacectl environment that contains one.",
        )
    _check_encrypted(environment, endpoints)
    return endpoints, hide(_checked(environment, token.strip()))


def _spacectl(environment: Environment, name: str | None) -> Mapping[str, str]:
    return read_spacectl(spacectl_file(name, environment.folder)).endpoints if name else {}


def _checked(environment: Environment, token: str) -> str:
    if not (token.isascii() and token.isprintable()):
        raise CredentialsError(
            f"The token for the environment {environment.name!r} contains characters that a token cannot have.",
            "Was it copied with a line break, or with something else around it?",
        )
    return token


def _check_file(
    environment: Environment, file: str, given: Mapping[str, str], endpoints: Mapping[str, str]
) -> None:
    allowed = {Endpoint.parse(url) for url in given.values()}
    for service, url in endpoints.items():
        if Endpoint.parse(url) not in allowed:
            raise CredentialsError(
                f"The environment {environment.name!r} has the endpoint {Endpoint.parse(url)} for {service}, which is "
                f"not one of {file}: the token of that file is not sent there.",
                f"Add it to that file with `spacectl config endpoint add {service} …`, or give the token by a "
                "variable: write token_variable beside the endpoints.",
            )


def _check_variable(environment: Environment, token_level: int, endpoints: Mapping[str, str]) -> None:
    """Refuse an endpoint of a file above the one that names the token's variable."""
    for service in endpoints:
        own = service in environment.settings.endpoints
        level = environment.levels.get(f"endpoints.{service}" if own else "spacectl", token_level)
        if level < token_level:
            raise CredentialsError(
                f"The environment {environment.name!r} sets the endpoint for {service}, but the variable of the token "
                "is named in a file that it extends: that token is not sent there.",
                "Write token_variable beside the endpoints.",
            )


def _check_encrypted(environment: Environment, endpoints: Mapping[str, str]) -> None:
    if "grpc" in environment.settings.unencrypted:
        return
    for service, url in endpoints.items():
        endpoint = Endpoint.parse(url)
        if not endpoint.tls and not endpoint.is_loopback:
            raise EndpointError(
                f"The token would go to {endpoint} ({service}) without TLS.",
                "Use grpc+ssl. In a network that nobody else can read, write `unencrypted: [grpc]` into the "
                "environment.",
            )
