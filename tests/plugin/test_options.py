"""Options and secrets: defaults, what is taken, what is refused and in which words."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from plugin.errors import InvalidParameter
from plugin.options import OPTIONS_SCHEMA, Options, Secret


def test_without_options_the_walkthroughs_five_coins_in_dollars_are_collected():
    assert Options.parse({}) == Options(
        currency="usd", count=5, base_url=None, request_timeout=10.0, generation="2.x"
    )


def test_the_schemas_defaults_are_the_real_ones():
    told = {name: field["default"] for name, field in OPTIONS_SCHEMA["properties"].items()}
    parsed = Options.parse(told)
    assert told.pop("base_url") == "https://api.coingecko.com/api/v3"
    assert {name: getattr(parsed, name) for name in told} == told
    assert set(OPTIONS_SCHEMA["order"]) == set(OPTIONS_SCHEMA["properties"])


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
        ({"cuont": 5}, "options.cuont, reason = there is no such option; known are currency, count"),
        ({"count": 0}, "options.count, reason = 0 is not between 1 and"),
        ({"count": 2.5}, "options.count, reason = 2.5 is no whole number"),
        ({"count": "5"}, "options.count, reason = '5' is no whole number"),
        ({"count": True}, "options.count, reason = True is no whole number"),
        ({"count": float("inf")}, "options.count, reason = inf is no whole number"),
        ({"count": float("nan")}, "options.count, reason = nan is no whole number"),
        ({"currency": "us dollar"}, "options.currency, reason = 'us dollar' is no abbreviation"),
        ({"currency": 5}, "options.currency"),
        ({"base_url": "api.coingecko.com"}, "options.base_url, reason = wanted is http(s)://host/path"),
        ({"base_url": "ftp://host/"}, "options.base_url"),
        ({"base_url": "http://host:port/"}, "options.base_url"),
        ({"base_url": "http://host/?key=1"}, "options.base_url"),
        ({"base_url": "http://me:secret@host/"}, "options.base_url, reason = a key belongs into the secret"),
        ({"base_url": ["http://host"]}, "options.base_url"),
        ({"request_timeout": 0.2}, "options.request_timeout, reason = 0.2 is not between 1 and 120"),
        ({"request_timeout": "10"}, "options.request_timeout"),
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
