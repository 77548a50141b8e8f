"""Finds out which generation of SpaceONE's API an installation has."""

from __future__ import annotations

from flows.generation import Generation
from flows.spaceone.client import Client
from flows.spaceone.errors import SpaceoneError
from flows.text import shortened


def probe(client: Client) -> Generation:
    """Asks identity by reflection: 2.x serves `spaceone.api.identity.v2`.

    Raises:
        SpaceoneError: identity does not respond, or has neither API.
    """
    names = client.catalogue("identity").names
    if any(name.startswith("spaceone.api.identity.v2.") for name in names):
        return Generation.V2
    if any(name.startswith("spaceone.api.identity.v1.") for name in names):
        return Generation.V1_12
    raise SpaceoneError(
        "The endpoint of identity serves neither spaceone.api.identity.v1 nor v2.",
        f"Is it another service? It offers: {shortened(', '.join(names), 1000) or 'nothing'}.",
    )
