"""The source's client: what it makes of every answer, when it asks again, and that no key gets out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pycoingecko import CoinGeckoAPI

from plugin.errors import (
    SourceBroken,
    SourceError,
    SourceExhausted,
    SourceRefused,
    SourceRejected,
    SourceTooLarge,
    SourceUnreachable,
)
from plugin.options import Options, Secret
from plugin.serving import InvalidParameter
from plugin.source import ATTEMPTS, LONGEST_WAIT, LONGEST_WORDS, Source

LIMITED = {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}


@pytest.fixture
def source(scripted, pauses):
    made = Source(Options(base_url=scripted.url, request_timeout=60.0), Secret(), pauses)
    yield made
    made.close()


def markets(source, currency="usd", page=1, size=5):
    return source.rows("get_coins_markets", vs_currency=currency, per_page=size, page=page, category=None)


def test_it_asks_for_what_it_is_told(source, scripted):
    scripted.answer = lambda *_: (200, [{"id": "bitcoin"}], {})
    assert markets(source, "eur", 3, 250) == [{"id": "bitcoin"}]
    assert scripted.requests == [
        ("/coins/markets", {"vs_currency": "eur", "per_page": "250", "page": "3"}),
    ]


@pytest.mark.parametrize("beyond", ["0", "1e400"])  # for the second one takes the slower way
def test_a_number_is_what_the_source_wrote(source, scripted, beyond):
    numbers = b'"a": 5.210e-9, "b": 2500000000000000123, "c": 0.12345678901234567890, "d": -0'
    body = b'[{"id": "7", "e": null, "f": true, %b, "g": %b}]' % (numbers, beyond.encode())
    scripted.answer = lambda *_: (200, body, {})
    [row] = markets(source)
    digits = Decimal("0.12345678901234567890")
    assert row == {
        "id": "7",
        "a": 5.21e-9,
        "b": 2500000000000000123,
        "c": digits,
        "d": 0,
        "e": None,
        "f": True,
        "g": Decimal(beyond),
    }
    assert {name: type(row[name]) for name in "abcd"} == {"a": float, "b": int, "c": Decimal, "d": int}


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, {"status": {"error_code": 10010, "error_message": "Bad Key"}}, SourceRefused, "Bad Key."),
        (403, {"error": "forbidden"}, SourceRefused, "It may need an API key, in the secret."),
        (404, {"error": "coin not found"}, SourceRejected, "answered 404 to /coins/markets: coin not found."),
        (422, {"error": "invalid vs_currency"}, SourceRejected, "answered 422 to /coins/markets: invalid vs_currency."),
        (429, LIMITED, SourceExhausted, "exceeded the Rate Limit. Collect less often, or use an API key."),
        (500, b"<html>", SourceBroken, "answered 500 to /coins/markets: Internal Server Error."),
        (503, {"error": {"status": {"error_code": 503, "error_message": "busy"}}}, SourceBroken, "markets: busy."),
        (200, b"<html>", SourceBroken, "not JSON"),
        (200, b'[{"id": "x", "current_price": NaN}]', SourceBroken, "not JSON"),
        (200, {"coins": []}, SourceBroken, "answered with dict to get_coins_markets, where a list was expected"),
        (200, ["bitcoin"], SourceBroken, "where a list was expected"),
        (204, b"", SourceRejected, "answered 204"),
        (302, b"", SourceBroken, "redirects to another address"),
    ],
)  # fmt: skip
def test_every_failure_in_words(source, scripted, status, body, error, words):
    scripted.answer = lambda *_: (status, body, {"Location": "http://127.0.0.1:1/"} if status == 302 else {})
    with pytest.raises(error) as caught:
        markets(source)
    assert words in str(caught.value)
    assert str(caught.value).startswith("127.0.0.1:")


@pytest.mark.parametrize(("around", "through"), [("", 1), ("127.0.0.1", 0)])
def test_a_proxy_that_the_environment_names_is_used(scripted, pauses, nobody, monkeypatch, around, through):
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", scripted.url.replace("//", "//me:word@"))
    monkeypatch.setenv("no_proxy", around)
    scripted.answer = lambda *_: (200, [], {})
    source = Source(
        Options(base_url=nobody.replace("127.0.0.1", "localhost") if through else nobody), Secret(), pauses
    )
    if through:
        assert markets(source) == []
        assert scripted.headers[0]["proxy-authorization"] == "Basic bWU6d29yZA=="
    else:
        with pytest.raises(SourceUnreachable):
            markets(source)
    assert len(scripted.requests) == through
    source.close()


def test_nobody_there(nobody, pauses):
    source = Source(Options(base_url=nobody), Secret(), pauses)
    with pytest.raises(
        SourceUnreachable, match=r"cannot be reached \(NewConnectionError\); check the option base_url"
    ):
        markets(source)
    assert len(pauses) == ATTEMPTS - 1


def test_no_answer_in_time(scripted, pauses):
    import threading

    late = threading.Event()

    def answer(*_):
        late.wait(60)
        return 200, [], {}

    scripted.answer = answer
    pauses.patient = False
    source = Source(Options(base_url=scripted.url, request_timeout=0.2), Secret(), pauses)
    with pytest.raises(SourceUnreachable, match=r"did not answer within 0\.2 seconds"):
        markets(source)
    late.set()
    source.close()


def test_a_limit_is_waited_for_as_long_as_it_says(source, scripted, pauses, coin):
    answers = [(429, LIMITED, {"Retry-After": "7"}), (503, {}, {}), (200, [coin()], {})]
    scripted.answer = lambda *_: answers.pop(0)
    assert [row["id"] for row in markets(source)] == ["bitcoin"]
    # All workers hold still for the seven seconds, and do not come back at the same time.
    assert 7.5 <= pauses[0] <= 8.0
    assert 1.0 <= pauses[1] <= 2.0


def test_a_date_to_wait_for_counts_too(source, scripted, pauses, coin):
    answers = [(429, LIMITED, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}), (200, [coin()], {})]
    scripted.answer = lambda *_: answers.pop(0)
    assert [row["id"] for row in markets(source)] == ["bitcoin"]
    [pause] = pauses
    assert 0.5 <= pause <= 1.0


def test_a_limit_that_lasts_is_reported_at_once(source, scripted, pauses):
    scripted.answer = lambda *_: (429, LIMITED, {"Retry-After": str(int(LONGEST_WAIT) + 1)})
    with pytest.raises(SourceExhausted):
        markets(source)
    assert (pauses, len(scripted.requests)) == ([], 1)


def test_a_limit_that_lasts_is_reported_to_those_that_come_later_too(source, scripted, pauses):
    scripted.answer = lambda *_: (429, LIMITED, {"Retry-After": "99999999999"})
    with pytest.raises(SourceExhausted):
        markets(source)
    later = Source(Options(base_url=scripted.url), Secret(), pauses)
    with pytest.raises(SourceExhausted, match="allows no requests for another 3600 seconds"):
        markets(later)
    assert (pauses, len(scripted.requests)) == ([], 1)
    pauses.now = 3601.0
    scripted.answer = lambda *_: (200, [], {})
    assert markets(later) == []


@pytest.mark.parametrize("value", ["\xb2", "soon", "-5", "1.5"])
def test_a_pause_that_is_none_is_as_long_as_without(source, scripted, pauses, value):
    answers = [(429, LIMITED, {"Retry-After": value}), (200, [], {})]
    scripted.answer = lambda *_: answers.pop(0)
    assert markets(source) == []
    [pause] = pauses
    assert 0.5 <= pause <= 1.0


def test_a_key_is_hidden_before_words_are_cut(scripted, pauses):
    secret = Secret(demo_api_key="CG-hidden", api_server=scripted.url)
    source = Source(Options(base_url=scripted.url), secret, pauses)
    scripted.answer = lambda *_: (401, {"error": "x" * (LONGEST_WORDS - 4) + "CG-hidden"}, {})
    with pytest.raises(SourceRefused) as caught:
        markets(source)
    assert "CG" not in str(caught.value)


def test_an_answer_that_is_all_brackets_is_none(source, scripted):
    scripted.answer = lambda *_: (200, b"[" * 200_000, {})
    with pytest.raises(SourceBroken, match="something that is not JSON"):
        markets(source)


def test_what_cannot_change_is_not_asked_again(source, scripted, pauses):
    scripted.answer = lambda *_: (422, {"error": "invalid vs_currency"}, {})
    with pytest.raises(SourceRejected):
        markets(source, "xyz")
    assert (pauses, len(scripted.requests)) == ([], 1)


def test_who_has_no_patience_asks_once(source, scripted, pauses):
    pauses.patient = False
    scripted.answer = lambda *_: (500, {}, {})
    with pytest.raises(SourceBroken):
        markets(source)
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("plan", ["demo", "pro"])
def test_a_key_travels_in_a_header_and_shows_nowhere(scripted, pauses, plan):
    secret = Secret(**{f"{plan}_api_key": "CG-hidden"}, api_server=scripted.url)
    source = Source(Options(base_url=scripted.url), secret, pauses)
    scripted.answer = lambda *_: (401, {"error": "the key CG-hidden is wrong"}, {})
    with pytest.raises(SourceRefused) as caught:
        markets(source)
    source.close()
    assert scripted.headers[0][f"x-cg-{plan}-api-key"] == "CG-hidden"
    assert "CG-hidden" not in str(scripted.requests)
    assert "the key *** is wrong" in str(caught.value)
    assert "CG-hidden" not in repr(caught.value)


STRANGERS = [
    "https://coingecko.com.evil.example/api/v3",
    "https://evilcoingecko.com",
    "https://evil.example/api.coingecko.com",
    "https://api.coingecko.com:8443",
    "http://api.coingecko.com/api/v3",  # whoever is on the line reads it
    "http://[::1]:8",
    "http://localhost",
]


@pytest.mark.parametrize("plan", ["demo", "pro"])
@pytest.mark.parametrize("url", STRANGERS)
def test_a_key_is_not_for_the_server_that_an_option_names(pauses, plan, url):
    with pytest.raises(InvalidParameter) as caught:
        Source(Options(base_url=url), Secret(**{f"{plan}_api_key": "CG-hidden"}), pauses)
    assert caught.value.key == "options.base_url"
    assert "name this one in the secret as api_server, or use an account without a key" in str(caught.value)
    assert "CG-hidden" not in str(caught.value)
    Source(Options(base_url=url), Secret(), pauses).close()


def test_a_stranger_gets_no_request_at_all(scripted, pauses):
    with pytest.raises(
        InvalidParameter, match="API key is for CoinGecko over https, and is not sent to http://127"
    ):
        Source(Options(base_url=scripted.url), Secret(demo_api_key="CG-hidden"), pauses)
    assert scripted.requests == []


@pytest.mark.parametrize(
    ("named", "url", "sent"),
    [
        ("http://mirror:8080", "http://mirror:8080/api/v3", True),
        ("http://mirror:8080", "http://MIRROR:8080", True),
        ("http://mirror:8080", "http://mirror", False),
        ("http://mirror:8080", "https://mirror:8080", False),
        ("https://mirror", "http://mirror", False),
        ("https://mirror", "https://mirror:443/x", True),
        ("https://mirror", "https://a.mirror", False),
        ("https://mirror", "https://api.coingecko.com/api/v3", False),
        ("https://mirror", None, False),
    ],
)
def test_a_key_is_for_the_server_that_its_secret_names(pauses, named, url, sent):
    secret = Secret.parse({"demo_api_key": "CG-hidden", "api_server": named})
    if sent:
        source = Source(Options(base_url=url), secret, pauses)
        assert source._headers["x-cg-demo-api-key"] == "CG-hidden"
    else:
        with pytest.raises(InvalidParameter, match=f"API key is for {named}, and is not sent to"):
            Source(Options(base_url=url), secret, pauses)


def test_a_key_goes_to_no_other_server_by_a_redirect(scripted, pauses, nobody):
    secret = Secret(demo_api_key="CG-hidden", api_server=scripted.url)
    source = Source(Options(base_url=scripted.url), secret, pauses)
    for status in (301, 302, 303, 307, 308):
        scripted.answer = lambda *_, status=status: (status, b"", {"Location": f"{nobody}/?x"})
        pauses.patient = False
        with pytest.raises(SourceBroken, match="redirects to another address, which is not followed"):
            markets(source)
    source.close()


INTERNAL = "db.internal password=hunter2"


@pytest.mark.parametrize(
    "body",
    [
        {"error": INTERNAL},
        {"error": "coin not found: " + INTERNAL},
        {"error": {"status": {"error_message": INTERNAL}}},
        {"status": {"error_message": INTERNAL}},
        {"status": {"error_code": "1", "error_message": INTERNAL}},
        {"status": {"error_code": 1, "error_message": INTERNAL + "\n"}},
        {"status": {"error_code": 1, "error_message": INTERNAL + "\x1b[2J"}},
        {"status": {"error_code": 1, "error_message": INTERNAL * 50}},
        {"status": {"error_code": 1, "error_message": [INTERNAL]}, "error": INTERNAL},
        [INTERNAL],
        INTERNAL,
        INTERNAL.encode(),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 599])
def test_the_words_of_a_server_that_an_option_names_are_not_passed_on(source, scripted, pauses, body, status):
    pauses.patient = False
    scripted.answer = lambda *_: (status, body, {})
    with pytest.raises(SourceError) as caught:
        markets(source)
    assert "hunter2" not in str(caught.value)
    assert f"answered {status} to /coins/markets: " in str(caught.value)


def test_nor_are_the_words_beside_its_status(pauses):
    """They come before the headers, and are the server's own."""
    from plugin.connections import Answer
    from plugin.source import _words

    assert _words(Answer(500, {}, b""), trusted=False) == "Internal Server Error"
    assert _words(Answer(799, {}, b""), trusted=False) == "an unknown status"


