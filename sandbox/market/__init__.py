"""A local stand-in for CoinGecko's API: its paths, parameters, paging, limits and error answers.

The prices are invented, but plausible. The first coins have real names; the others are generated from a seed. All
prices move slowly with the clock. Two clients that ask at the same time get the same prices.
"""

from __future__ import annotations

from sandbox.market.reachable import coingecko_reachable

__all__ = ["coingecko_reachable"]
