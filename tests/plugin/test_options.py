"""Options and secrets: defaults, what is accepted, what is refused and why."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from plugin.options import Options, Secret
from plugin.schema import CLOUD_SERVICE_TYPES, OPTIONS_SCHEMA, SECRET_PROPERTIES
from plugin.serving import InvalidParameter
from plugin.serving.options import OptionsSchema


def parse(**values):
    """As the server does it."""
    checked = OptionsSchema(OPTIONS_SCHEMA).check(values)
    del checked["generation"]
    return Options.parse(checked)


def test_without_options_the_walkthroughs_five_coins_in_dollars_are_collected():
    assert parse() == Options()
    assert (Options().cloud_service_types, Options().count, Options().currency) == (
        ("Cryptocurrency",),
        5,
        "usd",
    )


def test_the_schemas_defaults_are_the_real_ones():
    defaults = {name: field["default"] for name, field in OPTIONS_SCHEMA["properties"].items()}
    # The console's form sends them all. CoinGecko's own address is none then: a paid plan has another.
    assert defaults["base_url"] == "https://api.coingecko.com/api/v3"
    assert parse(**defaults) == parse(**dict.fromkeys(defaults)) == Options()


def test_the_form_has_a_title_and_words_for_each_option():
    for field in OPTIONS_SCHEMA["properties"].values():
        assert field["title"][0].isupper()
        assert field["description"].endswith(".")
        assert field["type"] in {"string", "integer", "number", "array"}
    assert not [name for name in OPTIONS_SCHEMA["properties"] if "key" in name]


def test_lists_have_each_element_once():
    options = parse(
        currency=" USD ",
        more_currencies=["krw", "EUR", " krw ", "KRW", "usd"],
        ids=["solana", "bitcoin", "solana"],
        cloud_service_types=["Market", "Cryptocurrency"],
    )
    assert (options.currency, options.more_currencies) == ("usd", ("krw", "eur"))
    assert options.ids == ("solana", "bitcoin")
    # The order of types is the schema's.
    assert options.cloud_service_types == ("Cryptocurrency", "Market")
    assert CLOUD_SERVICE_TYPES.index("Cryptocurrency") < CLOUD_SERVICE_TYPES.index("Market")


def test_an_address_loses_its_last_slash():
    assert parse(base_url="http://10.0.0.1:8080/api/v3/").base_url == "http://10.0.0.1:8080/api/v3"
    assert parse(base_url="").base_url is None


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (
            {"cuont": 5},
            "options.cuont, reason = there is no such option; the options are cloud_service_types, curr",
        ),
        ({"count": 0}, "options.count, reason = 0 is not between 1 and 1000000"),
        ({"currency": "us dollar"}, "options.currency, reason = 'us dollar' does not match the pattern"),
        ({"more_currencies": ["eur", 5]}, "options.more_currencies, reason = 5 is not a text"),
        ({"more_currencies": ["eur"] * 21}, "options.more_currencies, reason = 21 items are more than 20"),
        ({"ids": ["bit coin"]}, "options.ids, reason = 'bit coin' does not match the pattern"),
        ({"ids": ["a,b"]}, "options.ids"),
        ({"ids": ["bitcoin"], "category": "defi"}, "options.ids, reason = give ids or a category, not both"),
        ({"category": "a,b"}, "options.category, reason = 'a,b' does not match the pattern"),
        ({"cloud_service_types": []}, "options.cloud_service_types, reason = 0 items are fewer than 1"),
        (
            {"cloud_service_types": ["Stock"]},
            "options.cloud_service_types, reason = 'Stock' is not one of Crypto",
        ),
        ({"minimum_market_cap": -1}, "options.minimum_market_cap, reason = -1 is not 0 or more"),
        ({"requests_per_minute": 10_001}, "options.requests_per_minute, reason = 10001 is not between 0 and"),
        ({"request_timeout": 0.2}, "options.request_timeout, reason = 0.2 is not between 1 and 120"),
        ({"base_url": "api.coingecko.com"}, "options.base_url, reason = give http(s)://host/path"),
        ({"base_url": "ftp://host/"}, "options.base_url"),
        ({"base_url": "http://host:port/"}, "options.base_url"),
        ({"base_url": "http://host/?key=1"}, "options.base_url"),
        ({"base_url": "http://me:secret@host/"}, "options.base_url, reason = a key belongs in the secret"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(values, reason):
    with pytest.raises(InvalidParameter) as caught:
        parse(**values)
    assert reason in str(caught.value)
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


def test_a_secret_names_a_server_without_a_path():
    assert (
        Secret.parse({"api_server": " HTTPS://Mirror.example:443/ "}).api_server == "https://mirror.example"
    )
    assert Secret.parse({"api_server": "http://10.0.0.1:8080"}).api_server == "http://10.0.0.1:8080"
    assert Secret.parse({"api_server": ""}).api_server is None


@pytest.mark.parametrize(
    "value",
    [
        "mirror.example",
        "https://mirror/api/v3",
        "https://me:word@mirror",
        "ftp://mirror",
        5,
        ["https://m"],
        "*",
    ],
)
def test_what_is_no_server_is_refused_without_its_words(value):
    with pytest.raises(InvalidParameter, match=r"secret_data\.api_server") as caught:
        Secret.parse({"api_server": value})
    assert "word" not in str(caught.value)


def test_the_manifests_form_of_the_secret_has_what_is_read():
    file = Path(__file__).parents[2] / "deployments" / "portfolio" / "create_schema.yaml"
    schema = yaml.safe_load(file.read_text())["schema"]
    form = {name: field for name, field in schema["properties"].items() if name in SECRET_PROPERTIES}
    assert form == SECRET_PROPERTIES
    assert not set(schema["required"]) & set(SECRET_PROPERTIES)
    assert set(SECRET_PROPERTIES) == {field.name for field in fields(Secret)}