@pytest.mark.parametrize("answer", [[INTERNAL], ["usd", INTERNAL, "eur"], [[INTERNAL]], {"a": INTERNAL}])
def test_nor_what_should_have_been_currencies(source, scripted, answer):
    scripted.answer = lambda *_: (200, answer, {})
    with pytest.raises(SourceRejected, match="gives no prices in 'krw'") as caught:
        source.check(Options(currency="krw"))
    assert "hunter2" not in str(caught.value)


def test_the_words_of_a_server_that_the_secret_names_are(scripted, pauses):
    secret = Secret(api_server=scripted.url)
    source = Source(Options(base_url=scripted.url), secret, pauses)
    scripted.answer = lambda *_: (403, {"error": "The mirror is closed on Sundays."}, {})
    with pytest.raises(SourceRefused, match=r"to /coins/markets: The mirror is closed on Sundays\."):
        markets(source)
    source.close()


def test_an_answer_without_an_end_is_not_asked_for_again(source, scripted, pauses):
    scripted.answer = lambda *_: (200, b" " * (4 * 1024 * 1024 + 1), {})
    with pytest.raises(SourceTooLarge, match="answered with more than 4 MiB"):
        markets(source)
    assert (pauses, len(scripted.requests)) == ([], 1)


def test_a_paid_plan_has_an_address_of_its_own(pauses):
    assert Source(Options(), Secret(), pauses).host == "api.coingecko.com"
    assert Source(Options(), Secret(demo_api_key="CG-demo"), pauses).host == "api.coingecko.com"
    assert Source(Options(), Secret(pro_api_key="CG-pro"), pauses).host == "pro-api.coingecko.com"
    named = Secret(pro_api_key="CG-pro", api_server="http://mirror:1")
    assert Source(Options(base_url="http://mirror:1"), named, pauses).host == "mirror:1"


