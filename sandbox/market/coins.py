"""The coins of the stand-in: well-known coins with their real names, and any number of invented ones."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Final

from sandbox.market.known import known_coins

SEED: Final = 20240725
COUNT: Final = 1200
"""Coins in all, unless the command line says otherwise."""


@dataclass(frozen=True, slots=True)
class Coin:
    """What does not change about a coin.

    Attributes:
        id: The source's name for it, in lower case with dashes.
        symbol: Ticker in lower case.
        name: Its name.
        price: US dollars around which its price moves.
        supply: Coins in circulation; None where nobody knows, and then it has neither market cap nor rank.
        total_supply: Coins that exist; None for no limit.
        max_supply: Coins that can ever exist; None for no limit.
        high: Highest price ever in US dollars, with its day.
        low: Lowest price ever in US dollars, with its day.
        swing: How far its price moves, as a part of it.
        turnover: Volume of a day as a part of its market cap.
        category: What CoinGecko would file it under.
        image: Number of its picture.
    """

    id: str
    symbol: str
    name: str
    price: float
    supply: float | None
    total_supply: float | None
    max_supply: float | None
    high: tuple[float, str]
    low: tuple[float, str]
    swing: float
    turnover: float
    category: str
    image: int


_CALM: Final = {"stablecoins": 0.0006, "bridged": 0.03, "liquid-staking": 0.035}
_FIRST: Final = ("Atlas", "Cedar", "Delta", "Echo", "Granite", "Harbor", "Lumen", "Nova", "Quartz", "Willow")
_SECOND: Final = ("Chain", "Coin", "Protocol", "Network", "Token", "Finance", "Swap", "Cash", "Node")
_CATEGORIES: Final = (
    "layer-1",
    "layer-2",
    "defi",
    "meme-token",
    "gaming",
    "ai",
    "storage",
    "privacy",
    "oracle",
)


@cache
def universe(count: int = COUNT) -> tuple[Coin, ...]:
    """The first `count` coins, well-known ones first; always the same ones."""
    chance = random.Random(SEED)  # noqa: S311 - invented prices, no secrets
    known = [_known(row, chance) for row in known_coins()[:count]]
    return (*known, *(_invented(number, chance) for number in range(len(known), count)))


def _known(row: dict[str, str], chance: random.Random) -> Coin:
    price, supply = float(row["price"]), float(row["supply"])
    limit = float(row["max_supply"]) if row["max_supply"] else None
    stable = row["category"] == "stablecoins"
    return Coin(
        id=row["id"],
        symbol=row["symbol"],
        name=row["name"],
        price=price,
        supply=supply,
        total_supply=limit if limit is not None and chance.random() < 0.5 else supply,
        max_supply=limit,
        high=(float(row["high"]), row["high_day"]),
        low=(float(row["low"]), row["low_day"]),
        swing=_CALM.get(row["category"], 0.03 if price > 1000 else 0.05),
        turnover=0.5 if stable else chance.uniform(0.02, 0.09),
        category=row["category"],
        image=int(row["image"]),
    )


def _invented(number: int, chance: random.Random) -> Coin:
    name = f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {number}"
    symbol = "".join(word[0] for word in name.split()[:2]).lower() + str(number)
    # Market caps fall off with the rank, as real ones do: roughly by its power of 1.5.
    cap = 2.0e9 * (40 / number) ** 1.5 * chance.uniform(0.9, 1.1)
    price = 10 ** chance.uniform(-7, 2.5)
    supply = cap / price
    # Of the smallest coins nobody knows the supply; CoinGecko gives them no rank.
    unknown = number > 1000 and chance.random() < 0.05
    limit = supply * chance.uniform(1.0, 4.0) if chance.random() < 0.6 else None
    year = chance.randint(2018, 2023)
    return Coin(
        id=name.lower().replace(" ", "-"),
        symbol=symbol,
        name=name,
        price=price,
        supply=None if unknown else supply,
        total_supply=limit,
        max_supply=limit if chance.random() < 0.5 else None,
        high=(
            price * chance.uniform(1.5, 40),
            f"{year}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        ),
        low=(
            price * chance.uniform(0.01, 0.7),
            f"{year - 1}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        ),
        swing=chance.uniform(0.03, 0.09),
        turnover=chance.uniform(0.005, 0.12),
        category=chance.choice(_CATEGORIES),
        image=40_000 + number,
    )
