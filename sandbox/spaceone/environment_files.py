"""What others read: spacectl's own files, and what the environment of a sandbox extends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from sandbox.machine.state import write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.layout import Layout
    from sandbox.spaceone.settings import Settings

DOMAIN = "sandbox"
WORKSPACE = "sandbox-workspace"
COINGECKO = "https://api.coingecko.com"


def write(
    layout: Layout,
    settings: Settings,
    credentials: Mapping[str, Mapping[str, str]],
    base_image: str,
    market: str | None,
    plugin_options: Mapping[str, Any],
) -> None:
    """Write all of them.

    Args:
        layout: where.
        settings: endpoints and the registry's address.
        credentials: by name of spacectl's environment (`sandbox`, and `sandbox-workspace` where there are
            workspaces), what it holds beside the endpoints.
        base_image: what plugins are built on.
        market: base URL of the stand-in for CoinGecko, None where the real one is used.
        plugin_options: what the environment tells every plugin of the generation.
    """
    for name, secret in credentials.items():
        write_private(layout.spacectl(name), yaml.safe_dump({"endpoints": settings.endpoints(), **secret}))
    chosen = layout.spacectl(DOMAIN).parents[1] / "environment.yml"
    if not chosen.exists():  # `spacectl config environment switch` may have changed it
        write_private(chosen, yaml.safe_dump({"environment": DOMAIN}))
    environment: dict[str, Any] = {
        "spacectl": str(layout.spacectl(DOMAIN).relative_to(layout.root)),
        "registry": {"address": settings.registry(), "type": "HARBOR", "insecure": True},
        "build": {"args": {"BASE_IMAGE": base_image}},
    }
    if WORKSPACE in credentials:
        environment["workspace"] = {"spacectl": str(layout.spacectl(WORKSPACE).relative_to(layout.root))}
    # Always there: the platform keeps the old options of a collector when it is given none.
    options = {"base_url": f"{market or COINGECKO}/api/v3", **plugin_options}
    environment["plugin_options"] = options
    write_private(layout.environment, yaml.safe_dump(environment, sort_keys=False))