def test_the_check_asks_once_and_never_waits(source, scripted, pauses):
    pauses.patient = False
    known = {
        "/simple/supported_vs_currencies": ["usd", "eur"],
        "/coins/categories/list": [{"category_id": "defi"}],
    }
    scripted.answer = lambda path, _: (200, known.get(path, {}), {})
    source.check(Options(currency="eur"))
    assert [path for path, _ in scripted.requests] == ["/ping", "/simple/supported_vs_currencies"]
    source.check(Options(category="defi", more_currencies=("eur",)))
    assert scripted.requests[-1] == ("/coins/categories/list", {})
    with pytest.raises(SourceRejected, match="gives no prices in 'xyz'; it knows usd, eur and others"):
        source.check(Options(currency="xyz"))
    with pytest.raises(SourceRejected, match="gives no prices in 'xyz'"):
        source.check(Options(more_currencies=("xyz",)))
    with pytest.raises(SourceRejected, match="has no category 'defy'"):
        source.check(Options(category="defy"))
    assert pauses == []
    scripted.answer = lambda *_: (429, LIMITED, {"Retry-After": "1"})
    with pytest.raises(SourceExhausted):
        source.check(Options())
    assert len(pauses) <= 1


def test_the_budget_is_one_for_all_workers_of_a_container(scripted, pauses):
    options = Options(base_url=scripted.url, requests_per_minute=3)
    workers = [Source(options, Secret(), pauses) for _ in range(2)]
    for _ in range(3):
        for worker in workers:
            markets(worker)
    assert len(scripted.requests) == 6
    assert pauses == [60.0]
    # Another key has another budget, and another address has the limit that its operator says: none.
    markets(Source(options, Secret(demo_api_key="CG-x", api_server=scripted.url), pauses))
    for _ in range(40):
        markets(Source(Options(base_url=scripted.url), Secret(), pauses))
    assert pauses == [60.0]
    for worker in workers:
        worker.close()


