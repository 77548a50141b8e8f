"""What others read: spacectl's own files, and what `deployments/environments/sandbox.yaml` extends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from deployments.sandbox.layout import write_private

if TYPE_CHECKING:
    from deployments.sandbox.bootstrap import Tokens
    from deployments.sandbox.configuration import Settings
    from deployments.sandbox.layout import Layout

DOMAIN = "sandbox"
WORKSPACE = "sandbox-workspace"
COINGECKO = "https://api.coingecko.com"


def write(layout: Layout, settings: Settings, tokens: Tokens, base_image: str, market: str | None) -> None:
    """Write all of them.

    Args:
        layout: where.
        settings: endpoints and the registry's address.
        tokens: of the domain's administrator and of the workspace's owner.
        base_image: what plugins are built on.
        market: base URL of the stand-in for CoinGecko, None where the real one is used.
    """
    for name, token in ((DOMAIN, tokens.domain), (WORKSPACE, tokens.workspace)):
        spacectl = {"endpoints": settings.endpoints(), "token": token}
        write_private(layout.spacectl(name), yaml.safe_dump(spacectl))
    chosen = layout.spacectl(DOMAIN).parents[1] / "environment.yml"
    if not chosen.exists():  # `spacectl config environment switch` may have changed it
        write_private(chosen, yaml.safe_dump({"environment": DOMAIN}))
    environment: dict[str, Any] = {
        "spacectl": str(layout.spacectl(DOMAIN).relative_to(layout.root)),
        "workspace": {"spacectl": str(layout.spacectl(WORKSPACE).relative_to(layout.root))},
        "registry": {"address": settings.registry(), "type": "HARBOR", "insecure": True},
        "build": {"args": {"BASE_IMAGE": base_image}},
    }
    # Always there: the platform keeps the old options of a collector when it is given none.
    environment["plugin_options"] = {"base_url": f"{market or COINGECKO}/api/v3"}
    write_private(layout.environment, yaml.safe_dump(environment, sort_keys=False))
