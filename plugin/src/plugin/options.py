"""What a collector can be told: its options, which the console shows, and its secret, which nothing shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from plugin.errors import InvalidParameter
from plugin.schema import CURRENCY_PATTERN, ID_PATTERN, OPTIONS_SCHEMA, PUBLIC_API

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELDS: Final[dict[str, dict[str, Any]]] = OPTIONS_SCHEMA["properties"]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one collector, checked.

    Attributes:
        cloud_service_types: Names of the types that are collected.
        currency: The quote currency in lower case, as the source spells it.
        more_currencies: Further ones.
        count: How many coins, and exchanges, the largest first.
        ids: Coins by their ids instead; empty for the largest.
        category: The only category of coins that counts, or None.
        minimum_market_cap: In the quote currency.
        requests_per_minute: The budget of this container, or 0 for the plan's own limit.
        base_url: The source's address without a slash at its end, or None for CoinGecko's own.
        request_timeout: Seconds to wait for a connection, and for each part of an answer.
        generation: The SpaceONE generation that the resources are meant for, "2.x" or "1.12".
    """

    cloud_service_types: tuple[str, ...] = ("Cryptocurrency",)
    currency: str = "usd"
    more_currencies: tuple[str, ...] = ()
    count: int = 5
    ids: tuple[str, ...] = ()
    category: str | None = None
    minimum_market_cap: float = 0.0
    requests_per_minute: int = 0
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
            if key not in _FIELDS:
                known = ", ".join(OPTIONS_SCHEMA["order"])
                raise InvalidParameter(f"options.{key}", f"there is no such option; known are {known}")
        # An option without a value is none.
        given = {key: value for key, value in values.items() if value is not None}
        wish = {key: given.get(key, _FIELDS[key]["default"]) for key in _FIELDS}
        currency = _text(
            "currency", wish, CURRENCY_PATTERN, "an abbreviation of a currency, such as usd"
        ).lower()
        more = _texts("more_currencies", wish, CURRENCY_PATTERN, "an abbreviation of a currency, such as usd")
        options = cls(
            cloud_service_types=_choices("cloud_service_types", wish),
            currency=currency,
            more_currencies=tuple(dict.fromkeys(name.lower() for name in more if name.lower() != currency)),
            count=_whole("count", wish),
            ids=tuple(dict.fromkeys(_texts("ids", wish, ID_PATTERN, "an id of a coin, such as bitcoin"))),
            category=_text("category", wish, r"[^\s,]{0,200}", "an id of a category, such as stablecoins")
            or None,
            minimum_market_cap=_number("minimum_market_cap", wish),
            requests_per_minute=_whole("requests_per_minute", wish),
            base_url=_base_url(given.get("base_url")),
            request_timeout=_number("request_timeout", wish),
            generation=_generation(wish["generation"]),
        )
        if options.ids and options.category:
            raise InvalidParameter("options.ids", "give ids or a category, not both")
        return options


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


def _within(name: str, value: float) -> None:
    least, most = _FIELDS[name].get("minimum", 0), _FIELDS[name].get("maximum")
    if value < least or (most is not None and value > most):
        bounds = f"between {least} and {most}" if most is not None else f"{least} or more"
        raise InvalidParameter(f"options.{name}", f"{value:.12g} is not {bounds}")


def _whole(name: str, wish: Mapping[str, Any]) -> int:
    number = whole(f"options.{name}", wish[name])
    _within(name, number)
    return number


def _number(name: str, wish: Mapping[str, Any]) -> float:
    value = wish[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
        raise InvalidParameter(f"options.{name}", f"{value!r} is no number")
    _within(name, value)
    return float(value)


def _text(name: str, wish: Mapping[str, Any], pattern: str, what: str) -> str:
    return _matching(name, wish[name], pattern, what)


def _texts(name: str, wish: Mapping[str, Any], pattern: str, what: str) -> list[str]:
    value = wish[name]
    if not isinstance(value, list | tuple):
        raise InvalidParameter(f"options.{name}", f"{value!r} is no list")
    if len(value) > _FIELDS[name]["maxItems"]:
        raise InvalidParameter(f"options.{name}", f"{len(value)} are more than {_FIELDS[name]['maxItems']}")
    return [_matching(name, item, pattern, what) for item in value]


def _matching(name: str, value: object, pattern: str, what: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value.strip()):
        raise InvalidParameter(f"options.{name}", f"{value!r} is not {what}")
    return value.strip()


def _choices(name: str, wish: Mapping[str, Any]) -> tuple[str, ...]:
    known, value = _FIELDS[name]["items"]["enum"], wish[name]
    if not isinstance(value, list | tuple) or not value or any(item not in known for item in value):
        raise InvalidParameter(f"options.{name}", f"{value!r} is no list of some of {', '.join(known)}")
    # In the schema's order, so that the order of a list changes nothing.
    return tuple(item for item in known if item in value)


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
    address = value.strip().rstrip("/")
    # The console's form sends the default, too: it is not another server, and a paid plan has another address.
    return None if address == PUBLIC_API else address


def _generation(value: object) -> str:
    # 1.12 without quotes is a number in YAML.
    text = str(value)
    if text not in _FIELDS["generation"]["enum"]:
        known = ", ".join(_FIELDS["generation"]["enum"])
        raise InvalidParameter("options.generation", f"{value!r} is none of {known}")
    return text


def _key(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,200}", value):
        raise InvalidParameter(f"secret_data.{name}", "this is no API key")
    return value
