"""The options of a collector as JSON Schema: options are checked by it, and the console shows it as a form."""

from __future__ import annotations

from typing import Any, Final

PUBLIC_API: Final = "https://api.coingecko.com/api/v3"
PRO_API: Final = "https://pro-api.coingecko.com/api/v3"

MAX_COUNT: Final = 1_000_000
"""More coins than the source ranks; a bound, so that a typing error does not start an endless collection."""

MAX_IDS: Final = 5000
MAX_CURRENCIES: Final = 20

CLOUD_SERVICE_TYPES: Final = ("Cryptocurrency", "Exchange", "Market")
"""Names of `plugin.types.TYPES`, which imports the options; a test compares the two."""

CURRENCY_PATTERN: Final = "^[A-Za-z]{2,6}$"
ID_PATTERN: Final = "^[^\\s,]{1,200}$"

OPTIONS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "cloud_service_types": {
            "title": "Cloud Service Types",
            "description": "What is collected: coins, the exchanges that trade them, the market as a whole.",
            "type": "array",
            "items": {"type": "string", "enum": list(CLOUD_SERVICE_TYPES)},
            "uniqueItems": True,
            "minItems": 1,
            "default": ["Cryptocurrency"],
        },
        "currency": {
            "title": "Quote Currency",
            "description": "The currency of prices, by its abbreviation at CoinGecko.",
            "type": "string",
            "pattern": CURRENCY_PATTERN,
            "default": "usd",
        },
        "more_currencies": {
            "title": "Further Quote Currencies",
            "description": "Prices in these currencies are added to each resource's quotes.",
            "type": "array",
            "items": {"type": "string", "pattern": CURRENCY_PATTERN},
            "uniqueItems": True,
            "maxItems": MAX_CURRENCIES,
            "default": [],
        },
        "count": {
            "title": "Number of Coins",
            "description": "How many coins, and how many exchanges, are collected, the largest first.",
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_COUNT,
            "default": 5,
        },
        "ids": {
            "title": "Coins by Id",
            "description": "Collects these coins instead; bitcoin is the id at the end of that coin's address.",
            "type": "array",
            "items": {"type": "string", "pattern": ID_PATTERN},
            "uniqueItems": True,
            "maxItems": MAX_IDS,
            "default": [],
        },
        "category": {
            "title": "Category",
            "description": "Collects only coins of this category, such as stablecoins; empty for all.",
            "type": "string",
            "pattern": "^[^\\s,]{0,200}$",
            "default": "",
        },
        "minimum_market_cap": {
            "title": "Minimum Market Cap",
            "description": "Leaves out coins with a smaller market capitalisation in the quote currency.",
            "type": "number",
            "minimum": 0,
            "default": 0,
        },
        "requests_per_minute": {
            "title": "Requests per Minute",
            "description": "The limit of all workers of one container together; 0 for the limit of the plan.",
            "type": "integer",
            "minimum": 0,
            "maximum": 10_000,
            "default": 0,
        },
        "base_url": {
            "title": "Source Address",
            "description": "Address of a server with CoinGecko's API. It gets no API key unless the secret names it.",
            "type": "string",
            "default": PUBLIC_API,
        },
        "request_timeout": {
            "title": "Request Timeout",
            "description": "Seconds to wait for a connection, and for each part of an answer.",
            "type": "number",
            "minimum": 1,
            "maximum": 120,
            "default": 10,
        },
    },
}
"""With the titles and defaults that the form shows."""

SECRET_PROPERTIES: Final[dict[str, Any]] = {
    "demo_api_key": {"title": "CoinGecko Demo API Key", "type": "string", "format": "password"},
    "pro_api_key": {"title": "CoinGecko Pro API Key", "type": "string", "format": "password"},
    "api_server": {"title": "Server of the API Key, If Not CoinGecko", "type": "string"},
}
"""What this plugin reads of a secret; none is required, since the public API needs no key.

The console's form is made of deployments/portfolio/create_schema.yaml, which has the same properties.
"""
