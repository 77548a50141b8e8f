"""The file of the environment that a project is released to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.steps.places import ENVIRONMENTS
from pluginctl.scaffold.errors import InitRefused
from pluginctl.scaffold.writing import File
from pluginctl.scaffold.yaml_text import yaml_text

TOKEN = "PLUGINCTL_TOKEN"  # noqa: S105 - the names of variables
WORKSPACE_TOKEN = "PLUGINCTL_WORKSPACE_TOKEN"  # noqa: S105 - as above
REGISTRY_USER = "PLUGINCTL_REGISTRY_USER"
REGISTRY_PASSWORD = "PLUGINCTL_REGISTRY_PASSWORD"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class Target:
    """Where a project is released to.

    Attributes:
        name: The environment's.
        sandbox: The generation of the sandbox that it is; None for a real installation.
    """

    name: str
    sandbox: str | None

    @property
    def path(self) -> str:
        """Its file, below the repository."""
        return f"{ENVIRONMENTS}/{self.name}.yaml"


def environment_file(
    target: Target,
    *,
    sample: str | None = None,
    endpoints: Mapping[str, str] | None = None,
    registry: str | None = None,
    registry_type: str | None = None,
) -> File:
    """The file of an environment. It holds no secret: tokens and passwords come from variables.

    Args:
        target: The environment.
        sample: The text of a sandbox's file.
        endpoints: The services' addresses, of a real installation.
        registry: The registry's address; None for Docker Hub.
        registry_type: What the platform calls it.

    Raises:
        InitRefused: there are no endpoints.
    """
    if sample is not None:
        return File(target.path, sample)
    if not endpoints:
        raise InitRefused(
            f"The spacectl environment for {target.path} has no endpoints",
            "Name another one with --spacectl, or write the file first",
        )
    data = {
        "description": target.name,
        "token_variable": TOKEN,
        "endpoints": dict(endpoints),
        "workspace": {"token_variable": WORKSPACE_TOKEN},
        "registry": {
            "address": registry,
            **({"type": registry_type} if registry_type else {}),
            "username_variable": REGISTRY_USER,
            "password_variable": REGISTRY_PASSWORD,
        },
    }
    comment = (
        "Written once by `pluginctl init`; yours from now on. docs/environments.md of the pipeline has the fields.",
        "It holds no secret. The variables have the tokens, and the registry's user and password.",
        "1.12 has no workspaces: remove `workspace` there.",
    )
    return File(target.path, yaml_text(data, comment))
