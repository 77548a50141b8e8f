"""The source of the prices: CoinGecko through pycoingecko; errors in words, and patience where it helps."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
from pycoingecko import CoinGeckoAPI

from plugin.errors import (
    SourceBroken,
    SourceError,
    SourceExhausted,
    SourceRefused,
    SourceRejected,
    SourceUnreachable,
)
from plugin.options import PRO_API, PUBLIC_API, Options, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS: Final = 3
LONGEST_WAIT: Final = 30.0
"""Seconds; a source that asks for a longer pause is reported instead of waited for."""

Row = dict[str, Any]
_Answer = TypeVar("_Answer")


class Source:
    """One collection's connection to CoinGecko (or to whatever answers like it); not shared between threads.

    Args:
        options: Address and time limit.
        secret: The API key, which travels in a header, so that no address, log or error can hold it.
        wait: Waits so many seconds between two attempts, and says True where it was told to give up instead.
    """

    def __init__(self, options: Options, secret: Secret, wait: Callable[[float], bool]) -> None:
        self._wait = wait
        # Its own retries are for https alone, blind to Retry-After and to cancelled calls.
        self._api = CoinGeckoAPI(retries=0)
        base = options.base_url or (PRO_API if secret.pro_api_key else PUBLIC_API)
        self._api.api_base_url = base + "/"
        self._api.request_timeout = options.request_timeout
        self.host: str = urlsplit(base).netloc
        session: requests.Session = self._api.session
        # A redirect would carry the key to another host.
        session.max_redirects = 0
        self._keys = [key for key in (secret.demo_api_key, secret.pro_api_key) if key]
        if secret.demo_api_key:
            session.headers["x-cg-demo-api-key"] = secret.demo_api_key
        if secret.pro_api_key:
            session.headers["x-cg-pro-api-key"] = secret.pro_api_key
        # pycoingecko forgets status and headers of a failed answer; this sees them first.
        session.hooks["response"].append(self._judge)

    def close(self) -> None:
        """Give the connection back."""
        self._api.session.close()

    def check(self, currency: str) -> None:
        """Ask whether the source answers, takes the key and knows the currency; asks once and never waits.

        Raises:
            SourceError: What is wrong, in words.
        """
        self._once(self._api.ping)
        known = _texts(self._once(self._api.get_supported_vs_currencies))
        if currency not in known:
            some = ", ".join(known[:8])
            raise SourceRejected(f"{self.host} gives no prices in {currency!r}; it knows {some} and others.")

    def markets(self, currency: str, page: int, per_page: int) -> list[Row]:
        """One page of coins with their prices, the largest market capitalisation first.

        Returns:
            The rows of `/coins/markets`; fewer than `per_page` where the list ends, none behind its end.

        Raises:
            SourceError: After as many attempts as promise anything.
        """
        answer = self._patiently(
            lambda: self._api.get_coins_markets(
                vs_currency=currency, order="market_cap_desc", per_page=per_page, page=page
            )
        )
        return _rows(answer, self.host)

    def _patiently(self, call: Callable[[], _Answer]) -> _Answer:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(call)
            except SourceError as error:
                pause = error.retry_after
                if pause is None:
                    # Workers that failed together should not come back together.
                    pause = 2 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret hangs on it
                last = attempt == ATTEMPTS or not error.transient or pause > LONGEST_WAIT
                if last or self._wait(pause):
                    raise
        raise AssertionError("unreachable")

    def _once(self, call: Callable[[], _Answer]) -> _Answer:
        try:
            return call()
        except requests.TooManyRedirects:
            raise SourceBroken(f"{self.host} redirects to another address, which is not followed.") from None
        except requests.Timeout:
            seconds = self._api.request_timeout
            raise SourceUnreachable(f"{self.host} did not answer within {seconds:g} seconds.") from None
        except requests.RequestException as error:
            # The text of a requests' error holds the whole address: the kind of the error is enough.
            kind = type(error).__name__
            raise SourceUnreachable(
                f"{self.host} cannot be reached ({kind}); check the option base_url."
            ) from None
        except ValueError:
            raise SourceBroken(f"{self.host} answered with something that is not JSON.") from None

    def _judge(self, response: requests.Response, *_args: object, **_kwargs: object) -> None:
        status = response.status_code
        if status < 300 or response.is_redirect:
            return
        said = f"{self.host} answered {status}: {_words(response)}"
        for key in self._keys:
            said = said.replace(key, "***")
        if status in (401, 403):
            raise SourceRefused(f"{said} Check the API key in the secret.")
        if status == 429:
            raise SourceExhausted(f"{said} Collect less often, or use an API key.", _retry_after(response))
        if status == 408 or status >= 500:
            raise SourceBroken(said, _retry_after(response))
        raise SourceRejected(said)


def _words(response: requests.Response) -> str:
    """What the source says about an error; CoinGecko has three forms of saying it."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return f"{response.reason}."
    for path in (("status", "error_message"), ("error", "status", "error_message"), ("error",)):
        found: Any = body
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str):
            return found[:300].rstrip(".") + "."
    return f"{response.reason}."


def _retry_after(response: requests.Response) -> float | None:
    """The header Retry-After in seconds: either a number of them, or a date (RFC 9110, 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _rows(answer: object, host: str) -> list[Row]:
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise SourceBroken(f"{host} answered with {type(answer).__name__}, where a list of coins was due.")
    return answer


def _texts(answer: object) -> list[str]:
    return [text for text in answer if isinstance(text, str)] if isinstance(answer, list) else []
