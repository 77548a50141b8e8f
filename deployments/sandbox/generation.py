"""What one generation of SpaceONE needs to run in a sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deployments.sandbox.settings import SERVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from deployments.sandbox.bootstrap import Bootstrap
    from deployments.sandbox.layout import State
    from deployments.sandbox.settings import Settings


@dataclass(frozen=True)
class Generation:
    """One generation: how its services are installed, configured and started, and who is made in them.

    Attributes:
        name: `2.x`; also the name of its folder.
        environment: its environment, `deployments/environments/<environment>.yaml`.
        requirements: the lock that its services are installed from.
        server: words of `spaceone` that start a gRPC server.
        scheduler: words of `spaceone` that start a scheduler, worker or supervisor.
        background: what does not listen, with the number of children that each starts.
        configuration: what stands in a part's configuration file.
        bootstrap: the identities, from the state and the database's name.
        plugin_options: what the environment tells every plugin of the generation.
    """

    name: str
    environment: str
    requirements: Path
    server: tuple[str, ...]
    scheduler: tuple[str, ...]
    background: Mapping[str, int]
    configuration: Callable[[str, Settings], dict[str, Any]]
    bootstrap: Callable[[State, str], Bootstrap]
    plugin_options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything of SpaceONE that runs."""
        return (*SERVERS, *self.background)
