"""What the stand-in answers: the same names and forms as CoinGecko's API v3."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sandbox.market import prices
from sandbox.market.coins import universe
from sandbox.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.market.coins import Coin

SPANS: Final = {
    "1h": prices.HOUR,
    "24h": prices.DAY,
    "7d": 7 * prices.DAY,
    "14d": 14 * prices.DAY,
    "30d": 30 * prices.DAY,
    "200d": 200 * prices.DAY,
    "1y": 365 * prices.DAY,
}
"""What `price_change_percentage` may ask for, in seconds."""

Body = dict[str, Any]


class Market:
    """All coins at a time.

    Args:
        count: How many coins there are.
        at: Seconds since 1970.
    """

    def __init__(self, count: int, at: float) -> None:
        self.at = at // prices.STEP * prices.STEP
        self._by_id = _index(count)
        self._caps, self.ranks = _ranking(count, self.at)

    @property
    def coins(self) -> Sequence[Coin]:
        """All coins, the well-known ones first."""
        return tuple(self._by_id.values())

    def coin(self, coin_id: str) -> Coin | None:
        """A coin by its id."""
        return self._by_id.get(coin_id)

    def sorted(self, coins: Sequence[Coin], order: str) -> list[Coin]:
        """Coins in one of CoinGecko's orders; without a rank comes last, what is equal goes by id."""
        key, _, direction = order.rpartition("_")
        down = direction == "desc"
        if key == "id":
            return sorted(coins, key=lambda coin: coin.id, reverse=down)
        size = self.volume if key == "volume" else self._cap
        return sorted(coins, key=lambda coin: (-size(coin) if down else size(coin), coin.id))

    def rate(self, currency: str) -> float:
        """Units of a quote currency for one US dollar; KeyError where there is no such currency."""
        return prices.rate(currency, self.at, self._by_id)

    def volume(self, coin: Coin) -> float:
        """What was traded of a coin in 24 hours, in US dollars."""
        cap = self._cap(coin) or 5000.0
        return cap * coin.turnover * prices.price(coin, self.at) / coin.price

    def row(self, coin: Coin, currency: str, spans: Sequence[str] = (), *, sparkline: bool = False) -> Body:
        """A row of `/coins/markets`."""
        rate = self.rate(currency)
        now, before = prices.price(coin, self.at), prices.price(coin, self.at - prices.DAY)
        high, low = prices.extremes(coin, self.at)
        cap = coin.supply and coin.supply * now * rate
        cap_before = coin.supply and coin.supply * before * rate
        full = coin.max_supply or coin.total_supply or coin.supply
        top, bottom = max(coin.high[0], high), min(coin.low[0], low)
        row: Body = {
            "id": coin.id,
            "symbol": coin.symbol,
            "name": coin.name,
            "image": f"https://coin-images.coingecko.com/coins/images/{coin.image}/large/{coin.id}.png",
            "current_price": prices.rounded(now * rate),
            "market_cap": round(cap) if cap else 0,
            "market_cap_rank": self.ranks.get(coin.id),
            "fully_diluted_valuation": round(full * now * rate) if full and cap else None,
            "total_volume": round(self.volume(coin) * rate),
            "high_24h": prices.rounded(high * rate),
            "low_24h": prices.rounded(low * rate),
            "price_change_24h": float(f"{(now - before) * rate:.9g}"),
            "price_change_percentage_24h": round((now / before - 1) * 100, 5),
            "market_cap_change_24h": round(cap - cap_before) if cap and cap_before else 0,
            "market_cap_change_percentage_24h": round((now / before - 1) * 100, 5) if cap else 0.0,
            "circulating_supply": coin.supply or 0.0,
            "total_supply": coin.total_supply,
            "max_supply": coin.max_supply,
            "ath": prices.rounded(top * rate),
            "ath_change_percentage": round((now / top - 1) * 100, 5),
            "ath_date": f"{coin.high[1]}T07:10:36.635Z",
            "atl": prices.rounded(bottom * rate),
            "atl_change_percentage": round((now / bottom - 1) * 100, 5),
            "atl_date": f"{coin.low[1]}T00:00:00.000Z",
            "roi": None,
            "last_updated": _iso(self.at, len(coin.id)),
        }
        if sparkline:
            steps = (prices.price(coin, self.at - hours * prices.HOUR) * rate for hours in range(167, -1, -1))
            row["sparkline_in_7d"] = {"price": list(steps)}
        for span in spans:
            past = prices.price(coin, self.at - SPANS[span])
            row[f"price_change_percentage_{span}_in_currency"] = (now / past - 1) * 100
        return row

    def quote(self, coin: Coin, currencies: Sequence[str], wanted: Sequence[str]) -> Body:
        """A coin in `/simple/price`.

        Args:
            coin: The coin.
            currencies: The quote currencies.
            wanted: What else than prices: market_cap, 24hr_vol, 24hr_change, last_updated_at.
        """
        quote: Body = {}
        for currency in currencies:
            row = self.row(coin, currency)
            quote[currency] = row["current_price"]
            if "market_cap" in wanted:
                quote[f"{currency}_market_cap"] = float(row["market_cap"])
            if "24hr_vol" in wanted:
                quote[f"{currency}_24h_vol"] = float(row["total_volume"])
            if "24hr_change" in wanted:
                quote[f"{currency}_24h_change"] = row["price_change_percentage_24h"]
        if "last_updated_at" in wanted:
            quote["last_updated_at"] = int(self.at)
        return quote

    def detail(self, coin: Coin) -> Body:
        """The answer of `/coins/{id}`, without its tickers and its developers' and community's figures."""
        now = prices.price(coin, self.at)
        row = self.row(coin, "usd")
        rates = {currency: self.rate(currency) for currency in prices.CURRENCIES}
        return {
            "id": coin.id,
            "symbol": coin.symbol,
            "name": coin.name,
            "categories": [coin.category],
            "description": {"en": ""},
            "links": {"homepage": [], "blockchain_site": []},
            "image": {"thumb": row["image"], "small": row["image"], "large": row["image"]},
            "market_cap_rank": row["market_cap_rank"],
            "market_data": {
                "current_price": {currency: prices.rounded(now * rate) for currency, rate in rates.items()},
                "market_cap": {currency: round(row["market_cap"] * rate) for currency, rate in rates.items()},
                "total_volume": {
                    currency: round(self.volume(coin) * rate) for currency, rate in rates.items()
                },
                "market_cap_rank": row["market_cap_rank"],
                "price_change_24h": row["price_change_24h"],
                "price_change_percentage_24h": row["price_change_percentage_24h"],
                "circulating_supply": row["circulating_supply"],
                "total_supply": row["total_supply"],
                "max_supply": row["max_supply"],
                "last_updated": row["last_updated"],
            },
            "last_updated": row["last_updated"],
        }

    def whole(self) -> Body:
        """The answer of `/global`."""
        caps = sum(self._caps.values())
        before = sum(
            coin.supply * prices.price(coin, self.at - prices.DAY) for coin in self.coins if coin.supply
        )
        volume = sum(map(self.volume, self.coins))
        first = self.sorted(self.coins, "market_cap_desc")[:10]
        rates = {currency: self.rate(currency) for currency in prices.CURRENCIES}
        return {
            "data": {
                "active_cryptocurrencies": len(self.coins),
                "upcoming_icos": 0,
                "ongoing_icos": 49,
                "ended_icos": 3376,
                "markets": len(EXCHANGES),
                "total_market_cap": {currency: caps * rate for currency, rate in rates.items()},
                "total_volume": {currency: volume * rate for currency, rate in rates.items()},
                "market_cap_percentage": {coin.symbol: self._cap(coin) / caps * 100 for coin in first},
                "market_cap_change_percentage_24h_usd": (caps / before - 1) * 100,
                "updated_at": int(self.at),
            }
        }

    def exchanges(self) -> list[Body]:
        """All rows of `/exchanges`, the largest first."""
        bitcoin = self.coins[0]
        move = prices.price(bitcoin, self.at) / bitcoin.price
        return [
            {
                "id": exchange.id,
                "name": exchange.name,
                "year_established": exchange.year,
                "country": exchange.country,
                "description": "",
                "url": f"https://www.{exchange.id.replace('_', '')}.com/",
                "image": f"https://coin-images.coingecko.com/markets/images/{rank}/small/{exchange.id}.png",
                "has_trading_incentive": False,
                "trust_score": max(1, 10 - (rank - 1) // 10),
                "trust_score_rank": rank,
                "trade_volume_24h_btc": exchange.volume * move,
                "trade_volume_24h_btc_normalized": exchange.volume * move * 0.8,
            }
            for rank, exchange in enumerate(EXCHANGES, start=1)
        ]

    def _cap(self, coin: Coin) -> float:
        return self._caps.get(coin.id, 0.0)


@lru_cache(maxsize=4)
def _index(count: int) -> dict[str, Coin]:
    return {coin.id: coin for coin in universe(count)}


@lru_cache(maxsize=4)
def _ranking(count: int, at: float) -> tuple[dict[str, float], dict[str, int]]:
    """Market caps in US dollars, and ranks, of all coins that have them."""
    caps = {coin.id: coin.supply * prices.price(coin, at) for coin in universe(count) if coin.supply}
    ordered = sorted(caps, key=lambda coin_id: (-caps[coin_id], coin_id))
    return caps, {coin_id: rank for rank, coin_id in enumerate(ordered, start=1)}


def _iso(at: float, offset: int) -> str:
    time = datetime.fromtimestamp(at + offset % prices.STEP, UTC)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
