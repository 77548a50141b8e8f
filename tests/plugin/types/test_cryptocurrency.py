"""A row of the source as a resource."""

from __future__ import annotations

import pytest

from plugin.options import Options
from plugin.serving.numbers import storable
from plugin.types.cryptocurrency import record


def told(made):
    """The data as it travels: what is absent is left out on the way."""
    return storable(made.data, {})


def test_a_full_row(coin):
    made = record(coin(), Options())
    assert (made.resource_id, made.name, made.instance_type, made.account) == (
        "bitcoin",
        "Bitcoin",
        "BTC",
        "coingecko",
    )
    assert made.external_link == "https://www.coingecko.com/en/coins/bitcoin"
    assert made.tags == {"symbol": "BTC", "category": None}
    assert told(made) == {
        "symbol": "BTC",
        "currency": "USD",
        "price": 67187.3358936566,
        "rank": 1,
        "market_cap": 1317802988326,
        "fully_diluted_valuation": 1407735791327,
        "volume_24h": 31260929299,
        "high_24h": 69000,
        "low_24h": 65990.5,
        "change_24h": 131.0,
        "change_percent_24h": 0.19472,
        "trend": "RISING",
        "market_cap_change_24h": 3050000000,
        "market_cap_change_percent_24h": 0.23,
        "supply": {"circulating": 19675987, "total": 21000000, "max": 21000000, "issued_percent": 93.7},
        "all_time_high": {"price": 73738, "change_percent": -8.9, "at": "2024-03-14T07:10:36.635Z"},
        "all_time_low": {"price": 67.81, "change_percent": 98955.1, "at": "2013-07-06T00:00:00Z"},
        "image": "https://example.org/btc.png",
        "updated_at": "2024-04-07T16:49:31.736Z",
    }
    assert made.shown == {
        "market_cap": 1317802988326,
        "volume_24h": 31260929299,
        "fully_diluted_valuation": 1407735791327,
        "market_cap_change_24h": 3050000000,
        "supply": {"circulating": 19675987, "total": 21000000, "max": 21000000},
    }
    few = record(coin(market_cap=13178.123456, circulating_supply=19675987.654321), Options())
    assert few.data["market_cap"] == 13178.123456
    assert (few.shown["market_cap"], few.shown["supply"]["circulating"]) == ("13,178.12", 19675988)


def test_what_the_source_does_not_say_is_absent(coin):
    empty = dict.fromkeys(coin()) | {"id": "dust"}
    groups = {"supply": {}, "all_time_high": {}, "all_time_low": {}}
    bare = record(empty, Options(currency="eur"))
    assert told(bare) == {"currency": "EUR", **groups}
    assert bare.shown == {"supply": {}}
    made = record({"id": "dust"}, Options())
    assert told(made) == {"currency": "USD", **groups}
    assert (made.name, made.tags, made.instance_type) == ("dust", {"symbol": None, "category": None}, None)
    assert told(record(coin(max_supply=None), Options()))["supply"] == {
        "circulating": 19675987,
        "total": 21000000,
    }


def test_zero_is_not_absent(coin):
    data = told(record(coin(market_cap=0, price_change_percentage_24h=0.0, max_supply=0), Options()))
    assert (data["market_cap"], data["change_percent_24h"], data["trend"]) == (0, 0.0, "STEADY")
    assert data["supply"]["max"] == 0
    assert told(record(coin(price_change_percentage_24h=-1e-9), Options()))["trend"] == "FALLING"


@pytest.mark.parametrize("bad", [None, "", 7])
def test_without_an_id_there_is_no_resource(coin, bad):
    with pytest.raises(KeyError, match="id"):
        record(coin(id=bad), Options())


def test_several_currencies_stand_side_by_side(coin):
    prices = {
        "krw": 93000000.123,
        "krw_market_cap": 1832000000000000.5,
        "krw_24h_vol": 5,
        "krw_24h_change": -0.5,
        "eur": 62000,
        "last_updated_at": 1768478400,
    }
    made = record(coin(quotes=None) | {"quotes": prices}, Options(more_currencies=("krw", "eur", "xdr")))
    dollars, won, euros, rights = told(made)["quotes"]
    assert dollars == {
        "currency": "USD",
        "price": 67187.3358936566,
        "market_cap": 1317802988326,
        "volume_24h": 31260929299,
        "change_percent_24h": 0.19472,
        "trend": "RISING",
        "updated_at": "2024-04-07T16:49:31.736Z",
        "shown": {"market_cap": 1317802988326, "volume_24h": 31260929299},
    }
    assert won == {
        "currency": "KRW",
        "price": 93000000.123,
        "market_cap": 1832000000000000.5,
        "volume_24h": 5,
        "change_percent_24h": -0.5,
        "trend": "FALLING",
        "updated_at": "2026-01-15T12:00:00Z",
        "shown": {"market_cap": 1832000000000000, "volume_24h": 5},
    }
    at = {"updated_at": "2026-01-15T12:00:00Z"}
    assert euros == {"currency": "EUR", "price": 62000, "shown": {}, **at}
    # The coin has no price in it: what is known is that there is none.
    assert rights == {"currency": "XDR", "shown": {}, **at}
    assert told(made)["price"] == dollars["price"]


def test_with_one_currency_there_are_no_quotes_and_without_a_wish_no_category(coin):
    assert not {"quotes", "category"} & set(told(record(coin(), Options())))
    made = record(coin(), Options(category="layer-1"))
    assert told(made)["category"] == made.tags["category"] == "layer-1"
