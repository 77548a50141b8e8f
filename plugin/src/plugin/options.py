"""The options and the secret of one collector, ready for use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from plugin.schema import CLOUD_SERVICE_TYPES, PUBLIC_API
from plugin.serving import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one collector; `plugin.schema` describes each.

    `currency` and `more_currencies` are in lower case, as the source writes them. `category` is None where there is
    none, and `base_url` for CoinGecko's own address.
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

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Options:
        """Make options of values that the schema has checked, with a value for each.

        Raises:
            InvalidParameter: What the schema cannot say is wrong; names the option.
        """
        currency = values["currency"].lower()
        more = dict.fromkeys(name.lower() for name in values["more_currencies"])
        more.pop(currency, None)
        wanted = values["cloud_service_types"]
        changes = {
            # In the schema's order, so that the order of a list changes nothing.
            "cloud_service_types": tuple(name for name in CLOUD_SERVICE_TYPES if name in wanted),
            "currency": currency,
            "more_currencies": tuple(more),
            "ids": tuple(values["ids"]),
            "category": values["category"] or None,
            "base_url": _base_url(values["base_url"]),
        }
        options = cls(**{**values, **changes})
        if options.ids and options.category:
            raise InvalidParameter("options.ids", "give ids or a category, not both")
        return options


@dataclass(frozen=True, slots=True)
class Secret:
    """The API key of the source, of which there are two kinds; the public API needs neither.

    Attributes:
        demo_api_key: Key of CoinGecko's demo plan.
        pro_api_key: Key of a paid plan, which has its own address.
    """

    demo_api_key: str | None = field(default=None, repr=False)
    pro_api_key: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Secret:
        """Read the keys from a request's secret_data; other values in it belong to the service account.

        Raises:
            InvalidParameter: A key is not a text, or both are given. The message never contains a key.
        """
        keys = {name: _key(name, values.get(name)) for name in ("demo_api_key", "pro_api_key")}
        if all(keys.values()):
            raise InvalidParameter("secret_data", "give demo_api_key or pro_api_key, not both")
        return cls(**keys)


def _base_url(address: str) -> str | None:
    if not address:
        return None
    try:
        parts = urlsplit(address)
        complete = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise InvalidParameter("options.base_url", str(error)) from None
    if not complete or parts.query or parts.fragment:
        raise InvalidParameter("options.base_url", f"give http(s)://host/path, such as {PUBLIC_API}")
    if parts.username or parts.password:
        raise InvalidParameter("options.base_url", "a key belongs in the secret, not in the address")
    address = address.rstrip("/")
    # The console's form sends the default, too: it does not name another server, and a paid plan has its own address.
    return None if address == PUBLIC_API else address


def _key(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,200}", value):
        raise InvalidParameter(f"secret_data.{name}", "this is not an API key")
    return value