@pytest.mark.parametrize(("secret", "limit"), [(Secret(), 30), (Secret(pro_api_key="CG-x"), 500)])
def test_the_budget_of_coingecko_itself_is_its_plans(secret, limit, pauses):
    source = Source(Options(), secret, pauses)
    assert source._per_minute == limit


def test_a_used_up_budget_is_said_in_words_where_nobody_waits(scripted, pauses):
    pauses.patient = False
    source = Source(Options(base_url=scripted.url, requests_per_minute=1), Secret(), pauses)
    markets(source)
    with pytest.raises(
        SourceExhausted, match="is used up for another 60 seconds; see the option requests_per_minute"
    ):
        markets(source)
    assert len(scripted.requests) == 1


def test_what_the_source_says_to_one_worker_holds_for_all(scripted, pauses):
    options = Options(base_url=scripted.url)
    first, second = (Source(options, Secret(), pauses) for _ in range(2))
    answers = [(429, LIMITED, {"Retry-After": "20"}), (200, [], {}), (200, [], {})]
    scripted.answer = lambda *_: answers.pop(0)
    pauses.patient = False
    with pytest.raises(SourceExhausted):
        markets(first)
    pauses.patient = True
    pauses.now = 5.0
    markets(second)
    assert pauses[-1] == pytest.approx(15.0)
    first.close()
    second.close()


def test_pycoingecko_sends_through_the_method_that_is_replaced():
    """It is private there: another version may call it otherwise, and would then send by itself."""
    assert callable(CoinGeckoAPI._CoinGeckoAPI__request)


@pytest.mark.parametrize("answer", [[], {"nothing": {}}, "words"])
def test_what_pycoingecko_stumbles_over_is_an_answer_of_the_source(source, scripted, answer):
    scripted.answer = lambda *_: (200, answer, {})
    with pytest.raises(SourceBroken, match="something that CoinGecko would not"):
        source.mapping("get_global")
