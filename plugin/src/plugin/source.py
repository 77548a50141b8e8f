"""The source of the prices: CoinGecko's API, with clear errors, and further attempts where they help."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec
import urllib3
from pycoingecko import CoinGeckoAPI

from plugin import budget
from plugin.addresses import Address
from plugin.connections import Connections
from plugin.errors import (
    SourceBroken,
    SourceError,
    SourceExhausted,
    SourceRefused,
    SourceRejected,
    SourceUnreachable,
)
from plugin.schema import CURRENCY_PATTERN, PRO_API, PUBLIC_API
from plugin.serving import CallerLeft, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plugin.connections import Answer
    from plugin.options import Options, Secret
    from plugin.serving import Caller

ATTEMPTS: Final = 3
LONGEST_WAIT: Final = 30.0
"""Seconds; where the source asks for a longer pause, its limit is reported instead."""

LONGEST_HOLD: Final = 3600.0
"""Seconds; requests pause no longer than this, whatever the source asks for."""

PER_MINUTE: Final = 30
PRO_PER_MINUTE: Final = 500
"""Requests a minute of CoinGecko's free plan, and of its smallest paid one."""

LONGEST_WORDS: Final = 200
"""Characters of the source's words that an error has; CoinGecko's longest message has 138."""

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_STATUSES: Final = {status.value for status in HTTPStatus}
_OWN_WORDS: Final = re.compile(
    r"(coin|category) not found|Could not find \w+ with the given id|invalid [a-z_]{1,20}"
    r"|Missing parameter [a-z_]{1,20}|Incorrect path\. Please check https://www\.coingecko\.com/api/?",
    re.ASCII | re.IGNORECASE,
)
"""Sentences that CoinGecko gives as `{"error": "..."}`."""

Row = dict[str, Any]
"""A row of JSON; a number that a float cannot hold to its last digit is a Decimal, see `plugin.serving.number`."""

_CHANCE: Final = random.Random()  # noqa: S311 - no secret depends on it

_decode: Final = msgspec.json.Decoder(float_hook=number).decode


class _Api(CoinGeckoAPI):  # type: ignore[misc]  # no types there
    """pycoingecko's paths and parameters, with another way to send requests.

    pycoingecko itself reads numbers as floats, drops status and headers of a failed answer, puts the key into the
    address, and repeats requests without regard to Retry-After. Its method that sends is private: the package is
    locked, and tests/plugin/test_source.py checks that the method is still there.

    Args:
        base: The source's address.
        request: Sends a request with a query to an address, and gives the decoded answer.
    """

    def __init__(self, base: str, request: Callable[[str, dict[str, Any]], Any]) -> None:
        super().__init__(retries=0)
        self.session.close()
        self.api_base_url = base + "/"
        self._CoinGeckoAPI__request = request


