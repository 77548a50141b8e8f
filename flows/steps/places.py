"""Where things lie in a checkout, as defaults."""

from __future__ import annotations

ENVIRONMENTS = "deployments/environments"
MANIFEST = "deployments/portfolio"
SOURCE = "plugin"
