"""JSON Schema of a collector's options, which the platform's console makes a form of."""

from __future__ import annotations

from typing import Any, Final

PUBLIC_API: Final = "https://api.coingecko.com/api/v3"
PRO_API: Final = "https://pro-api.coingecko.com/api/v3"

MAX_COUNT: Final = 1_000_000
"""More coins than the source ranks; a bound, so that a slip of the keyboard is no endless collection."""

MAX_IDS: Final = 5000
MAX_CURRENCIES: Final = 20

GENERATIONS: Final = ("2.x", "1.12")
CLOUD_SERVICE_TYPES: Final = ("Cryptocurrency", "Exchange", "Market")
"""Names of `plugin.types.TYPES`, which stand above the options."""

CURRENCY_PATTERN: Final = "^[A-Za-z]{2,6}$"
ID_PATTERN: Final = "^[^\\s,]{1,200}$"

OPTIONS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "cloud_service_types": {
            "title": "Cloud Service Types",
            "description": "What is collected, such as coins, the exchanges that trade them, the market as a whole.",
            "type": "array",
            "items": {"type": "string", "enum": list(CLOUD_SERVICE_TYPES)},
            "uniqueItems": True,
            "minItems": 1,
            "default": ["Cryptocurrency"],
        },
        "currency": {
            "title": "Quote Currency",
            "description": "The currency that prices are given in, as the source abbreviates it.",
            "type": "string",
            "pattern": CURRENCY_PATTERN,
            "default": "usd",
        },
        "more_currencies": {
            "title": "Further Quote Currencies",
            "description": "Prices are given in these, too, side by side in the resource's quotes.",
            "type": "array",
            "items": {"type": "string", "pattern": CURRENCY_PATTERN},
            "uniqueItems": True,
            "maxItems": MAX_CURRENCIES,
            "default": [],
        },
        "count": {
            "title": "Number of Coins",
            "description": "How many coins, and how many exchanges, are collected; the largest first.",
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_COUNT,
            "default": 5,
        },
        "ids": {
            "title": "Coins by Id",
            "description": "Collects these coins instead, such as bitcoin: the last part of a coin's page.",
            "type": "array",
            "items": {"type": "string", "pattern": ID_PATTERN},
            "uniqueItems": True,
            "maxItems": MAX_IDS,
            "default": [],
        },
        "category": {
            "title": "Category",
            "description": "Collects coins of this category alone, such as stablecoins; empty for all.",
            "type": "string",
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
            "description": "What all workers of one container may ask together; 0 takes the limit of the plan.",
            "type": "integer",
            "minimum": 0,
            "maximum": 10_000,
            "default": 0,
        },
        "base_url": {
            "title": "Source Address",
            "description": "Another server with CoinGecko's API, such as a mirror.",
            "type": "string",
            "default": PUBLIC_API,
        },
        "request_timeout": {
            "title": "Request Timeout",
            "description": "Seconds to wait for a connection to the source, and for each part of an answer.",
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
    "order": [
        "cloud_service_types",
        "currency",
        "more_currencies",
        "count",
        "ids",
        "category",
        "minimum_market_cap",
        "requests_per_minute",
        "base_url",
        "request_timeout",
        "generation",
    ],
}
"""With the titles and defaults that the form shows."""
