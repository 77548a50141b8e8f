"""The stand-in's routes, on Starlette."""

from __future__ import annotations

import logging
import math
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from sandbox.market import prices
from sandbox.market.answers import SPANS, Market
from sandbox.market.limits import RateLimit, key_of, valid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    Endpoint = Callable[[Request], Awaitable[Response]]

_LOGGER = logging.getLogger(__name__)

LARGEST_PAGE: Final = 250
DEFAULT_PAGE: Final = 100

_NO_PATH: Final = "Incorrect path. Please check https://www.coingecko.com/api/"
_LIMITED: Final = (
    "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing to subscribe to "
    "our API plans for higher rate limits."
)
_INCLUDED: Final = ("market_cap", "24hr_vol", "24hr_change", "last_updated_at")
_KEY_CODES: Final = {"pro": 10010, "demo": 10011}


class Failure(Exception):
    """An answer in the form `{"error": ...}`."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Api:
    """The API with its coins, its limit and its clock.

    Args:
        coins: How many coins there are.
        rate_limit: Requests a minute for each client; 0 for no limit.
        clock: Seconds since 1970; one that stands still makes answers that never change.
    """

    def __init__(self, coins: int, rate_limit: int, clock: Callable[[], float] = time.time) -> None:
        self._coins = coins
        self._limit = RateLimit(rate_limit)
        self._clock = clock

    def routes(self) -> list[Route]:
        """All paths below `/api/v3`."""
        paths: dict[str, Callable[[Request], Any]] = {
            "/ping": lambda _: {"gecko_says": "(V3) To the Moon!"},
            "/simple/supported_vs_currencies": lambda _: list(prices.CURRENCIES),
            "/simple/price": self._price,
            "/coins/list": lambda _: [
                {"id": coin.id, "symbol": coin.symbol, "name": coin.name} for coin in self._market().coins
            ],
            "/coins/markets": self._markets,
            "/coins/categories/list": lambda _: [
                {"category_id": name, "name": name.replace("-", " ").title()}
                for name in sorted({coin.category for coin in self._market().coins})
            ],
            "/coins/{id}": self._coin,
            "/exchanges": lambda request: _cut(self._market().exchanges(), request),
            "/exchanges/list": lambda _: [
                {"id": row["id"], "name": row["name"]} for row in self._market().exchanges()
            ],
            "/global": lambda _: self._market().whole(),
        }
        return [Route(path, self._guarded(answer)) for path, answer in paths.items()]

    def _market(self) -> Market:
        return Market(self._coins, self._clock())

    def _guarded(self, answer: Callable[[Request], Any]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            key = key_of(request.headers, request.query_params)
            client = key[1] if key else request.client.host if request.client else ""
            if pause := self._limit.wait(client):
                return _status(429, 429, _LIMITED, {"Retry-After": str(math.ceil(pause))})
            if key and not valid(key[1]):
                words = (
                    f"API Key Invalid: check that it is a {key[0].title()} API key and belongs to this URL."
                )
                return _status(401, _KEY_CODES[key[0]], words)
            try:
                return JSONResponse(answer(request), headers={"Cache-Control": "max-age=30, public"})
            except Failure as failure:
                return JSONResponse({"error": str(failure)}, failure.status)

        return endpoint

    def _markets(self, request: Request) -> list[dict[str, Any]]:
        query = request.query_params
        currency = query.get("vs_currency", "").lower()
        if not currency:
            raise Failure(422, "Missing parameter vs_currency")
        if currency not in prices.CURRENCIES:
            raise Failure(422, "invalid vs_currency")
        market = self._market()
        coins = list(market.coins)
        if "ids" in query:
            wanted = set(_words(query["ids"]))
            coins = [coin for coin in coins if coin.id in wanted]
        if "symbols" in query:
            wanted = set(_words(query["symbols"]))
            coins = [coin for coin in coins if coin.symbol in wanted]
        if "category" in query:
            coins = [coin for coin in coins if coin.category == query["category"]]
        coins = market.sorted(coins, _order(query.get("order", "")))
        spans = [span for span in _words(query.get("price_change_percentage", "")) if span in SPANS]
        sparkline = query.get("sparkline", "").lower() == "true"
        return [market.row(coin, currency, spans, sparkline=sparkline) for coin in _cut(coins, request)]

    def _price(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        for name in ("vs_currencies", "ids"):
            if not query.get(name):
                raise Failure(422, f"Missing parameter {name}")
        market = self._market()
        currencies = [name for name in _words(query["vs_currencies"]) if name in prices.CURRENCIES]
        wanted = [name for name in _INCLUDED if query.get(f"include_{name}", "").lower() == "true"]
        found = filter(None, map(market.coin, _words(query["ids"])))
        return {coin.id: market.quote(coin, currencies, wanted) for coin in found}

    def _coin(self, request: Request) -> dict[str, Any]:
        market = self._market()
        coin = market.coin(request.path_params["id"])
        if coin is None:
            raise Failure(404, "coin not found")
        return market.detail(coin)


def make_app(api: Api) -> Starlette:
    """The whole application; every other path is answered as CoinGecko does, too."""

    async def no_path(_request: Request, _error: Exception) -> Response:
        return JSONResponse({"error": _NO_PATH}, 404)

    return Starlette(
        routes=[Mount("/api/v3", routes=api.routes())],
        exception_handlers={404: no_path, HTTPException: no_path},
    )


def _cut(rows: list[Any], request: Request) -> list[Any]:
    """A page of rows; as there, what is out of bounds is brought into them, and words mean the default."""
    size = min(max(_number(request, "per_page", DEFAULT_PAGE), 1), LARGEST_PAGE)
    page = max(_number(request, "page", 1), 1)
    return rows[(page - 1) * size : page * size]


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.lstrip("-").isdecimal() else default


def _order(text: str) -> str:
    key, _, direction = text.lower().rpartition("_")
    known = key in ("market_cap", "volume", "id") and direction in ("asc", "desc")
    return text.lower() if known else "market_cap_desc"


def _words(text: str) -> list[str]:
    return [word for part in text.lower().split(",") if (word := part.strip())]


def _status(status: int, code: int, words: str, headers: dict[str, str] | None = None) -> Response:
    time_ = datetime.now(UTC).isoformat(timespec="milliseconds")
    body = {"status": {"timestamp": time_, "error_code": code, "error_message": words}}
    return JSONResponse(body, status, headers)
