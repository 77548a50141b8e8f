"""The exchanges of the stand-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Exchange:
    """What does not change about an exchange; `volume` is what it trades in 24 hours, in bitcoins."""

    id: str
    name: str
    year: int | None
    country: str | None
    volume: float


_KNOWN: Final = (
    ("binance", "Binance", 2017, "Cayman Islands", 214500.0),
    ("bybit_spot", "Bybit", 2018, "British Virgin Islands", 61200.0),
    ("gdax", "Coinbase Exchange", 2012, "United States", 35100.0),
    ("okex", "OKX", 2013, "Seychelles", 33900.0),
    ("bitget", "Bitget", 2018, "Seychelles", 30400.0),
    ("upbit", "Upbit", 2017, "South Korea", 28100.0),
    ("gate", "Gate", 2013, "Panama", 26700.0),
    ("mxc", "MEXC", 2018, "Seychelles", 24200.0),
    ("kucoin", "KuCoin", 2014, "Seychelles", 12900.0),
    ("kraken", "Kraken", 2011, "United States", 12300.0),
    ("crypto_com", "Crypto.com Exchange", 2019, "Cayman Islands", 11800.0),
    ("bitfinex", "Bitfinex", 2014, "British Virgin Islands", 4100.0),
    ("bithumb", "Bithumb", 2014, "South Korea", 8800.0),
    ("gemini", "Gemini", 2014, "United States", 1500.0),
    ("bitstamp", "Bitstamp", 2013, "Luxembourg", 3300.0),
)

EXCHANGES: Final[tuple[Exchange, ...]] = (
    *(Exchange(*row) for row in sorted(_KNOWN, key=lambda row: -row[4])),
    *(
        Exchange(f"exchange_{number}", f"Exchange {number}", None, None, 1200.0 / number)
        for number in range(1, 106)
    ),
)
"""The largest first; of the invented ones nobody knows year and country, as happens at CoinGecko."""