class Source:
    """One collection's connection to CoinGecko (or to a server with the same API); not shared between threads.

    Args:
        options: Address, time limit and budget.
        secret: The API key, which travels in a header, so that no address, log or error contains it.
        caller: Who waits for the answers; when it leaves, requests under way end, and no more are sent.

    Raises:
        InvalidParameter: The secret has an API key that is not for the options' address.
    """

    def __init__(self, options: Options, secret: Secret, caller: Caller) -> None:
        self._caller = caller
        usual = PRO_API if secret.pro_api_key else PUBLIC_API
        address = Address.parse("options.base_url", options.base_url or usual)
        self._base = address.url
        self._timeout = options.request_timeout
        self.host: str = address.netloc
        self._key = secret.key_for(address)
        named = secret.names(address)
        self._trusted = named or address.is_coingecko
        self._headers = {"Accept-Encoding": "gzip", "User-Agent": "plugin-portfolio-inven-collector"}
        if self._key:
            plan = "pro" if secret.pro_api_key else "demo"
            self._headers[f"x-cg-{plan}-api-key"] = self._key
        self._connections = Connections(address, anywhere=named)
        caller.on_leaving(self._connections.cut)
        self._api = _Api(self._base, self._request)
        own = PRO_PER_MINUTE if secret.pro_api_key else PER_MINUTE
        # The limit of another server is up to its operator.
        self._per_minute = options.requests_per_minute or (0 if options.base_url else own)
        self._budget = budget.shared(self._base, self._key)

    def close(self) -> None:
        """Close the connection."""
        self._connections.close()

    def check(self, options: Options) -> None:
        """Check that the source answers, accepts the key, and knows currencies and category; without a second attempt.

        Raises:
            SourceError: What is wrong.
        """
        self._once("ping")
        known = _texts(self._once("get_supported_vs_currencies"))
        for currency in (options.currency, *options.more_currencies):
            if currency not in known:
                some = ", ".join([name for name in known if re.fullmatch(CURRENCY_PATTERN, name)][:8])
                raise SourceRejected(
                    f"{self.host} gives no prices in {currency!r}; it knows {some} and others."
                )
        if options.category:
            listed = self._once("get_coins_categories_list")
            names = [row.get("category_id") for row in listed if isinstance(row, dict)]
            if options.category not in names:
                raise SourceRejected(f"{self.host} has no category {options.category!r}.")

    def rows(self, call: str, **parameters: Any) -> list[Row]:
        """The rows that the source answers with, after as many attempts as make sense.

        Args:
            call: A method of pycoingecko, such as `get_exchanges_list`.
            parameters: Its parameters; None is left out.

        Raises:
            SourceError: The last attempt's failure.
            CallerLeft: The caller no longer waits.
        """
        answer = self._patiently(call, parameters)
        if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
            what = type(answer).__name__
            raise SourceBroken(f"{self.host} answered with {what} to {call}, where a list was expected.")
        return answer

    def mapping(self, call: str, **parameters: Any) -> Row:
        """The same for an answer that is one JSON object."""
        answer = self._patiently(call, parameters)
        if not isinstance(answer, dict):
            what = type(answer).__name__
            raise SourceBroken(f"{self.host} answered with {what} to {call}, where an object was expected.")
        return answer

    def _patiently(self, call: str, parameters: Mapping[str, Any]) -> Any:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(call, **parameters)
            except SourceError as error:
                asked = error.retry_after or 0.0
                self._budget.hold(asked)
                # Workers that failed together should not try again together.
                pause = asked + 2 ** (attempt - 1) * _CHANCE.uniform(0.5, 1.0)
                last = attempt == ATTEMPTS or not error.transient or asked > LONGEST_WAIT
                if last or not self._caller.wait(pause):
                    raise
        raise AssertionError("unreachable")

    def _once(self, call: str, **parameters: Any) -> Any:
        while pause := self._budget.take(self._per_minute):
            held = self._budget.held_for
            if held > LONGEST_WAIT:
                raise SourceExhausted(
                    f"{self.host} allows no requests for another {held:.0f} seconds.", retry_after=held
                )
            if not self._caller.wait(pause):
                raise SourceExhausted(
                    f"The budget of requests to {self.host} is used up for another {pause:.0f} seconds; "
                    "see the option requests_per_minute."
                )
        try:
            return getattr(self._api, call)(**parameters)
        except (KeyError, TypeError):
            # pycoingecko unwraps some answers, by a key that all of them have.
            raise SourceBroken(f"{self.host} answered with something that CoinGecko would not.") from None

    def _request(self, url: str, query: dict[str, Any]) -> Any:
        fields = {name: str(value) for name, value in query.items() if value is not None}
        try:
            answer = self._connections.get(url, fields, self._headers, self._timeout)
        except urllib3.exceptions.HTTPError as error:
            if self._caller.left:
                raise CallerLeft from None
            raise SourceUnreachable(self._unreachable(error)) from None
        if answer.status in _REDIRECTS and "Location" in answer.headers:
            raise SourceBroken(f"{self.host} redirects to another address, which is not followed.")
        if answer.status != 200:
            raise self._failure(answer, urlsplit(url).path)
        try:
            return _read(answer.body)
        except (ValueError, RecursionError):
            raise SourceBroken(f"{self.host} answered with something that is not JSON.") from None

    def _unreachable(self, error: urllib3.exceptions.HTTPError) -> str:
        """Not with the text of the error, which contains the whole address."""
        late = isinstance(error, urllib3.exceptions.TimeoutError)
        # urllib3 counts a refused connection among the timeouts.
        if late and not isinstance(error, urllib3.exceptions.NewConnectionError):
            return f"{self.host} did not answer within {self._timeout:g} seconds."
        if isinstance(error, urllib3.exceptions.SSLError):
            return f"The certificate of {self.host} is not trusted; SSL_CERT_FILE can name its authority."
        return f"{self.host} cannot be reached ({type(error).__name__}); check the option base_url."

    def _failure(self, answer: Answer, path: str) -> SourceError:
        status, message = answer.status, _words(answer, trusted=self._trusted)
        if self._key:
            message = message.replace(self._key, "***")
        said = f"{self.host} answered {status} to {path}: {message[:LONGEST_WORDS].rstrip('.')}."
        if status in (401, 403):
            hint = (
                "Check the API key in the secret." if self._key else "It may need an API key, in the secret."
            )
            return SourceRefused(f"{said} {hint}")
        if status == 429:
            return SourceExhausted(f"{said} Collect less often, or use an API key.", _retry_after(answer))
        if status == 408 or status >= 500:
            return SourceBroken(said, _retry_after(answer))
        return SourceRejected(said)


def _words(answer: Answer, *, trusted: bool) -> str:
    """The source's words about an error, or else what its status means.

    Who edits the options may name any server that this container reaches, and would read here what it answers. So
    the words of a server that neither is CoinGecko's nor is named by the secret count only where CoinGecko alone would
    write them: a message beside its number of an error, or one of its own sentences.
    """
    status = HTTPStatus(answer.status).phrase if answer.status in _STATUSES else "an unknown status"
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return status
    whole = _inside(body, "error")
    inner = _inside(whole, "status") or _inside(body, "status")
    words, number = _inside(inner, "error_message"), _inside(inner, "error_code")
    known = isinstance(number, int)
    if not isinstance(words, str):
        words, known = whole, isinstance(whole, str) and bool(_OWN_WORDS.fullmatch(whole))
    if not isinstance(words, str) or not words.isprintable() or not (trusted or known):
        return status
    return words if trusted or len(words) <= LONGEST_WORDS else status


def _inside(body: Any, key: str) -> Any:
    return body.get(key) if isinstance(body, dict) else None


def _retry_after(answer: Answer) -> float | None:
    """The header Retry-After in seconds: either a number of them, or a date (RFC 9110, 10.2.3)."""
    value = answer.headers.get("Retry-After", "").strip()
    try:
        if value.isascii() and value.isdigit():
            seconds = float(value)
        else:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(0.0, seconds), LONGEST_HOLD)


def _read(body: bytes) -> Any:
    try:
        return _decode(body)
    except msgspec.DecodeError:
        # It refuses numbers beyond the largest double.
        return json.loads(body, parse_float=number, parse_constant=_no_number)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def _texts(answer: object) -> list[str]:
    return [text for text in answer if isinstance(text, str)] if isinstance(answer, list) else []
