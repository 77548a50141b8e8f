"""What the console shows of a coin."""

from __future__ import annotations

from typing import Final

from plugin.serving import ui
from plugin.types.model import TREND

_QUOTES: Final = [
    ui.badge("Currency", "currency", "peacock.500"),
    ui.digits("Price", "price"),
    ui.states("Trend (24h)", "trend", TREND),
    ui.digits("Change (24h, %)", "change_percent_24h"),
    ui.number("Market Cap", "market_cap"),
    ui.number("Volume (24h)", "volume_24h"),
    ui.datetime("Updated", "updated_at"),
]

METADATA: Final = ui.view(
    search=[
        ui.search("Symbol", "data.symbol"),
        ui.search("Quote Currency", "data.currency"),
        ui.search("Category", "data.category"),
        ui.search("Rank", "data.rank", "integer"),
        ui.search("Price", "data.price", "float"),
        ui.search("Market Cap", "data.market_cap", "float"),
        ui.search("Volume (24h)", "data.volume_24h", "float"),
        ui.search("Change (24h, %)", "data.change_percent_24h", "float"),
        ui.search_enum("Trend (24h)", "data.trend", {value: label for value, (label, _) in TREND.items()}),
        ui.search("Updated", "data.updated_at", "datetime"),
    ],
    columns=[
        ui.badge("Rank", "data.rank", "indigo.500"),
        ui.badge("Symbol", "data.symbol", "gray.500"),
        ui.digits("Price", "data.price"),
        ui.badge("Quote", "data.currency", "peacock.500"),
        ui.states("Trend (24h)", "data.trend", TREND),
        ui.digits("Change (24h, %)", "data.change_percent_24h"),
        ui.number("Market Cap", "data.market_cap"),
        ui.number("Volume (24h)", "data.volume_24h"),
        ui.datetime("Updated", "data.updated_at"),
        ui.digits("High (24h)", "data.high_24h", is_optional=True),
        ui.digits("Low (24h)", "data.low_24h", is_optional=True),
        ui.number("Circulating Supply", "data.supply.circulating", is_optional=True),
        ui.text("Category", "data.category", is_optional=True),
    ],
    sort=("data.rank", False),
    tabs=[
        ui.parts(
            "Market",
            [
                ui.item(
                    "Price",
                    [
                        ui.digits("Price", "data.price"),
                        ui.badge("Quote Currency", "data.currency", "peacock.500"),
                        ui.badge("Rank", "data.rank", "indigo.500"),
                        ui.number("Market Cap", "data.market_cap"),
                        ui.number("Fully Diluted Valuation", "data.fully_diluted_valuation"),
                        ui.datetime("Updated", "data.updated_at"),
                    ],
                ),
                ui.item(
                    "Last 24 Hours",
                    [
                        ui.states("Trend", "data.trend", TREND),
                        ui.digits("Change", "data.change_24h"),
                        ui.digits("Change (%)", "data.change_percent_24h"),
                        ui.digits("High", "data.high_24h"),
                        ui.digits("Low", "data.low_24h"),
                        ui.number("Volume", "data.volume_24h"),
                        ui.number("Market Cap Change", "data.market_cap_change_24h"),
                        ui.digits("Market Cap Change (%)", "data.market_cap_change_percent_24h"),
                    ],
                ),
                ui.item(
                    "Supply",
                    [
                        ui.text("Issued (%)", "data.supply.issued_percent"),
                        ui.number("Circulating", "data.supply.circulating"),
                        ui.number("Total", "data.supply.total"),
                        ui.number("Max", "data.supply.max"),
                    ],
                ),
            ],
        ),
        ui.table("Quotes", _QUOTES, "data.quotes"),
        ui.parts(
            "Records",
            [
                ui.item(
                    name,
                    [
                        ui.digits("Price", f"data.{key}.price"),
                        ui.digits("Away from it (%)", f"data.{key}.change_percent"),
                        ui.datetime("Reached", f"data.{key}.at"),
                    ],
                )
                for name, key in (("All-Time High", "all_time_high"), ("All-Time Low", "all_time_low"))
            ],
        ),
    ],
)
