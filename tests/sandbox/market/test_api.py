"""The stand-in's answers: paths, parameters, paging, limits and errors as CoinGecko has them."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from itertools import pairwise

import httpx
import pytest
import requests

from sandbox.market import coingecko_reachable, reachable
from sandbox.market.app import Api, make_app
from sandbox.market.prices import CURRENCIES, DAY
from tests.waiting import PATIENCE

NOON = 1768478400.0  # 2026-01-15T12:00:00Z


class Clock:
    """Seconds since 1970 that a test moves."""

    now = NOON

    def __call__(self) -> float:
        return self.now


class Asker:
    """Asks an application without a server between them."""

    def __init__(self, app) -> None:
        self._app = app

    def get(self, path, **how) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://market/api/v3/") as client:
                return await client.get(path, **how)

        return asyncio.run(ask())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def api(clock):
    return Asker(make_app(Api(1200, 0, clock)))


def markets(api, **query):
    answer = api.get("coins/markets", params={"vs_currency": "usd", **query})
    assert answer.status_code == 200
    return answer.json()


def test_it_says_what_coingecko_says(api):
    assert api.get("ping").json() == {"gecko_says": "(V3) To the Moon!"}


def test_the_first_coins_are_the_ones_that_people_know(api):
    rows = markets(api, per_page=5)
    assert [row["name"] for row in rows] == ["Bitcoin", "Ethereum", "Tether", "BNB", "Solana"]
    assert [row["market_cap_rank"] for row in rows] == [1, 2, 3, 4, 5]


def test_pages_together_are_all_coins_in_order(api):
    pages = [markets(api, per_page=250, page=page) for page in range(1, 7)]
    assert [len(page) for page in pages] == [250, 250, 250, 250, 200, 0]
    rows = [row for page in pages for row in page]
    assert len({row["id"] for row in rows}) == 1200
    ranked = [row for row in rows if row["market_cap_rank"]]
    assert [row["market_cap_rank"] for row in ranked] == list(range(1, len(ranked) + 1))
    assert all(one["market_cap"] >= other["market_cap"] for one, other in pairwise(ranked))
    assert rows[: len(ranked)] == ranked
    assert 0 < len(rows) - len(ranked) < 60


@pytest.mark.parametrize(
    ("query", "length"),
    [
        ({}, 100),
        ({"per_page": 1}, 1),
        ({"per_page": 250}, 250),
        ({"per_page": 251}, 250),
        ({"per_page": 0}, 1),
        ({"per_page": "many"}, 100),
        ({"page": 13}, 0),
        ({"page": -1}, 100),
    ],
)
def test_bounds_of_a_page(api, query, length):
    assert len(markets(api, **query)) == length


def test_a_row_fits_together(api):
    for row in markets(api, per_page=250):
        assert row["low_24h"] <= row["current_price"] <= row["high_24h"]
        assert row["atl"] <= row["low_24h"] <= row["high_24h"] <= row["ath"]
        assert row["market_cap"] == pytest.approx(row["current_price"] * row["circulating_supply"], rel=1e-3)
        before = row["current_price"] - row["price_change_24h"]
        percent = row["price_change_24h"] / before * 100
        assert row["price_change_percentage_24h"] == pytest.approx(percent, rel=0.05, abs=0.05)
        assert row["last_updated"].startswith("2026-01-15T12:00:")


def test_what_nobody_knows_is_null(api):
    [ethereum] = markets(api, ids="ethereum")
    assert ethereum["max_supply"] is None
    rows = [row for page in (4, 5) for row in markets(api, per_page=250, page=page)]
    unranked = [row for row in rows if not row["market_cap_rank"]]
    assert unranked
    assert all(row["market_cap_rank"] is None and row["market_cap"] == 0 for row in unranked)


def test_the_same_time_has_the_same_prices(api, clock):
    first = markets(api)
    clock.now += 59
    assert markets(api) == first
    clock.now += 1
    assert markets(api) != first


def test_prices_move_slowly_and_every_day(api, clock):
    first = {row["id"]: row for row in markets(api, per_page=250)}
    clock.now += 300
    for row in markets(api, per_page=250):
        if row["id"] in first:
            assert row["current_price"] == pytest.approx(first[row["id"]]["current_price"], rel=0.02)
    clock.now += DAY
    [bitcoin] = markets(api, ids="bitcoin")
    assert bitcoin["current_price"] != first["bitcoin"]["current_price"]
    changes = [row["price_change_percentage_24h"] for row in markets(api, per_page=250)]
    assert any(change > 0.5 for change in changes)
    assert any(change < -0.5 for change in changes)


def test_other_currencies(api):
    assert api.get("simple/supported_vs_currencies").json() == list(CURRENCIES)
    [dollars], [won] = markets(api, ids="bitcoin"), markets(api, ids="bitcoin", vs_currency="KRW")
    assert won["current_price"] == pytest.approx(dollars["current_price"] * 1385, rel=1e-4)
    assert won["price_change_percentage_24h"] == dollars["price_change_percentage_24h"]
    [bitcoin] = markets(api, ids="bitcoin", vs_currency="btc")
    assert bitcoin["current_price"] == 1.0


def test_filters_and_orders(api):
    assert [row["id"] for row in markets(api, ids="solana, bitcoin,nix")] == ["bitcoin", "solana"]
    assert [row["id"] for row in markets(api, symbols="eth")] == ["ethereum"]
    assert {"tether", "usd-coin", "dai"} == {row["id"] for row in markets(api, category="stablecoins")}
    for order, key, down in [
        ("volume_desc", "total_volume", True),
        ("volume_asc", "total_volume", False),
        ("market_cap_asc", "market_cap", False),
        ("id_asc", "id", False),
        ("id_desc", "id", True),
    ]:
        values = [row[key] for row in markets(api, order=order, per_page=250)]
        assert values == sorted(values, reverse=down), order
    assert markets(api, order="upside_down") == markets(api)


def test_changes_over_other_spans_and_a_sparkline(api):
    [row] = markets(api, ids="bitcoin", price_change_percentage="1h, 7d,2y", sparkline="true")
    assert {name for name in row if name.endswith("_in_currency")} == {
        "price_change_percentage_1h_in_currency",
        "price_change_percentage_7d_in_currency",
    }
    assert len(row["sparkline_in_7d"]["price"]) == 168
    assert row["sparkline_in_7d"]["price"][-1] == pytest.approx(row["current_price"], rel=1e-4)
    assert "sparkline_in_7d" not in markets(api, ids="bitcoin")[0]


def test_the_other_paths(api):
    listed = api.get("coins/list").json()
    assert listed[0] == {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"}
    assert len(listed) == 1200
    detail = api.get("coins/bitcoin").json()
    [row] = markets(api, ids="bitcoin")
    assert detail["market_data"]["current_price"]["usd"] == row["current_price"]
    assert api.get("simple/price", params={"ids": "bitcoin,nix", "vs_currencies": "usd,xyz"}).json() == {
        "bitcoin": {"usd": row["current_price"]}
    }
    query = {"ids": "bitcoin", "vs_currencies": "krw", "precision": "full"}
    included = {
        f"include_{name}": "true" for name in ("market_cap", "24hr_vol", "24hr_change", "last_updated_at")
    }
    [quote] = api.get("simple/price", params={**query, **included}).json().values()
    [won] = markets(api, ids="bitcoin", vs_currency="krw")
    assert quote == {
        "krw": won["current_price"],
        "krw_market_cap": won["market_cap"],
        "krw_24h_vol": won["total_volume"],
        "krw_24h_change": won["price_change_percentage_24h"],
        "last_updated_at": NOON,
    }
    exchanges = api.get("exchanges", params={"per_page": 10, "page": 2}).json()
    assert [exchange["trust_score_rank"] for exchange in exchanges] == list(range(11, 21))
    assert api.get("exchanges/list").json()[0] == {"id": "binance", "name": "Binance"}
    assert {"category_id": "stablecoins", "name": "Stablecoins"} in api.get("coins/categories/list").json()
    data = api.get("global").json()["data"]
    assert data["active_cryptocurrencies"] == 1200
    assert data["market_cap_percentage"]["btc"] > data["market_cap_percentage"]["eth"] > 5
    assert data["total_market_cap"]["usd"] > 1e12


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("coins/markets", 422, "Missing parameter vs_currency"),
        ("coins/markets?vs_currency=xyz", 422, "invalid vs_currency"),
        ("simple/price?ids=bitcoin", 422, "Missing parameter vs_currencies"),
        ("coins/nix", 404, "coin not found"),
        ("coin", 404, "Incorrect path. Please check https://www.coingecko.com/api/"),
    ],
)
def test_errors(api, path, status, error):
    answer = api.get(path)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


@pytest.mark.parametrize(("plan", "code"), [("demo", 10011), ("pro", 10010)])
def test_keys(api, plan, code):
    for how in (
        {"headers": {f"x-cg-{plan}-api-key": "wrong"}},
        {"params": {f"x_cg_{plan}_api_key": "wrong"}},
    ):
        answer = api.get("ping", **how)
        assert answer.status_code == 401
        assert answer.json()["status"]["error_code"] == code
    assert api.get("ping", headers={f"x-cg-{plan}-api-key": "CG-abc"}).status_code == 200


def test_the_limit_counts_each_client_by_itself(clock):
    api = Asker(make_app(Api(10, 3, clock)))
    assert [api.get(path).status_code for path in ("ping", "coins/nix", "ping", "ping")] == [
        200,
        404,
        200,
        429,
    ]
    answer = api.get("ping")
    assert answer.json()["status"]["error_code"] == 429
    assert "exceeded the Rate Limit" in answer.json()["status"]["error_message"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert api.get("ping", headers={"x-cg-demo-api-key": "CG-abc"}).status_code == 200


@pytest.fixture
def serve(checkout):
    """Starts the stand-in as the sandbox does; gives the process."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "sandbox.market", *arguments]
        child = subprocess.Popen(command, cwd=checkout, stderr=subprocess.PIPE, text=True)
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()


