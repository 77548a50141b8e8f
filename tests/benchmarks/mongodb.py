"""The sandbox's embedded MongoDB, against the library that it is built on."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mongomock
from pymongo import MongoClient

from tests.benchmarks import servers
from tests.benchmarks.harness import Benchmark, BenchmarkError, Goal, Of, Ratio, Rounds, Samples

_TIMES = 1000
_KINDS = 4
_FILLING = "x" * 500


def operations(rounds: Rounds) -> Samples:
    """Operations a second, each kind in turn as the services mix them, on a collection that grows."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(TemporaryDirectory())) / "data"
        server = stack.enter_context(servers.mongodb(data))
        client = stack.enter_context(MongoClient[dict[str, Any]]("127.0.0.1", server.port))
        plain = mongomock.MongoClient()
        return rounds.alternate(_side(client["shop"]["plants"]), _side(plain["shop"]["plants"]))


def _side(plants: Any) -> Callable[[], float]:
    return partial(rate, plants)


def rate(plants: Any) -> float:
    """Operations a second in a collection that is emptied before: count, find, insert and update."""
    plants.drop()
    plants.create_index("name", unique=True)
    plants.create_index([("shop", 1), ("state", 1)])
    started = time.perf_counter()
    for number in range(_TIMES):
        name = f"plant-{number}"
        plants.count_documents({"name": name, "shop": "a"})
        plants.find_one({"$and": [{"name": name}, {"shop": "a"}]})
        plants.insert_one(
            {"name": name, "shop": "a", "state": "NEW", "data": {"text": _FILLING, "n": number}}
        )
        plants.update_one({"name": name}, {"$set": {"data.n": -number, "state": "SEEN"}})
    seconds = time.perf_counter() - started
    if (seen := plants.count_documents({"shop": "a", "state": "SEEN"})) != _TIMES:
        raise BenchmarkError(f"{seen} documents were changed, and {_TIMES} were to be.")
    return _TIMES * _KINDS / seconds


MONGODB = Benchmark(
    name="mongodb-vs-mongomock",
    what=f"{_TIMES:,} times count, find, insert and update in the embedded database, over the wire",
    against="mongomock as it is, in the measuring process",
    unit="1/s",
    ratio=Ratio.OURS_TO_THEIRS,
    run=operations,
    goal=Goal(Of.RATIO, 5),
    rounds=5,
    quick=2,
)
