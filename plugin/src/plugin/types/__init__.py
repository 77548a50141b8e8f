"""The cloud service types that this plugin collects.

A new one is a module here, an entry in TYPES, and its name in `plugin.schema`.
"""

from __future__ import annotations

from typing import Final

from plugin.types.cryptocurrency import CRYPTOCURRENCY
from plugin.types.exchange import EXCHANGE
from plugin.types.market import MARKET
from plugin.types.model import GROUP, PROVIDER, REGION, AtOnce, CloudServiceType, Ranked, Record

TYPES: Final[tuple[CloudServiceType, ...]] = (CRYPTOCURRENCY, EXCHANGE, MARKET)

__all__ = ["GROUP", "PROVIDER", "REGION", "TYPES", "AtOnce", "CloudServiceType", "Ranked", "Record"]
