"""How prices move: in a few slow waves around each coin's base price. They depend only on the coin and the clock."""

from __future__ import annotations

import math
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sandbox.market.coins import Coin

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
STEP: Final = 60
"""Seconds between two prices; CoinGecko's public API refreshes no more often."""

_WAVES: Final = ((5.1 * HOUR, 0.15), (29.0 * HOUR, 0.35), (11.3 * DAY, 0.5))
"""Period in seconds, and its part of the swing."""

RATES: Final = {
    "usd": 1.0, "aed": 3.673, "ars": 929.0, "aud": 1.53, "bdt": 117.5, "brl": 5.63, "cad": 1.382,
    "chf": 0.882, "clp": 951.0, "cny": 7.25, "czk": 23.4, "dkk": 6.88, "eur": 0.9215, "gbp": 0.7775,
    "hkd": 7.807, "huf": 360.5, "idr": 16270.0, "ils": 3.66, "inr": 83.7, "jpy": 153.9, "krw": 1385.0,
    "kwd": 0.3057, "mxn": 18.4, "myr": 4.66, "ngn": 1590.0, "nok": 11.0, "nzd": 1.698, "php": 58.5,
    "pkr": 278.5, "pln": 3.95, "rub": 85.6, "sar": 3.751, "sek": 10.8, "sgd": 1.343, "thb": 36.2,
    "try": 32.9, "twd": 32.8, "uah": 41.2, "vnd": 25310.0, "zar": 18.3, "xdr": 0.7545, "xag": 0.0359,
    "xau": 0.000422,
}  # fmt: skip
"""What a US dollar is worth; these stand still, so that a coin's changes are the same in each of them."""

CRYPTO: Final = {
    "btc": "bitcoin", "eth": "ethereum", "ltc": "litecoin", "bch": "bitcoin-cash", "bnb": "binancecoin",
    "xrp": "ripple", "xlm": "stellar", "link": "chainlink", "dot": "polkadot", "sol": "solana",
}  # fmt: skip
"""Quote currencies that are coins themselves."""

CURRENCIES: Final = (*CRYPTO, *RATES)


@lru_cache(maxsize=65536)
def _phases(coin_id: str) -> tuple[float, ...]:
    return tuple(zlib.crc32(f"{coin_id}/{index}".encode()) % 6283 / 1000 for index in range(len(_WAVES)))


def price(coin: Coin, at: float) -> float:
    """A coin's price in US dollars at a time.

    Args:
        coin: The coin.
        at: Seconds since 1970; within one STEP the price stays.
    """
    moment = at // STEP * STEP
    waves = zip(_WAVES, _phases(coin.id), strict=True)
    move = sum(part * math.sin(2 * math.pi * moment / period + phase) for (period, part), phase in waves)
    return coin.price * (1 + coin.swing * move)


def rate(currency: str, at: float, coins: dict[str, Coin]) -> float:
    """Units of a quote currency for one US dollar.

    Raises:
        KeyError: There is no such currency.
    """
    if currency in RATES:
        return RATES[currency]
    return 1 / price(coins[CRYPTO[currency]], at)


def extremes(coin: Coin, at: float) -> tuple[float, float]:
    """The highest and the lowest price in US dollars of the 24 hours before, sampled every half hour."""
    sampled = [price(coin, at - hours / 2 * HOUR) for hours in range(49)]
    return max(sampled), min(sampled)


def rounded(value: float) -> float | int:
    """A price to six digits that count, as CoinGecko gives them; large ones without decimals."""
    if value >= 10_000:
        return round(value)
    return round(value, 2) if value >= 100 else float(f"{value:.6g}")
