"""What a collector can be told: its options, which the console shows, and its secret, which nothing shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from plugin.errors import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Mapping

PUBLIC_API: Final = "https://api.coingecko.com/api/v3"
PRO_API: Final = "https://pro-api.coingecko.com/api/v3"

PER_PAGE: Final = 250
"""The most coins that the source gives in one page."""

MAX_COUNT: Final = 1_000_000
"""More coins than the source ranks; a bound, so that a slip of the keyboard is no endless collection."""

GENERATIONS: Final = ("2.x", "1.12")

OPTIONS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "currency": {
            "title": "Quote Currency",
            "description": "The currency that prices are given in, as the source abbreviates it.",
            "type": "string",
            "pattern": "^[A-Za-z]{2,6}$",
            "default": "usd",
        },
        "count": {
            "title": "Number of Coins",
            "description": "How many coins are collected, the largest market capitalisation first.",
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_COUNT,
            "default": 5,
        },
        "base_url": {
            "title": "Source Address",
            "description": "Another server with CoinGecko's API, such as a mirror.",
            "type": "string",
            "default": PUBLIC_API,
        },
        "request_timeout": {
            "title": "Request Timeout",
            "description": "Seconds to wait for one answer of the source.",
            "type": "number",
            "minimum": 1,
            "maximum": 120,
            "default": 10,
        },
        "generation": {
            "title": "SpaceONE Generation",
            "description": "The API generation of the installation that stores the resources.",
            "type": "string",
            "enum": list(GENERATIONS),
            "default": "2.x",
        },
    },
    "order": ["currency", "count", "base_url", "request_timeout", "generation"],
}
"""JSON Schema of the options, with the titles and defaults that the console's form shows."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one collector, checked.

    Attributes:
        currency: The quote currency in lower case, as the source spells it.
        count: How many coins, the largest market capitalisation first.
        base_url: The source's address without a slash at its end, or None for CoinGecko's own.
        request_timeout: Seconds to wait for one answer.
        generation: The SpaceONE generation that the resources are meant for, "2.x" or "1.12".
    """

    currency: str = "usd"
    count: int = 5
    base_url: str | None = None
    request_timeout: float = 10.0
    generation: str = "2.x"

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Options:
        """Check the options of a request.

        Args:
            values: As protobuf's Struct gives them: numbers are floats, absent options take their defaults.

        Raises:
            InvalidParameter: An option is unknown or has a value that cannot be used; names the option.
        """
        for key in values:
            if key not in OPTIONS_SCHEMA["properties"]:
                known = ", ".join(OPTIONS_SCHEMA["order"])
                raise InvalidParameter(f"options.{key}", f"there is no such option; known are {known}")
        return cls(
            currency=_currency(values.get("currency")),
            count=_count(values.get("count")),
            base_url=_base_url(values.get("base_url")),
            request_timeout=_request_timeout(values.get("request_timeout")),
            generation=_generation(values.get("generation")),
        )


@dataclass(frozen=True, slots=True)
class Secret:
    """The API key of the source, of which there are two kinds; neither is needed for the public API.

    Attributes:
        demo_api_key: Key of CoinGecko's demo plan.
        pro_api_key: Key of a paid plan, which has an address of its own.
    """

    demo_api_key: str | None = field(default=None, repr=False)
    pro_api_key: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Secret:
        """Take the keys out of a request's secret_data; what else is in there belongs to the service account.

        Raises:
            InvalidParameter: A key is no text, or both are given. The message never holds a key.
        """
        keys = {name: _key(name, values.get(name)) for name in ("demo_api_key", "pro_api_key")}
        if all(keys.values()):
            raise InvalidParameter("secret_data", "give demo_api_key or pro_api_key, not both")
        return cls(**keys)


def whole(key: str, value: object) -> int:
    """A whole number out of a Struct, which has no integers: 5 arrives as 5.0.

    Raises:
        InvalidParameter: It is no number, or no whole one; names the key.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise InvalidParameter(key, f"{value!r} is no whole number")
    return int(value)


def _currency(value: object) -> str:
    if value is None:
        return "usd"
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{2,6}", value.strip()):
        raise InvalidParameter("options.currency", f"{value!r} is no abbreviation of a currency, such as usd")
    return value.strip().lower()


def _count(value: object) -> int:
    if value is None:
        return 5
    count = whole("options.count", value)
    if not 1 <= count <= MAX_COUNT:
        raise InvalidParameter("options.count", f"{count} is not between 1 and {MAX_COUNT}")
    return count


def _base_url(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidParameter("options.base_url", f"{value!r} is no address")
    try:
        parts = urlsplit(value.strip())
        complete = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise InvalidParameter("options.base_url", str(error)) from None
    if not complete or parts.query or parts.fragment:
        raise InvalidParameter("options.base_url", f"wanted is http(s)://host/path, such as {PUBLIC_API}")
    if parts.username or parts.password:
        raise InvalidParameter("options.base_url", "a key belongs into the secret, not into an address")
    return value.strip().rstrip("/")


def _request_timeout(value: object) -> float:
    if value is None:
        return 10.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 120:
        raise InvalidParameter("options.request_timeout", f"{value!r} is not between 1 and 120 seconds")
    return float(value)


def _generation(value: object) -> str:
    if value is None:
        return "2.x"
    # 1.12 without quotes is a number in YAML.
    text = str(value)
    if text not in GENERATIONS:
        raise InvalidParameter("options.generation", f"{value!r} is none of {', '.join(GENERATIONS)}")
    return text


def _key(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,200}", value):
        raise InvalidParameter(f"secret_data.{name}", "this is no API key")
    return value
