"""A row of the source as a resource."""

from __future__ import annotations

import pytest
from plugin.options import Options
from plugin.types import TYPES
from plugin.types.cryptocurrency import CRYPTOCURRENCY, METADATA, record
from plugin.types.model import utc


def test_a_full_row(coin):
    made = record(coin(), Options())
    assert (made.resource_id, made.name, made.instance_type, made.account) == (
        "bitcoin",
        "Bitcoin",
        "BTC",
        "coingecko",
    )
    assert made.external_link == "https://www.coingecko.com/en/coins/bitcoin"
    assert made.tags == {"symbol": "BTC"}
    assert made.data == {
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
        "supply": {"circulating": 19675987, "total": 21000000, "max": 21000000},
        "all_time_high": {"price": 73738, "change_percent": -8.9, "at": "2024-03-14T07:10:36.635Z"},
        "all_time_low": {"price": 67.81, "change_percent": 98955.1, "at": "2013-07-06T00:00:00Z"},
        "image": "https://example.org/btc.png",
        "updated_at": "2024-04-07T16:49:31.736Z",
    }


def test_what_the_source_does_not_say_is_absent(coin):
    empty = dict.fromkeys(coin()) | {"id": "dust"}
    assert record(empty, Options(currency="eur")).data == {"currency": "EUR"}
    assert record({"id": "dust"}, Options()).data == {"currency": "USD"}
    assert record({"id": "dust"}, Options()).name == "dust"
    assert record({"id": "dust"}, Options()).tags == {}
    assert record(coin(max_supply=None), Options()).data["supply"] == {
        "circulating": 19675987,
        "total": 21000000,
    }


def test_zero_is_not_absent(coin):
    data = record(coin(market_cap=0, price_change_percentage_24h=0.0), Options()).data
    assert (data["market_cap"], data["change_percent_24h"], data["trend"]) == (0, 0.0, "STEADY")
    assert record(coin(price_change_percentage_24h=-1e-9), Options()).data["trend"] == "FALLING"


@pytest.mark.parametrize("bad", [None, "", 7])
def test_without_an_id_there_is_no_resource(coin, bad):
    with pytest.raises(KeyError, match="id"):
        record(coin(id=bad), Options())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2024-04-07T16:49:31.736Z", "2024-04-07T16:49:31.736Z"),
        ("2024-04-07T16:49:31Z", "2024-04-07T16:49:31Z"),
        ("2024-04-07T18:49:31+02:00", "2024-04-07T16:49:31Z"),
        ("2024-04-07T16:49:31", "2024-04-07T16:49:31Z"),
        (None, None),
    ],
)
def test_times_are_utc(said, meant):
    assert utc(said) == meant


def test_no_time_is_an_error():
    with pytest.raises(ValueError, match="yesterday"):
        utc("yesterday")


def _fields(layout):
    options = layout.get("options", {})
    for part in options.get("layouts", []):
        yield from _fields(part)
    root = options.get("root_path")
    for field in options.get("fields", []):
        yield field | {"key": f"{root}.{field['key']}" if root else field["key"]}


def test_every_key_of_the_dynamic_ui_is_in_a_full_resource(coin):
    made = record(coin(), Options())
    resource = {"name": made.name, "data": made.data, "reference": {"external_link": made.external_link}}
    view = METADATA["view"]
    layouts = [view["table"]["layout"], *view["sub_data"]["layouts"]]
    fields = [*view["search"], *(field for layout in layouts for field in _fields(layout))]
    assert len(fields) > 30
    for field in fields:
        value = resource
        for key in field["key"].split("."):
            assert key in value, field
            value = value[key]


def test_every_trend_has_its_state():
    [field] = [
        f for f in METADATA["view"]["table"]["layout"]["options"]["fields"] if f["key"] == "data.trend"
    ]
    assert field["type"] == "enum"
    assert field["options"]["RISING"] == {
        "type": "state",
        "name": "Rising",
        "options": {"icon": {"color": "green.500"}},
    }
    assert set(field["options"]) == {"RISING", "FALLING", "STEADY"}


def test_names_of_types_are_unique():
    assert CRYPTOCURRENCY in TYPES
    assert len({kind.name for kind in TYPES}) == len(TYPES)
