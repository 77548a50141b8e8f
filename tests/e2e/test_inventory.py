"""What the real inventory keeps of 260 coins is what the source said, number for number, and stays so.

The source is a server of this test, whose numbers are as hard as real ones are: tiny, huge, and with more digits than
a double has.
"""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.e2e.price_source import PriceSource
from tests.sandboxes import mongodb
from tests.waiting import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.apart]

COUNT = 260
FIELDS = {
    "price": "current_price",
    "market_cap": "market_cap",
    "volume_24h": "total_volume",
    "change_percent_24h": "price_change_percentage_24h",
    "rank": "market_cap_rank",
}


class Source(PriceSource):
    """Coins with numbers by their digits, in pages and by ids."""

    def __init__(self) -> None:
        self.chance = random.Random(260)  # noqa: S311 - no secret hangs on it
        self.coins = [f"coin-{number}" for number in range(1, COUNT + 1)]
        self.trade()

    def trade(self) -> None:
        """Gives each coin new numbers."""
        self.numbers = {coin: self._numbers(rank) for rank, coin in enumerate(self.coins, start=1)}

    def _numbers(self, rank: int) -> dict[str, str]:
        digits = self.chance.randrange
        price = [
            f"{digits(10**6)}.{digits(10**8):08}",
            f"{digits(1, 10)}.{digits(10**2):02}e-{digits(5, 30)}",
            f"0.{digits(10**17):017}",
        ][rank % 3]
        return {
            "current_price": price,
            "market_cap": str(2_500_000_000_000_000_000 - rank * 10**15 + digits(1000)),
            "total_volume": f"{digits(10**9)}.{digits(10**12):012}"
            if rank % 5
            else str(10**20 + digits(10**6)),
            "price_change_percentage_24h": f"{digits(-100, 100)}.{digits(10**5):05}",
            "market_cap_rank": str(rank),
        }

    def answer(self, query: dict[str, str]) -> tuple[int, str]:
        wanted = query["ids"].split(",") if "ids" in query else self.coins
        page, size = int(query.get("page", 1)), int(query.get("per_page", 1))  # a ping names none
        found = [coin for coin in self.coins if coin in wanted][(page - 1) * size : page * size]
        return 200, "[" + ",".join(self._row(coin) for coin in found) + "]"

    def _row(self, coin: str) -> str:
        numbers = ",".join(f'"{name}":{digits}' for name, digits in self.numbers[coin].items())
        return f'{{"id":"{coin}","symbol":"{coin[-4:]}","name":"{coin.title()}",{numbers}}}'


@pytest.fixture(scope="module")
def source(sandbox, engine):
    made = Source()
    with made.serving(engine):
        yield made


@pytest.fixture(scope="module")
def first(project, release, source):
    options = {"base_url": source.address, "request_timeout": 120, "count": COUNT}
    environment = project.write_environment("own-source", plugin_options=options)
    return release(project, environment=environment)


@pytest.fixture(scope="module")
def database(sandbox, engine):
    """The inventory's own database, past the inventory."""
    with mongodb(engine, sandbox) as connection:
        yield connection["inventory"]


def collect(client, report):
    """Collects once more; the platform's record of the one job task."""
    job = client.call("inventory.Collector.collect", {"collector_id": report["collector_id"]})["job_id"]
    wait_for(
        lambda: client.call("inventory.Job.get", {"job_id": job})["status"] != "IN_PROGRESS",
        "the job's end",
        seconds=600,
        pause=0.5,
    )
    [task] = client.list("inventory.JobTask.list", {"job_id": job})
    assert task["status"] == "SUCCESS", task.get("errors")
    return task


def told(client, project):
    """What the inventory's API tells of the coins, by their ids."""
    query = {"filter": [{"k": "provider", "v": project.provider, "o": "eq"}]}
    records = client.list("inventory.CloudService.list", {"query": query})
    held = {record["reference"]["resource_id"]: record for record in records}
    assert len(held) == len(records)
    return held


