"""The options and the secret of one collector, ready for use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plugin.addresses import Address
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
        api_server: The server that is trusted instead of CoinGecko, as `https://host` or `http://host:port`.
    """

    demo_api_key: str | None = field(default=None, repr=False)
    pro_api_key: str | None = field(default=None, repr=False)
    api_server: str | None = None

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Secret:
        """Read the keys from a request's secret_data; other values in it belong to the service account.

        Raises:
            InvalidParameter: A key is not a text, or both are given; or api_server is not a server's address. The
                message never contains a key.
        """
        keys = {name: _key(name, values.get(name)) for name in ("demo_api_key", "pro_api_key")}
        if all(keys.values()):
            raise InvalidParameter("secret_data", "give demo_api_key or pro_api_key, not both")
        return cls(**keys, api_server=_server(values.get("api_server")))

    def names(self, address: Address) -> bool:
        """Whether the secret names the server of an address: same scheme, host and port."""
        return self.api_server == address.origin

    def key_for(self, address: Address) -> str | None:
        """The API key for requests to an address; None where the secret has no key.

        Whoever may edit the options of a collector names the address, but may not read secrets. So a key goes to
        CoinGecko's own servers, with TLS, or to the one server that the secret itself names; that one may have no TLS,
        since the secret says `http://` then. A secret that names a server keeps its key for that server: it does
        not go to CoinGecko either.

        To any other address there is no request at all, rather than one without the key: a collection that silently
        goes on with the limits of the public API looks like one that works, and who edited the options would not learn
        that the account is meant for another server.

        Raises:
            InvalidParameter: The key is not for this address; says what to do.
        """
        key = self.pro_api_key or self.demo_api_key
        if not key or self.names(address) or (not self.api_server and address.is_coingecko):
            return key
        owner = self.api_server or "CoinGecko over https"
        raise InvalidParameter(
            "options.base_url",
            f"the account's API key is for {owner}, and is not sent to {address.origin}; set base_url to that server, "
            "name this one in the secret as api_server, or use an account without a key",
        )


def _base_url(text: str) -> str | None:
    if not text:
        return None
    address = Address.parse("options.base_url", text).url
    # The console's form sends the default, too: it does not name another server, and a paid plan has its own address.
    return None if address == PUBLIC_API else address


def _server(value: object) -> str | None:
    if value is None or value == "":
        return None
    key = "secret_data.api_server"
    if not isinstance(value, str):
        raise InvalidParameter(key, "this is not a text")
    address = Address.parse(key, value.strip())
    if address.path:
        raise InvalidParameter(key, "give the server without a path, such as https://prices.example.com")
    return address.origin


def _key(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]{1,200}", value):
        raise InvalidParameter(f"secret_data.{name}", "this is not an API key")
    return value
