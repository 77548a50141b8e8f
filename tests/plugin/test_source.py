"""The source's client: what it makes of every answer, when it asks again, and that no key gets out."""

from __future__ import annotations

import pytest
from plugin.errors import (
    SourceBroken,
    SourceExhausted,
    SourceRefused,
    SourceRejected,
    SourceUnreachable,
)
from plugin.options import Options, Secret
from plugin.source import ATTEMPTS, LONGEST_WAIT, Source

LIMITED = {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}


class Pauses(list):
    """Records what is waited for, and never waits; `gone` makes it say that nobody listens any more."""

    gone = False

    def __call__(self, seconds):
        self.append(seconds)
        return self.gone


@pytest.fixture
def pauses():
    return Pauses()


@pytest.fixture
def source(scripted, pauses):
    made = Source(Options(base_url=scripted.url, request_timeout=1.0), Secret(), pauses)
    yield made
    made.close()


def test_it_asks_for_a_page_by_market_cap(source, scripted, coin):
    scripted.answer = lambda *_: (200, [coin()], {})
    assert source.markets("eur", 3, 250) == [coin()]
    assert scripted.requests == [
        (
            "/coins/markets",
            {"vs_currency": "eur", "order": "market_cap_desc", "per_page": "250", "page": "3"},
        )
    ]


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, {"status": {"error_code": 10010, "error_message": "Bad Key"}}, SourceRefused, "Bad Key."),
        (403, {"error": "forbidden"}, SourceRefused, "Check the API key in the secret."),
        (404, {"error": "coin not found"}, SourceRejected, "answered 404: coin not found."),
        (422, {"error": "invalid vs_currency"}, SourceRejected, "answered 422: invalid vs_currency."),
        (429, LIMITED, SourceExhausted, "exceeded the Rate Limit. Collect less often, or use an API key."),
        (500, b"<html>", SourceBroken, "answered 500: Internal Server Error."),
        (503, {"error": {"status": {"error_message": "busy"}}}, SourceBroken, "answered 503: busy."),
        (200, b"<html>", SourceBroken, "not JSON"),
        (200, {"coins": []}, SourceBroken, "answered with dict, where a list of coins was due"),
        (200, ["bitcoin"], SourceBroken, "where a list of coins was due"),
        (302, b"", SourceBroken, "redirects to another address"),
    ],
)  # fmt: skip
def test_every_failure_in_words(source, scripted, status, body, error, words):
    scripted.answer = lambda *_: (status, body, {"Location": "http://127.0.0.1:1/"} if status == 302 else {})
    with pytest.raises(error) as caught:
        source.markets("usd", 1, 5)
    assert words in str(caught.value)
    assert str(caught.value).startswith("127.0.0.1:")


def test_nobody_there(nobody, pauses):
    source = Source(Options(base_url=nobody), Secret(), pauses)
    with pytest.raises(
        SourceUnreachable, match=r"cannot be reached \(ConnectionError\); check the option base_url"
    ):
        source.markets("usd", 1, 5)
    assert len(pauses) == ATTEMPTS - 1


def test_no_answer_in_time(scripted, pauses):
    import threading

    late = threading.Event()

    def answer(*_):
        late.wait(5)
        return 200, [], {}

    scripted.answer = answer
    pauses.gone = True
    source = Source(Options(base_url=scripted.url, request_timeout=0.2), Secret(), pauses)
    with pytest.raises(SourceUnreachable, match=r"did not answer within 0\.2 seconds"):
        source.markets("usd", 1, 5)
    late.set()
    source.close()


def test_a_limit_is_waited_for_as_long_as_it_says(source, scripted, pauses, coin):
    answers = [(429, LIMITED, {"Retry-After": "7"}), (503, {}, {}), (200, [coin()], {})]
    scripted.answer = lambda *_: answers.pop(0)
    assert source.markets("usd", 1, 5) == [coin()]
    assert pauses[0] == 7.0
    assert 1.0 <= pauses[1] <= 2.0


def test_a_date_to_wait_for_counts_too(source, scripted, pauses, coin):
    answers = [(429, LIMITED, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}), (200, [coin()], {})]
    scripted.answer = lambda *_: answers.pop(0)
    assert source.markets("usd", 1, 5) == [coin()]
    assert pauses == [0.0]


def test_a_limit_that_lasts_is_reported_at_once(source, scripted, pauses):
    scripted.answer = lambda *_: (429, LIMITED, {"Retry-After": str(int(LONGEST_WAIT) + 1)})
    with pytest.raises(SourceExhausted):
        source.markets("usd", 1, 5)
    assert (pauses, len(scripted.requests)) == ([], 1)


def test_what_cannot_change_is_not_asked_again(source, scripted, pauses):
    scripted.answer = lambda *_: (422, {"error": "invalid vs_currency"}, {})
    with pytest.raises(SourceRejected):
        source.markets("xyz", 1, 5)
    assert (pauses, len(scripted.requests)) == ([], 1)


def test_nobody_waits_for_a_stream_that_is_gone(source, scripted, pauses):
    pauses.gone = True
    scripted.answer = lambda *_: (500, {}, {})
    with pytest.raises(SourceBroken):
        source.markets("usd", 1, 5)
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("plan", ["demo", "pro"])
def test_a_key_travels_in_a_header_and_shows_nowhere(scripted, pauses, plan):
    secret = Secret(**{f"{plan}_api_key": "CG-hidden"})
    source = Source(Options(base_url=scripted.url), secret, pauses)
    scripted.answer = lambda *_: (401, {"error": "the key CG-hidden is wrong"}, {})
    with pytest.raises(SourceRefused) as caught:
        source.markets("usd", 1, 5)
    source.close()
    assert scripted.headers[0][f"x-cg-{plan}-api-key"] == "CG-hidden"
    assert "CG-hidden" not in str(scripted.requests)
    assert "the key *** is wrong" in str(caught.value)
    assert "CG-hidden" not in repr(caught.value)


def test_a_paid_plan_has_an_address_of_its_own(pauses):
    assert Source(Options(), Secret(), pauses).host == "api.coingecko.com"
    assert Source(Options(), Secret(demo_api_key="CG-demo"), pauses).host == "api.coingecko.com"
    assert Source(Options(), Secret(pro_api_key="CG-pro"), pauses).host == "pro-api.coingecko.com"
    assert (
        Source(Options(base_url="http://mirror:1"), Secret(pro_api_key="CG-pro"), pauses).host == "mirror:1"
    )


def test_the_check_asks_once_and_never_waits(source, scripted, pauses):
    scripted.answer = lambda path, _: (200, ["usd", "eur"] if "currencies" in path else {}, {})
    source.check("eur")
    assert [path for path, _ in scripted.requests] == ["/ping", "/simple/supported_vs_currencies"]
    with pytest.raises(SourceRejected, match="gives no prices in 'xyz'; it knows usd, eur and others"):
        source.check("xyz")
    scripted.answer = lambda *_: (429, LIMITED, {"Retry-After": "1"})
    with pytest.raises(SourceExhausted):
        source.check("usd")
    assert pauses == []
