"""Writes the files for users of the sandbox: spacectl's files, and the file that its environment extends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from sandbox.engine import containers
from sandbox.machine.state import write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.layout import Layout
    from sandbox.spaceone.settings import Settings

DOMAIN = "sandbox"
WORKSPACE = "sandbox-workspace"
COINGECKO = "https://api.coingecko.com"
#: The plugin of this project, which reads prices; no other plugin must be sent to their source.
PORTFOLIO = "plugin-portfolio-inven-collector"


def write(
    layout: Layout,
    settings: Settings,
    credentials: Mapping[str, Mapping[str, str]],
    base_image: str,
    market: str | None,
    plugin_options: Mapping[str, Any],
) -> None:
    """Write all files.

    Args:
        layout: the folders of the sandbox.
        settings: endpoints and the registry's address.
        credentials: the credentials in each spacectl environment, by its name: `sandbox`, and
            `sandbox-workspace` if the generation has workspaces.
        base_image: the image that plugins are built on.
        market: base URL of the stand-in for CoinGecko; None if the real one is used.
        plugin_options: the options that the generation requires of the portfolio plugin.
    """
    for name, secret in credentials.items():
        write_private(
            layout.spacectl(name), yaml.safe_dump({"endpoints": settings.published_endpoints(), **secret})
        )
    chosen = layout.spacectl(DOMAIN).parents[1] / "environment.yml"
    if not chosen.exists():  # `spacectl config environment switch` may have changed it
        write_private(chosen, yaml.safe_dump({"environment": DOMAIN}))
    environment: dict[str, Any] = {
        "spacectl": str(layout.spacectl(DOMAIN).relative_to(layout.root)),
        "registry": {"address": settings.registry(), "type": "HARBOR", "insecure": "http"},
        "build": {"args": {"BASE_IMAGE": base_image}},
        "plugin_network": containers.network_name(layout.identifier),
    }
    if WORKSPACE in credentials:
        environment["workspace"] = {"spacectl": str(layout.spacectl(WORKSPACE).relative_to(layout.root))}
    # Always written: the platform keeps the old options of a collector if it receives none.
    options = {"base_url": f"{market or COINGECKO}/api/v3", **plugin_options}
    environment["plugin_options"] = {PORTFOLIO: options}
    write_private(layout.environment, yaml.safe_dump(environment, sort_keys=False))
