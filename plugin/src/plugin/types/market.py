"""The market as a whole: one resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from plugin.serving import CloudService, shown, ui
from plugin.types.model import TREND, AtOnce, CollectedType, trend, utc_of

if TYPE_CHECKING:
    from plugin.options import Options
    from plugin.source import Row

_QUOTE: Final = ("market_cap", "volume_24h")

METADATA: Final = ui.view(
    search=[
        ui.search("Quote Currency", "data.currency"),
        ui.search("Market Cap", "data.market_cap", "float"),
    ],
    columns=[
        ui.number("Market Cap", "data.market_cap"),
        ui.badge("Quote", "data.currency", "peacock.500"),
        ui.states("Trend (24h)", "data.trend", TREND),
        ui.digits("Change (24h, %)", "data.change_percent_24h"),
        ui.number("Volume (24h)", "data.volume_24h"),
        ui.text("Coins", "data.coins"),
        ui.text("Exchanges", "data.exchanges"),
        ui.datetime("Updated", "data.updated_at"),
    ],
    sort=("data.market_cap", True),
    tabs=[
        ui.table(
            "Quotes",
            [
                ui.badge("Currency", "currency", "peacock.500"),
                ui.number("Market Cap", "market_cap"),
                ui.number("Volume (24h)", "volume_24h"),
            ],
            "data.quotes",
        ),
        ui.table(
            "Dominance",
            [ui.badge("Symbol", "symbol", "gray.500"), ui.digits("Part of the Market (%)", "percent")],
            "data.dominance",
        ),
    ],
)


def record(row: Row, options: Options) -> CloudService:
    """Make a resource of the answer of `/global`.

    Its change is in US dollars, the only one that the source gives.
    """
    caps, volumes = row["total_market_cap"], row["total_volume"]
    change = row.get("market_cap_change_percentage_24h_usd")
    parts: dict[str, Any] = row.get("market_cap_percentage") or {}
    quotes = [
        {"currency": name.upper(), "market_cap": caps.get(name), "volume_24h": volumes.get(name)}
        for name in (options.currency, *options.more_currencies)
    ]
    data = {
        **quotes[0],
        "change_percent_24h": change,
        "trend": trend(change),
        "coins": row.get("active_cryptocurrencies"),
        "exchanges": row.get("markets"),
        "dominance": [{"symbol": name.upper(), "percent": percent} for name, percent in parts.items()],
        "quotes": [quote | {"shown": shown(quote, _QUOTE)} for quote in quotes],
        "updated_at": utc_of(row.get("updated_at")),
    }
    return CloudService(
        MARKET,
        resource_id="global",
        name="Cryptocurrency Market",
        external_link="https://www.coingecko.com/en/global-charts",
        data=data,
        shown=shown(data, _QUOTE),
    )


MARKET: Final = CollectedType(
    name="Market",
    metadata=METADATA,
    rows=AtOnce(lambda source, _options: [source.mapping("get_global")]),
    record=record,
)