def same(source, held, kept):
    """Whether all coins are as the source says, where the API tells doubles and the database keeps more."""
    assert set(held) == set(kept) == set(source.coins)
    for coin, numbers in source.numbers.items():
        data, stored = held[coin]["data"], kept[coin]["data"]
        exact = data["exact"]
        assert exact == stored["exact"]
        for name, field in FIELDS.items():
            digits = numbers[field]
            assert data[name] == float(digits)
            if Decimal(repr(float(digits))) == Decimal(digits):
                assert name not in exact
            else:
                assert exact[name] == digits
            whole = digits.lstrip("-").isdecimal() and int(digits) < 2**63
            assert stored[name] == (int(digits) if whole else float(digits))


def kept(database, project):
    """What the inventory's database holds of the coins."""
    query = {"provider": project.provider, "state": "ACTIVE"}
    return {found["reference"]["resource_id"]: found for found in database["cloud_service"].find(query)}


def test_every_number_is_the_sources(first, project, source, client, database):
    assert first["resources"]["inventory.CloudService"] == COUNT
    held = told(client, project)
    same(source, held, kept(database, project))
    exact = [record["data"]["exact"] for record in held.values()]
    assert sum("market_cap" in found for found in exact) > 200
    assert sum("price" in found for found in exact) > 50


def test_a_second_collection_updates_all_and_adds_none(first, project, source, client, database):
    before = told(client, project)
    source.trade()
    # Other ranks, too: no order of the source may matter.
    source.coins.reverse()
    task = collect(client, first)
    assert (task.get("created_count", 0), task["updated_count"]) == (0, COUNT)
    after = told(client, project)
    same(source, after, kept(database, project))
    ids = [{coin: record["cloud_service_id"] for coin, record in held.items()} for held in (before, after)]
    assert ids[0] == ids[1]


def test_a_collection_of_the_same_changes_nothing(first, project, client, database):
    before = kept(database, project)
    task = collect(client, first)
    assert (task.get("created_count", 0), task["updated_count"]) == (0, COUNT)
    after = kept(database, project)
    for coin, record in after.items():
        assert {**record, "updated_at": 0, "collection_info": 0} == {
            **before[coin],
            "updated_at": 0,
            "collection_info": 0,
        }


def test_a_coin_that_leaves_the_list_is_removed_by_the_platforms_own_rules(
    first, project, source, client, database
):
    gone = source.coins.pop(7)
    # The platform removes what three collections, an hour or more after it was last seen, have not brought.
    for collection in range(3):
        assert gone in told(client, project), f"removed after {collection} collections"
        _an_hour_later(database)
        task = collect(client, first)
    assert task["deleted_count"] == 1
    assert gone not in told(client, project)
    assert set(told(client, project)) == set(source.coins)


def _an_hour_later(database):
    states = database["collection_state"]
    for state in list(states.find({}, {"updated_at": 1})):
        earlier = state["updated_at"] - timedelta(hours=1, minutes=1)
        states.update_one({"_id": state["_id"]}, {"$set": {"updated_at": earlier}})


def test_the_metrics_are_computed_of_the_coins(first, project, source, client):
    namespace = f"ns-{project.provider}-market"
    metrics = {
        found["name"]: found for found in client.list("inventory.Metric.list", {"namespace_id": namespace})
    }
    assert set(metrics) == {"Market Cap", "Number of Coins", "Change (24h)"}
    [found] = client.list("inventory.Namespace.list", {"namespace_id": namespace})
    assert found["name"] == "Cryptocurrency Market"
    values = {}
    for name, metric in metrics.items():
        tested = client.call("inventory.Metric.test", {"metric_id": metric["metric_id"]})
        values[name] = [result["value"] for result in tested["results"]]
    assert sum(values["Number of Coins"]) == len(source.coins)
    caps = sum(int(numbers["market_cap"]) for coin, numbers in source.numbers.items() if coin in source.coins)
    assert sum(values["Market Cap"]) == pytest.approx(caps, rel=1e-12)
