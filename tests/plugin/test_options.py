"""Options and secrets: defaults, what is taken, what is refused and in which words."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from plugin.errors import InvalidParameter
from plugin.options import Options, Secret
from plugin.schema import OPTIONS_SCHEMA


def test_without_options_the_walkthroughs_five_coins_in_dollars_are_collected():
    assert (
        Options.parse({})
        == Options()
        == Options(
            cloud_service_types=("Cryptocurrency",),
            currency="usd",
            more_currencies=(),
            count=5,
            ids=(),
            category=None,
            minimum_market_cap=0.0,
            requests_per_minute=0,
            base_url=None,
            request_timeout=10.0,
            generation="2.x",
        )
    )


def test_the_schemas_defaults_are_the_real_ones():
    told = {name: field["default"] for name, field in OPTIONS_SCHEMA["properties"].items()}
    # The console's form sends them all. CoinGecko's own address is none then: a paid plan has another.
    assert told["base_url"] == "https://api.coingecko.com/api/v3"
    assert Options.parse(told) == Options.parse(dict.fromkeys(told)) == Options()
    assert OPTIONS_SCHEMA["order"] == list(OPTIONS_SCHEMA["properties"])


def test_the_form_has_a_title_and_words_for_each_option():
    for field in OPTIONS_SCHEMA["properties"].values():
        assert field["title"][0].isupper()
        assert field["description"].endswith(".")
        assert field["type"] in {"string", "integer", "number", "array"}
    assert not [name for name in OPTIONS_SCHEMA["properties"] if "key" in name]


def test_lists_are_told_apart_and_in_order():
    options = Options.parse(
        {
            "currency": "USD",
            "more_currencies": ["krw", "EUR", " krw ", "usd"],
            "ids": ["solana", "bitcoin", "solana"],
            "cloud_service_types": ["Market", "Cryptocurrency"],
        }
    )
    assert options.more_currencies == ("krw", "eur")
    assert options.ids == ("solana", "bitcoin")
    assert options.cloud_service_types == ("Cryptocurrency", "Market")


def test_numbers_arrive_as_the_doubles_of_a_struct():
    struct = Struct()
    struct.update({"count": 250, "request_timeout": 3, "currency": " EUR ", "generation": 1.12})
    options = Options.parse(MessageToDict(struct))
    assert options.count == 250
    assert isinstance(options.count, int)
    assert (options.request_timeout, options.currency, options.generation) == (3.0, "eur", "1.12")


def test_an_address_loses_its_last_slash():
    assert (
        Options.parse({"base_url": "http://10.0.0.1:8080/api/v3/"}).base_url == "http://10.0.0.1:8080/api/v3"
    )
    assert Options.parse({"base_url": ""}).base_url is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"cuont": 5},
            "options.cuont, reason = there is no such option; known are cloud_service_types, currency",
        ),
        ({"count": 0}, "options.count, reason = 0 is not between 1 and"),
        ({"count": 2.5}, "options.count, reason = 2.5 is no whole number"),
        ({"count": "5"}, "options.count, reason = '5' is no whole number"),
        ({"count": True}, "options.count, reason = True is no whole number"),
        ({"count": float("inf")}, "options.count, reason = inf is no whole number"),
        ({"count": float("nan")}, "options.count, reason = nan is no whole number"),
        ({"currency": "us dollar"}, "options.currency, reason = 'us dollar' is not an abbreviation"),
        ({"currency": 5}, "options.currency"),
        ({"base_url": "api.coingecko.com"}, "options.base_url, reason = wanted is http(s)://host/path"),
        ({"base_url": "ftp://host/"}, "options.base_url"),
        ({"base_url": "http://host:port/"}, "options.base_url"),
        ({"base_url": "http://host/?key=1"}, "options.base_url"),
        ({"base_url": "http://me:secret@host/"}, "options.base_url, reason = a key belongs into the secret"),
        ({"base_url": ["http://host"]}, "options.base_url"),
        ({"request_timeout": 0.2}, "options.request_timeout, reason = 0.2 is not between 1 and 120"),
        ({"request_timeout": "10"}, "options.request_timeout"),
        ({"request_timeout": float("nan")}, "options.request_timeout, reason = nan is no number"),
        ({"more_currencies": "eur"}, "options.more_currencies, reason = 'eur' is no list"),
        ({"more_currencies": ["eur", 5]}, "options.more_currencies, reason = 5 is not an abbreviation"),
        ({"more_currencies": ["eur"] * 21}, "options.more_currencies, reason = 21 are more than 20"),
        ({"ids": ["bit coin"]}, "options.ids, reason = 'bit coin' is not an id of a coin"),
        ({"ids": ["a,b"]}, "options.ids"),
        ({"ids": ["bitcoin"], "category": "defi"}, "options.ids, reason = give ids or a category, not both"),
        ({"category": 5}, "options.category, reason = 5 is not an id of a category"),
        (
            {"cloud_service_types": []},
            "options.cloud_service_types, reason = [] is no list of some of Crypto",
        ),
        ({"cloud_service_types": ["Stock"]}, "options.cloud_service_types, reason = ['Stock'] is no list"),
        ({"minimum_market_cap": -1}, "options.minimum_market_cap, reason = -1 is not 0 or more"),
        ({"minimum_market_cap": "1e9"}, "options.minimum_market_cap, reason = '1e9' is no number"),
        ({"requests_per_minute": 10_001}, "options.requests_per_minute, reason = 10001 is not between 0 and"),
        ({"generation": "3"}, "options.generation, reason = '3' is none of 2.x, 1.12"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(values, words):
    with pytest.raises(InvalidParameter) as caught:
        Options.parse(values)
    assert words in str(caught.value)
    assert caught.value.details.startswith("ERROR_INVALID_PARAMETER: Parameter is invalid. (key = options.")
    assert "secret@" not in str(caught.value)


def test_a_secret_holds_a_key_of_one_kind_or_none():
    assert Secret.parse({"investment_type": "crypto"}) == Secret()
    assert Secret.parse({"demo_api_key": "CG-demo"}).demo_api_key == "CG-demo"
    assert Secret.parse({"pro_api_key": "CG-pro", "demo_api_key": ""}).pro_api_key == "CG-pro"


def test_a_key_shows_nowhere():
    assert "CG-demo" not in repr(Secret.parse({"demo_api_key": "CG-demo"}))
    with pytest.raises(InvalidParameter) as caught:
        Secret.parse({"demo_api_key": "CG demo\n"})
    assert "CG demo" not in str(caught.value)
    with pytest.raises(InvalidParameter, match="not both"):
        Secret.parse({"demo_api_key": "CG-demo", "pro_api_key": "CG-pro"})
