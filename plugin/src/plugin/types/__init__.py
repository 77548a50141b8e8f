"""The cloud service types that this plugin collects.

To add one: a module here, an entry in TYPES, and its name in `plugin.schema`.
"""

from __future__ import annotations

from typing import Final

from plugin.types.cryptocurrency import CRYPTOCURRENCY
from plugin.types.exchange import EXCHANGE
from plugin.types.market import MARKET
from plugin.types.model import GROUP, PROVIDER, REGION, AtOnce, CollectedType, Ranked

TYPES: Final[tuple[CollectedType, ...]] = (CRYPTOCURRENCY, EXCHANGE, MARKET)

__all__ = ["GROUP", "PROVIDER", "REGION", "TYPES", "AtOnce", "CollectedType", "Ranked"]