def test_the_command_serves_logs_and_ends(serve):
    child = serve("--port", "0", "--coins", "7", "--at", "2026-01-15T12:00:00")
    running = next(line for line in child.stderr if "running on" in line)
    address = re.search(r"http://\S+", running)[0]
    rows = httpx.get(
        f"{address}/api/v3/coins/markets?vs_currency=usd&x_cg_demo_api_key=CG-hidden",
        trust_env=False,
        timeout=PATIENCE,
    )
    assert len(rows.json()) == 7
    assert rows.json()[0]["last_updated"] == "2026-01-15T12:00:07.000Z"
    child.send_signal(signal.SIGTERM)
    _, log = child.communicate(timeout=PATIENCE)
    assert child.returncode in (0, -signal.SIGTERM)
    [line] = [line for line in log.splitlines() if "GET" in line]
    assert line.endswith('"GET /api/v3/coins/markets?vs_currency=usd&x_cg_demo_api_key=*** HTTP/1.1" 200')


def test_a_taken_port_ends_it_with_words(serve):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        child = serve("--port", str(other.getsockname()[1]))
        _, log = child.communicate(timeout=PATIENCE)
    assert child.returncode != 0
    assert "address already in use" in log.lower()


class Answer:
    def __init__(self, status, body):
        self.status_code = status
        self.body = body

    def json(self):
        return json.loads(self.body)


@pytest.mark.parametrize(
    ("answer", "usable"),
    [
        (Answer(200, '{"gecko_says": "(V3) To the Moon!"}'), True),
        (Answer(200, "<html>"), False),
        (Answer(200, "{}"), False),
        (Answer(429, '{"status": {}}'), False),
        (requests.ConnectionError("no route"), False),
        (requests.Timeout("late"), False),
    ],
)
def test_whether_coingecko_can_be_used(monkeypatch, answer, usable):
    asked = []

    def get(address, timeout):
        asked.append((address, timeout))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(reachable.requests, "get", get)
    assert coingecko_reachable(1.5) is usable
    assert asked == [("https://api.coingecko.com/api/v3/ping", 1.5)]
