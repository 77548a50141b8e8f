"""Cryptocurrencies with their market: one resource a coin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from plugin import ui
from plugin.options import PER_PAGE, Options
from plugin.tasks import Page, pages
from plugin.types.model import CloudServiceType, Record, present, utc

if TYPE_CHECKING:
    from plugin.source import Row, Source

NAME: Final = "Cryptocurrency"
COIN_PAGE: Final = "https://www.coingecko.com/en/coins/"

_TREND: Final = {
    "RISING": ("Rising", "green.500"),
    "FALLING": ("Falling", "red.500"),
    "STEADY": ("Steady", "gray.500"),
}

METADATA: Final = ui.view(
    search=[
        ui.search("Symbol", "data.symbol"),
        ui.search("Quote Currency", "data.currency"),
        ui.search("Rank", "data.rank", "integer"),
        ui.search("Price", "data.price", "float"),
        ui.search("Market Cap", "data.market_cap", "float"),
        ui.search("Volume (24h)", "data.volume_24h", "float"),
        ui.search("Change (24h, %)", "data.change_percent_24h", "float"),
        ui.search_enum("Trend (24h)", "data.trend", {value: label for value, (label, _) in _TREND.items()}),
        ui.search("Updated", "data.updated_at", "datetime"),
    ],
    columns=[
        ui.badge("Rank", "data.rank", "indigo.500"),
        ui.image("Logo", "data.image"),
        ui.badge("Symbol", "data.symbol", "gray.500"),
        ui.text("Price", "data.price"),
        ui.badge("Quote", "data.currency", "peacock.500"),
        ui.states("Trend (24h)", "data.trend", _TREND),
        ui.text("Change (24h)", "data.change_percent_24h", postfix=" %"),
        ui.text("Market Cap", "data.market_cap"),
        ui.text("Volume (24h)", "data.volume_24h"),
        ui.datetime("Updated", "data.updated_at"),
        ui.text("High (24h)", "data.high_24h", is_optional=True),
        ui.text("Low (24h)", "data.low_24h", is_optional=True),
        ui.text("Circulating Supply", "data.supply.circulating", is_optional=True),
        ui.text("Page", "reference.external_link", is_optional=True),
    ],
    sort=("data.rank", False),
    tabs=[
        ui.parts(
            "Market",
            [
                ui.item(
                    "Price",
                    [
                        ui.text("Price", "data.price"),
                        ui.badge("Quote Currency", "data.currency", "peacock.500"),
                        ui.badge("Rank", "data.rank", "indigo.500"),
                        ui.text("Market Cap", "data.market_cap"),
                        ui.text("Fully Diluted Valuation", "data.fully_diluted_valuation"),
                        ui.datetime("Updated", "data.updated_at"),
                        ui.text("Page", "reference.external_link"),
                    ],
                ),
                ui.item(
                    "Last 24 Hours",
                    [
                        ui.states("Trend", "data.trend", _TREND),
                        ui.text("Change", "data.change_24h"),
                        ui.text("Change", "data.change_percent_24h", postfix=" %"),
                        ui.text("High", "data.high_24h"),
                        ui.text("Low", "data.low_24h"),
                        ui.text("Volume", "data.volume_24h"),
                        ui.text("Market Cap Change", "data.market_cap_change_24h"),
                        ui.text("Market Cap Change", "data.market_cap_change_percent_24h", postfix=" %"),
                    ],
                ),
                ui.item(
                    "Supply",
                    [
                        ui.text("Circulating", "data.supply.circulating"),
                        ui.text("Total", "data.supply.total"),
                        ui.text("Max", "data.supply.max"),
                    ],
                ),
            ],
        ),
        ui.parts(
            "Records",
            [
                ui.item(
                    name,
                    [
                        ui.text("Price", f"data.{key}.price"),
                        ui.text("Away from it", f"data.{key}.change_percent", postfix=" %"),
                        ui.datetime("Reached", f"data.{key}.at"),
                    ],
                )
                for name, key in (("All-Time High", "all_time_high"), ("All-Time Low", "all_time_low"))
            ],
        ),
    ],
)


def record(row: Row, options: Options) -> Record:
    """Make a resource of a row of `/coins/markets`.

    Numbers are the source's own, neither rounded nor converted. Prices are in the quote currency, what has
    `percent` in its name is in percent.

    Raises:
        KeyError: The row lacks the coin's id.
    """
    coin = row["id"]
    if not coin or not isinstance(coin, str):
        raise KeyError("id")
    symbol = str(row["symbol"]).upper() if row.get("symbol") else None
    get = row.get
    change = get("price_change_percentage_24h")
    data = present(
        symbol=symbol,
        currency=options.currency.upper(),
        price=get("current_price"),
        rank=get("market_cap_rank"),
        market_cap=get("market_cap"),
        fully_diluted_valuation=get("fully_diluted_valuation"),
        volume_24h=get("total_volume"),
        high_24h=get("high_24h"),
        low_24h=get("low_24h"),
        change_24h=get("price_change_24h"),
        change_percent_24h=change,
        trend=_trend(change),
        market_cap_change_24h=get("market_cap_change_24h"),
        market_cap_change_percent_24h=get("market_cap_change_percentage_24h"),
        supply=present(
            circulating=get("circulating_supply"), total=get("total_supply"), max=get("max_supply")
        ),
        all_time_high=present(
            price=get("ath"), change_percent=get("ath_change_percentage"), at=utc(get("ath_date"))
        ),
        all_time_low=present(
            price=get("atl"), change_percent=get("atl_change_percentage"), at=utc(get("atl_date"))
        ),
        image=get("image"),
        updated_at=utc(get("last_updated")),
    )
    return Record(
        resource_id=coin,
        name=str(get("name") or coin),
        external_link=COIN_PAGE + coin,
        data=data,
        tags=present(symbol=symbol),
        account="coingecko",
        instance_type=symbol,
    )


def _trend(change: float | None) -> str | None:
    if change is None:
        return None
    return "RISING" if change > 0 else "FALLING" if change < 0 else "STEADY"


def _fetch(source: Source, options: Options, page: Page) -> list[Row]:
    return source.markets(options.currency, page.number, page.size)


def _identify(row: Row) -> str:
    return f"coin {row.get('id') or row.get('name') or 'without an id'}"


CRYPTOCURRENCY: Final = CloudServiceType(
    name=NAME,
    metadata=METADATA,
    pages=lambda options: pages(options.count, PER_PAGE),
    fetch=_fetch,
    identify=_identify,
    record=record,
    labels=("Investment", "Cryptocurrency"),
    tags={"spaceone:icon": "https://assets.coingecko.com/coins/images/1/large/bitcoin.png"},
)
