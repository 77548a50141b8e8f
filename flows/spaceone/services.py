"""The services of an environment's endpoints: whether they respond, and what they offer."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from flows.spaceone.client import Client
from flows.spaceone.errors import CallError, UnknownMethod

#: Services that every gRPC server of SpaceONE has, and that are not resources.
_COMMON = frozenset({"ServerInfo", "Health", "ServerReflection"})


@dataclass(frozen=True)
class Service:
    """One service that responds.

    Attributes:
        name: `identity`.
        address: Its endpoint.
        version: Its server's version; empty if the server has no call for it.
        resources: What it offers, such as `Provider`.
    """

    name: str
    address: str
    version: str
    resources: tuple[str, ...]

    def summary(self) -> str:
        """`identity 2.0.227`."""
        return f"{self.name} {self.version}".strip()

    def as_json(self) -> dict[str, Any]:
        """For reports."""
        return {"address": self.address, "version": self.version, "resources": list(self.resources)}


def check_services(client: Client, names: Iterable[str]) -> tuple[Service, ...]:
    """Asks services for their version and resources, all at the same time.

    Args:
        client: With any token.
        names: `identity`, `inventory`, …

    Raises:
        EndpointError: one has no endpoint.
        CallError: one does not respond; the advice names all others that do not.
    """
    wanted = list(dict.fromkeys(names))
    with ThreadPoolExecutor(max_workers=len(wanted) or 1) as pool:
        asked = [(name, pool.submit(_ask, client, name)) for name in wanted]
    silent = [(name, error) for name, future in asked if isinstance(error := future.exception(), CallError)]
    if len(silent) < 2:
        return tuple(future.result() for _, future in asked)
    (_, first), *others = silent
    also = ", ".join(f"{name} ({error.endpoint})" for name, error in others)
    advice = f"{first.advice} These do not answer either: {also}.".strip()
    raise first.with_advice(advice) from first


def api_resources(client: Client, name: str) -> dict[str, list[str]]:
    """Every resource of a service with its verbs, as `spacectl api-resources` lists them."""
    return {
        resource: verbs for resource, verbs in client.catalogue(name).api().items() if resource not in _COMMON
    }


def _ask(client: Client, name: str) -> Service:
    catalogue = client.catalogue(name)
    offered = (each.rsplit(".", 1)[1] for each in catalogue.names if each.startswith("spaceone.api."))
    resources = tuple(sorted(set(offered) - _COMMON))
    try:
        version = str(client.call(f"{name}.ServerInfo.get_version").get("version", ""))
    except UnknownMethod:
        version = ""
    return Service(name, catalogue.endpoint, version, resources)
