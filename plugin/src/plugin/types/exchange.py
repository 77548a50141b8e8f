"""Exchanges that trade coins: one resource an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from plugin.serving import CloudService, shown, ui
from plugin.types.model import CollectedType, Ranked, identity

if TYPE_CHECKING:
    from plugin.options import Options
    from plugin.source import Row

_FIELDS: Final = [
    ui.badge("Rank", "data.rank", "indigo.500"),
    ui.text("Country", "data.country"),
    ui.digits("Established", "data.year_established"),
    ui.digits("Trust Score (of 10)", "data.trust_score"),
    ui.number("Volume (24h, BTC)", "data.volume_24h_btc"),
    ui.text("Website", "data.url"),
]


def record(row: Row, _options: Options) -> CloudService:
    """Make a resource of a row of `/exchanges`; KeyError where it lacks the id."""
    data = {
        "rank": row.get("trust_score_rank"),
        "country": row.get("country"),
        "year_established": row.get("year_established"),
        "trust_score": row.get("trust_score"),
        "volume_24h_btc": row.get("trade_volume_24h_btc"),
        "url": row.get("url"),
        "image": row.get("image"),
    }
    return CloudService(
        EXCHANGE,
        resource_id=identity(row),
        name=row.get("name") or row["id"],
        external_link="https://www.coingecko.com/en/exchanges/" + row["id"],
        data=data,
        shown=shown(data, ["volume_24h_btc"]),
        tags={"country": row.get("country")},
    )


EXCHANGE: Final = CollectedType(
    name="Exchange",
    metadata=ui.view(
        search=[ui.search("Country", "data.country"), ui.search("Rank", "data.rank", "integer")],
        columns=_FIELDS,
        sort=("data.rank", False),
        tabs=[ui.item("Exchange", _FIELDS)],
    ),
    rows=Ranked(lambda source, _, page, size: source.rows("get_exchanges_list", per_page=size, page=page)),
    record=record,
)
