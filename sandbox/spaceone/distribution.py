"""What one generation of SpaceONE needs to run in a sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.spaceone.settings import SERVERS, WORKER_POOL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.spaceone.bootstrap import Bootstrap
    from sandbox.spaceone.configuration import Configuration


@dataclass(frozen=True)
class Distribution:
    """One generation: how its services are installed, configured and started, and who is made in them.

    Attributes:
        name: `2.x`; also the name of its folder.
        environment: its environment, `deployments/environments/<environment>.yaml`.
        requirements: the lock that its services are installed from.
        server: words of `spaceone` that start a gRPC server.
        scheduler: words of `spaceone` that start a scheduler, worker or supervisor.
        configuration: what stands in the parts' configuration files.
        bootstrap: the identities.
        plugin_options: what the environment tells every plugin of the generation.
    """

    name: str
    environment: str
    requirements: Path
    server: tuple[str, ...]
    scheduler: tuple[str, ...]
    configuration: type[Configuration]
    bootstrap: type[Bootstrap]
    plugin_options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def background(self) -> Mapping[str, int]:
        """What does not listen, with the number of children that each starts."""
        return {
            "inventory-worker": WORKER_POOL,
            "inventory-scheduler": len(self.configuration.schedulers),
            "supervisor": 1,
        }

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything of SpaceONE that runs."""
        return (*SERVERS, *self.background)
