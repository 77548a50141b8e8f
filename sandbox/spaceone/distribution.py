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
    """One generation: how its services are installed, configured and started, and which identities are created.

    Attributes:
        name: `2.x` or `1.12`; also the name of its folder.
        environment: its environment, `deployments/environments/<environment>.yaml`.
        requirements: the lock file that its services are installed from.
        server: the arguments of `spaceone` that start a gRPC server.
        scheduler: the arguments of `spaceone` that start a scheduler, worker or supervisor.
        configuration: the content of the parts' configuration files.
        bootstrap: creates the identities.
        plugin_options: the options that the environment gives to the portfolio plugin.
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
        """The parts that do not listen, with the number of child processes that each one starts."""
        return {
            "inventory-worker": WORKER_POOL,
            "inventory-scheduler": len(self.configuration.schedulers),
            "supervisor": 1,
        }

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts of SpaceONE that run."""
        return (*SERVERS, *self.background)
