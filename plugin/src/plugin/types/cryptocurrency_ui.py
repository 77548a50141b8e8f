"""What the console shows of a coin."""

from __future__ import annotations

from typing import Final

from plugin.serving import ui
from plugin.types.model import TREND

_QUOTES: Final = [
    ui.badge("Currency", "currency", "peacock.500"),
    ui.text("Price", "price"),
    ui.states("Trend (24h)", "trend", TREND),
    ui.text("Change (24h)", "change_percent_24h", postfix=" %"),
    ui.text("Market Cap", "market_cap"),
    ui.text("Volume (24h)", "volume_24h"),
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
        ui.image("Logo", "data.image"),
        ui.badge("Symbol", "data.symbol", "gray.500"),
        ui.text("Price", "data.price"),
        ui.badge("Quote", "data.currency", "peacock.500"),
        ui.states("Trend (24h)", "data.trend", TREND),
        ui.text("Change (24h)", "data.change_percent_24h", postfix=" %"),
        ui.text("Market Cap", "data.market_cap"),
        ui.text("Volume (24h)", "data.volume_24h"),
        ui.datetime("Updated", "data.updated_at"),
        ui.text("High (24h)", "data.high_24h", is_optional=True),
        ui.text("Low (24h)", "data.low_24h", is_optional=True),
        ui.text("Circulating Supply", "data.supply.circulating", is_optional=True),
        ui.text("Category", "data.category", is_optional=True),
        ui.link("Page", "reference.external_link", is_optional=True),
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
                        ui.link("Page", "reference.external_link"),
                    ],
                ),
                ui.item(
                    "Last 24 Hours",
                    [
                        ui.states("Trend", "data.trend", TREND),
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
                        ui.progress("Issued", "data.supply.issued_percent"),
                        ui.text("Circulating", "data.supply.circulating"),
                        ui.text("Total", "data.supply.total"),
                        ui.text("Max", "data.supply.max"),
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
