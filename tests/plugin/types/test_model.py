"""What all types share: times, trends, ids; and dynamic UI that shows what is there."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from google.protobuf.json_format import MessageToDict
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin.options import Options
from plugin.schema import CLOUD_SERVICE_TYPES
from plugin.serving.messages import Encoder
from plugin.serving.numbers import storable
from plugin.types import TYPES
from plugin.types.model import identity, trend, utc, utc_of


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2024-04-07T16:49:31.736Z", "2024-04-07T16:49:31.736Z"),
        ("2024-04-07T16:49:31.000Z", "2024-04-07T16:49:31Z"),
        ("2024-04-07T16:49:31Z", "2024-04-07T16:49:31Z"),
        ("2024-04-07T18:49:31+02:00", "2024-04-07T16:49:31Z"),
        ("2024-04-07T18:49:31.1+02:00", "2024-04-07T16:49:31.100Z"),
        ("2024-04-07T16:49:31", "2024-04-07T16:49:31Z"),
        ("2024-04-07", "2024-04-07T00:00:00Z"),
        (None, None),
    ],
)
def test_times_are_utc(said, meant):
    assert utc(said) == meant


@pytest.mark.parametrize("said", ["yesterday", "2024-13-07T16:49:31.736Z", "2024-04-07T16:49:61.736Z", ""])
def test_no_time_is_an_error(said):
    with pytest.raises(ValueError, match=r"isoformat|must be in|Invalid"):
        utc(said)


def test_seconds_since_1970():
    assert utc_of(1768478400) == "2026-01-15T12:00:00Z"
    assert utc_of(None) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [(0.1, "RISING"), (Decimal("-1e-400"), "FALLING"), (0, "STEADY"), (-0.0, "STEADY"), (None, None)],
)
def test_trends(change, words):
    assert trend(change) == words


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": ""}, {"id": 7}])
def test_an_id_is_a_text(row):
    with pytest.raises(KeyError, match="id"):
        identity(row)


def test_the_form_offers_all_types():
    assert tuple(kind.name for kind in TYPES) == CLOUD_SERVICE_TYPES, "types/__init__.py and schema.py differ"


def _fields(layout):
    options = layout.get("options", {})
    for part in options.get("layouts", []):
        yield from _fields(part)
    root = options.get("root_path")
    for field in options.get("fields", []):
        yield field | {"key": f"{root}.0.{field['key']}" if root else field["key"]}


def _value(resource, path):
    for key in path.split("."):
        resource = resource[int(key)] if isinstance(resource, list) else resource[key]
    return resource


GLOBAL = {
    "active_cryptocurrencies": 17000,
    "markets": 1200,
    "total_market_cap": {"usd": 2.5e12, "eur": 2300000000000.75},
    "total_volume": {"usd": 1e11},
    "market_cap_percentage": {"btc": 51.25, "eth": 17.5},
    "market_cap_change_percentage_24h_usd": -1.5,
    "updated_at": 1768478400,
}
EXCHANGE = {
    "id": "binance",
    "name": "Binance",
    "country": "Cayman Islands",
    "year_established": 2017,
    "url": "https://www.binance.com/",
    "image": "https://example.org/binance.png",
    "trust_score": 10,
    "trust_score_rank": 1,
    "trade_volume_24h_btc": 214500.123,
}
OPTIONS = Options(more_currencies=("eur",), category="layer-1")


@pytest.fixture
def full(coin):
    """A full row of each type."""
    return {"Cryptocurrency": coin(quotes={"eur": 1}), "Exchange": EXCHANGE, "Market": GLOBAL}


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_every_key_of_the_dynamic_ui_is_in_a_full_resource(kind, full):
    assert kind.name in full, "the fixture `full` wants a row of this type in which nothing is missing"
    resource = _sent(kind, full)
    view = kind.metadata["view"]
    fields = _all_fields(kind)
    for field in [*view["search"], *fields]:
        assert _value(resource, field["key"]) is not None, field
        if sort_key := field.get("options", {}).get("sort_key"):
            assert isinstance(_value(resource, sort_key), int | float), field
    columns = view["table"]["layout"]["options"]
    sorted_by = {field.get("options", {}).get("sort_key", field["key"]) for field in columns["fields"]}
    assert columns["default_sort"]["key"] in sorted_by


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_the_console_garbles_no_number(kind, full):
    """In a text and a badge it puts commas behind the point, too, and into a year."""
    resource = _sent(kind, full)
    for field in _all_fields(kind):
        drawn = _value(resource, field["key"])
        if isinstance(drawn, int | float) and "shown" not in field["key"].split("."):
            assert field["type"] == "state" or field["key"].endswith(SHORT), field


SHORT = ("rank", "coins", "exchanges", "issued_percent")
"""Numbers that have at most three decimals by their nature, or by `record`."""


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_the_console_knows_every_layout_and_field(kind):
    layouts = kind.metadata["view"]["sub_data"]["layouts"]
    # Of its own, a simple table is empty.
    assert {layout["type"] for layout in layouts} <= {"item", "table", "list"}
    inner = [part for layout in layouts for part in layout["options"].get("layouts", [])]
    assert {part["type"] for part in inner} <= {"item", "simple-table"}
    for field in _all_fields(kind):
        assert field["type"] in {"text", "badge", "datetime", "enum", "state"}, field
        # Both would be drawn around nothing.
        assert not {"prefix", "postfix", "link"} & set(field.get("options", {})), field


def _sent(kind, full):
    """A full resource of a type, as inventory stores it."""
    made = kind.record(full[kind.name], OPTIONS)
    message = ResourceInfo.FromString(Encoder("2.x").cloud_service(made))
    data = json.loads(MessageToDict(message)["resource"]["json_data"])
    return {"name": made.name, "data": data}


def _all_fields(kind):
    view = kind.metadata["view"]
    layouts = [view["table"]["layout"], *view["sub_data"]["layouts"]]
    return [field for layout in layouts for field in _fields(layout)]


def test_an_exchange(full):
    [kind] = [kind for kind in TYPES if kind.name == "Exchange"]
    made = kind.record(full["Exchange"], Options())
    assert (made.resource_id, made.name) == ("binance", "Binance")
    assert made.external_link == "https://www.coingecko.com/en/exchanges/binance"
    assert made.tags == {"country": "Cayman Islands"}
    assert storable(made.data, {}) == {
        "rank": 1,
        "country": "Cayman Islands",
        "year_established": 2017,
        "trust_score": 10,
        "volume_24h_btc": 214500.123,
        "url": "https://www.binance.com/",
        "image": "https://example.org/binance.png",
    }


def test_the_market_as_a_whole(full):
    [kind] = [kind for kind in TYPES if kind.name == "Market"]
    made = kind.record(full["Market"], OPTIONS)
    assert (made.resource_id, made.name) == ("global", "Cryptocurrency Market")
    assert storable(made.data, {}) == {
        "currency": "USD",
        "market_cap": 2.5e12,
        "volume_24h": 1e11,
        "change_percent_24h": -1.5,
        "trend": "FALLING",
        "coins": 17000,
        "exchanges": 1200,
        "dominance": [{"symbol": "BTC", "percent": 51.25}, {"symbol": "ETH", "percent": 17.5}],
        "quotes": [
            {
                "currency": "USD",
                "market_cap": 2.5e12,
                "volume_24h": 1e11,
                "shown": {"market_cap": 2500000000000, "volume_24h": 100000000000},
            },
            {"currency": "EUR", "market_cap": 2300000000000.75, "shown": {"market_cap": 2300000000001}},
        ],
        "updated_at": "2026-01-15T12:00:00Z",
    }
    with pytest.raises(KeyError, match="total_market_cap"):
        kind.record({}, Options())


def test_every_trend_has_its_state():
    [kind] = [kind for kind in TYPES if kind.name == "Cryptocurrency"]
    fields = kind.metadata["view"]["table"]["layout"]["options"]["fields"]
    [field] = [field for field in fields if field["key"] == "data.trend"]
    assert field["type"] == "enum"
    assert field["options"]["RISING"] == {
        "type": "state",
        "name": "Rising",
        "options": {"icon": {"color": "green.500"}},
    }
    assert set(field["options"]) == {"RISING", "FALLING", "STEADY"}
