"""A collector's answer to `init`, with which the platform begins when a collector is created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flows.spaceone import Client, SpaceoneError

if TYPE_CHECKING:
    from flows.spaceone import Endpoint

INIT_SECONDS = 20.0
_INIT = "plugin.Collector.init"


def initialise(endpoint: Endpoint, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata of a collector's answer to `init`; empty if it has no answer now.

    A plugin may fail where it has no network or not all parameters of the platform, and work there. So an error
    says nothing.

    Args:
        endpoint: Where it listens.
        options: The collector's.
    """
    try:
        with Client({"plugin": str(endpoint)}) as client:
            answer = client.call(_INIT, {"options": options}, INIT_SECONDS)
    except SpaceoneError:
        return {}
    metadata = answer.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}
