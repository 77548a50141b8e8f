"""A local stand-in for CoinGecko's API: its paths, parameters, paging, limits and error answers.

The prices are invented, yet plausible: the first coins carry real names, the rest comes from a seed, and all
move slowly with the clock, the same for everybody who asks at the same time.
"""

from __future__ import annotations

from sandbox.market.reachable import coingecko_reachable

__all__ = ["coingecko_reachable"]
