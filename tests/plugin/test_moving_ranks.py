"""Every coin of the source exactly once, or an error resource that names it, whatever ranks and answers do.

The source is the stand-in's coins, recorded; between any two requests they change their ranks, and some come or go. A
coin moves by a rank from one request to the next, so by fewer than `ranks.OVERLAP` while a page is asked for, which
takes six requests at most: further than that no reader of pages can follow. Any answer may fail, or be cut off.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from functools import partial

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as some
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin import collection
from plugin.collection import Collection, all_tasks, split_tasks
from plugin.errors import SourceError
from plugin.options import Options, Secret
from plugin.ranks import pages
from plugin.serving.stream import Stream
from sandbox.market.answers import Market

NOON = 1768478400.0
COINS = 160

FAULTS = some.sampled_from(["", "", "", "error", "limit", "garbage", "cut", "row"])


BAD = [{"ath_date": "long ago"}, {"ath_date": 7}, {"circulating_supply": 10**400}, {"max_supply": [1]}]


class Rows(dict):
    def __repr__(self):
        return f"{len(self)} recorded rows"


@pytest.fixture(scope="module")
def recorded():
    market = Market(COINS + 40, NOON)
    return Rows({coin.id: market.row(coin, "usd") for coin in market.sorted(market.coins, "market_cap_desc")})


class Moving:
    """Answers from the recorded rows, in an order that moves with each request."""

    def __init__(self, rows, seed, faults):
        self.rows = rows
        self.chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self.faults = iter(faults)
        self.order = list(rows)[:COINS]
        self.later = list(rows)[COINS:]
        self.asked = []
        self.cut = False

    def move(self):
        """By one rank at most."""
        happens = self.chance.random()
        if happens < 0.15:
            self.order.pop(self.chance.randrange(len(self.order)))
        elif happens < 0.3 and self.later:
            self.order.insert(self.chance.randrange(len(self.order)), self.later.pop())
        else:
            start = self.chance.randrange(2)
            for at in range(start, len(self.order) - 1, 2):
                if self.chance.random() < 0.7:
                    self.order[at : at + 2] = reversed(self.order[at : at + 2])

    def answer(self, _path, query):
        self.move()
        ranks = {coin: rank for rank, coin in enumerate(self.order, start=1)}
        page, size = int(query["page"]), int(query["per_page"])
        self.asked.append((query, ranks))
        fault = next(self.faults, "")
        if fault in ("error", "limit", "garbage"):
            status = {"error": 500, "limit": 429, "garbage": 200}[fault]
            return status, b"<html>", {"Retry-After": "1"} if fault == "limit" else {}
        ids = query["ids"].split(",") if "ids" in query else None
        wanted = [coin for coin in self.order if coin in ids] if ids else self.order
        rows = [self.rows[coin] for coin in wanted[(page - 1) * size : page * size]]
        # Two answers in a row that are cut off cannot be told from the list's end.
        if fault == "cut" and not self.cut and rows:
            self.cut = True
            return 200, rows[: self.chance.randrange(len(rows))], {}
        self.cut = False
        if fault == "row" and rows:
            at = self.chance.randrange(len(rows))
            rows[at] = rows[at] | self.chance.choice(BAD)
        return 200, rows, {}

    def stayed(self, count, asked):
        """The coins that were among the first so many the whole time."""
        return {coin for coin in self.rows if all(ranks.get(coin, count + 1) <= count for _, ranks in asked)}


def run(options, tasks, pauses):
    names, errors = [], []
    for task in tasks:
        collected = Collection(options, Secret(), pauses).run([task])
        for message in Stream("2.x").messages(collected):
            made = ResourceInfo.FromString(message)
            if made.resource_type == "inventory.CloudService":
                names.append(
                    made.resource.fields["reference"].struct_value.fields["resource_id"].string_value
                )
            elif made.resource_type == "inventory.ErrorResource":
                errors.append(made.message)
    return names, errors


def named(errors, source):
    """The coins that the errors name: by their ids, or by the ranks that they had when they were asked for."""
    coins = set()
    for words in errors:
        if found := re.search(r": (\S+) is not a valid resource", words):
            coins.add(found[1])
        elif found := re.match(r"Cryptocurrency ranks (\d+) to (\d+) (could not|came|were not)", words):
            first, last = int(found[1]), int(found[2])
            for query, ranks in source.asked:
                page, size = int(query["page"]), int(query["per_page"])
                if found[3] == "were not" or (page - 1) * size + 1 == first:
                    coins |= {coin for coin, rank in ranks.items() if first <= rank <= last}
        else:
            listed = re.match(r"Cryptocurrency (.+?) (could not be|is not|were not)", words)
            assert listed, words
            coins |= set(listed[1].split(", "))
    return coins


@pytest.fixture
def small_pages(monkeypatch):
    """Pages of so few rows that a collection takes several."""

    def use(largest):
        monkeypatch.setattr(collection, "LARGEST", largest)
        monkeypatch.setattr(collection, "pages", partial(pages, largest=largest))

    return use


CASES = {
    "seed": some.integers(0, 10**6),
    "faults": some.lists(FAULTS, max_size=25),
    "largest": some.integers(25, 60),
    "count": some.integers(1, 2 * COINS),
}
RUNS = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


# The last page comes cut off, then whole but no longer than before, since a coin has left meanwhile.
@example(
    seed=593,
    faults=[*[""] * 4, *["error"] * 2, "", *["error"] * 2, "cut", "error", "row", "row", "cut"],
    largest=38,
    count=176,
)
@RUNS
@given(**CASES)
def test_a_stream(recorded, scripted, pauses, small_pages, seed, faults, largest, count):
    small_pages(largest)
    source = Moving(recorded, seed, faults)
    scripted.answer = source.answer
    options = Options(base_url=scripted.url, count=count)
    names, errors = run(options, all_tasks(options), pauses)
    assert max(Counter(names).values(), default=0) <= 1
    assert source.stayed(count, source.asked) <= set(names) | named(errors, source)


@RUNS
@given(**CASES)
def test_tasks(recorded, scripted, pauses, small_pages, seed, faults, largest, count):
    small_pages(largest)
    source = Moving(recorded, seed, faults)
    scripted.answer = source.answer
    options = Options(base_url=scripted.url, count=count)
    try:
        tasks = split_tasks(options, Secret(), pauses)
    except SourceError:
        assume(False)  # nothing was promised
    index = list(source.asked)
    assert all(len(task.ids) <= largest for task in tasks)
    source.cut = False
    source.chance.shuffle(tasks)
    names, errors = run(options, tasks, pauses)
    assert max(Counter(names).values(), default=0) <= 1
    told = set(names) | named(errors, source)
    # What was listed when the work was split comes, or is named as gone.
    assert {coin for task in tasks for coin in task.ids} <= told
    if index:
        assert source.stayed(count, index) <= told
