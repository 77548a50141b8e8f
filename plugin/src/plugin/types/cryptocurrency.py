"""Cryptocurrencies with their market: one resource a coin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from plugin.serving import CloudService, shown
from plugin.types.cryptocurrency_ui import METADATA
from plugin.types.model import CollectedType, Ranked, identity, trend, utc, utc_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugin.options import Options
    from plugin.source import Row, Source

_QUOTE: Final = ("market_cap", "volume_24h")
_AMOUNTS: Final = (*_QUOTE, "fully_diluted_valuation", "market_cap_change_24h")
_SUPPLY: Final = ("circulating", "total", "max")

COIN_PAGE: Final = "https://www.coingecko.com/en/coins/"


def record(row: Row, options: Options) -> CloudService:
    """Make a resource of a row of `/coins/markets`.

    Prices are in the quote currency; a key with `percent` in its name is in percent. With several currencies, `quotes`
    has one element for each, the quote currency first.

    Raises:
        KeyError: The row lacks the coin's id.
    """
    coin = identity(row)
    get = row.get
    symbol = str(row["symbol"]).upper() if get("symbol") else None
    change = get("price_change_percentage_24h")
    circulating, most = get("circulating_supply"), get("max_supply")
    data: dict[str, Any] = {
        "symbol": symbol,
        "currency": options.currency.upper(),
        "price": get("current_price"),
        "rank": get("market_cap_rank"),
        "market_cap": get("market_cap"),
        "fully_diluted_valuation": get("fully_diluted_valuation"),
        "volume_24h": get("total_volume"),
        "high_24h": get("high_24h"),
        "low_24h": get("low_24h"),
        "change_24h": get("price_change_24h"),
        "change_percent_24h": change,
        "trend": trend(change),
        "market_cap_change_24h": get("market_cap_change_24h"),
        "market_cap_change_percent_24h": get("market_cap_change_percentage_24h"),
        "supply": {"circulating": circulating, "total": get("total_supply"), "max": most},
        "all_time_high": {
            "price": get("ath"),
            "change_percent": get("ath_change_percentage"),
            "at": utc(get("ath_date")),
        },
        "all_time_low": {
            "price": get("atl"),
            "change_percent": get("atl_change_percentage"),
            "at": utc(get("atl_date")),
        },
        "image": get("image"),
        "updated_at": utc(get("last_updated")),
    }
    if circulating and most and float(most):
        data["supply"]["issued_percent"] = round(float(circulating) / float(most) * 100, 2)
    if options.category:
        data["category"] = options.category
    if options.more_currencies:
        data["quotes"] = _quotes(data, get("quotes") or {}, options)
    return CloudService(
        CRYPTOCURRENCY,
        resource_id=coin,
        name=str(get("name") or coin),
        external_link=COIN_PAGE + coin,
        data=data,
        tags={"symbol": symbol, "category": options.category},
        account="coingecko",
        instance_type=symbol,
        shown=shown(data, _AMOUNTS) | {"supply": shown(data["supply"], _SUPPLY)},
    )


def _quotes(data: dict[str, Any], prices: dict[str, Any], options: Options) -> list[dict[str, Any]]:
    own = ("currency", "price", "market_cap", "volume_24h", "change_percent_24h", "trend", "updated_at")
    others = [
        {
            "currency": name.upper(),
            "price": prices.get(name),
            "market_cap": prices.get(f"{name}_market_cap"),
            "volume_24h": prices.get(f"{name}_24h_vol"),
            "change_percent_24h": prices.get(f"{name}_24h_change"),
            "trend": trend(prices.get(f"{name}_24h_change")),
            "updated_at": utc_of(prices.get("last_updated_at")),
        }
        for name in options.more_currencies
    ]
    quotes = [{key: data[key] for key in own}, *others]
    return [quote | {"shown": shown(quote, _QUOTE)} for quote in quotes]


def _page(source: Source, options: Options, number: int, size: int) -> list[Row]:
    return source.rows(
        "get_coins_markets",
        vs_currency=options.currency,
        order="market_cap_desc",
        category=options.category,
        per_page=size,
        page=number,
    )


def _by_ids(source: Source, options: Options, ids: Sequence[str]) -> list[Row]:
    return source.rows(
        "get_coins_markets",
        vs_currency=options.currency,
        order="market_cap_desc",
        ids=list(ids),
        per_page=len(ids),
        page=1,
    )


def _complete(source: Source, options: Options, rows: list[Row]) -> None:
    """Add prices in further currencies: one request for a page, by ids, since ranks move."""
    ids = [row["id"] for row in rows if isinstance(row.get("id"), str)]
    if not options.more_currencies or not ids:
        return
    prices = source.mapping(
        "get_price",
        ids=ids,
        vs_currencies=list(options.more_currencies),
        include_market_cap=True,
        include_24hr_vol=True,
        include_24hr_change=True,
        include_last_updated_at=True,
        precision="full",
    )
    for row in rows:
        if isinstance(row.get("id"), str):
            row["quotes"] = prices.get(row["id"])


def _wanted(row: Row, options: Options) -> bool:
    if not options.minimum_market_cap:
        return True
    return float(row.get("market_cap") or 0) >= options.minimum_market_cap


CRYPTOCURRENCY: Final = CollectedType(
    name="Cryptocurrency",
    metadata=METADATA,
    rows=Ranked(_page, by_ids=_by_ids, complete=_complete, wanted=_wanted),
    record=record,
    labels=("Investment", "Cryptocurrency"),
    tags={"spaceone:icon": "https://assets.coingecko.com/coins/images/1/large/bitcoin.png"},
)
