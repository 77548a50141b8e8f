"""Collections against sources that fail: what could not be had is named, and the rest comes all the same."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin.collection import Collection, all_tasks, split_tasks
from plugin.errors import SourceBroken, SourceRejected
from plugin.metrics import METRICS
from plugin.options import Options, Secret
from plugin.serving import Caller, InvalidParameter
from plugin.serving.stream import Stream
from plugin.tasks import Task

FIRST = ["inventory.Region", "inventory.CloudServiceType", "inventory.Namespace"] + ["inventory.Metric"] * 3


def collect(options, tasks=None):
    collected = Collection(options, Secret(), Caller(patient=False)).run(tasks or all_tasks(options))
    return [ResourceInfo.FromString(message) for message in Stream("2.x").messages(collected)]


def run(scripted, count, tasks=None, **options):
    return collect(Options(base_url=scripted.url, count=count, **options), tasks)


def names(messages):
    return [
        message.resource.fields["reference"].struct_value.fields["resource_id"].string_value
        for message in messages
        if message.resource_type == "inventory.CloudService"
    ]


def errors(messages):
    return [message.message for message in messages if message.resource_type == "inventory.ErrorResource"]


def ranked(coin, total):
    """A source with so many coins, of which it gives pages, or some by their ids."""

    def answer(_path, query):
        page, size = int(query["page"]), int(query["per_page"])
        ids = [f"coin-{rank}" for rank in range(total)]
        if "ids" in query:
            ids = [each for each in ids if each in query["ids"].split(",")]
        return 200, [coin(each) for each in ids[(page - 1) * size : page * size]], {}

    return answer


def priced(full, status, prices):
    """The same, with an answer of its own for the prices in further currencies."""
    return lambda path, query: (status, prices, {}) if path == "/simple/price" else full(path, query)


def test_region_type_and_metrics_come_first(scripted, coin):
    scripted.answer = ranked(coin, 5)
    kinds = [message.resource_type for message in run(scripted, 5)]
    assert kinds == [*FIRST, *["inventory.CloudService"] * 5]
    assert len(METRICS) == 3
    assert len(scripted.requests) == 1


def test_pages_follow_each_other_and_the_last_is_cut(scripted, coin):
    scripted.answer = ranked(coin, 2000)
    assert names(run(scripted, 600)) == [f"coin-{rank}" for rank in range(600)]
    asked = [(query["page"], query["per_page"]) for _, query in scripted.requests]
    assert asked == [("1", "250"), ("2", "240"), ("3", "200")]


@pytest.mark.parametrize("total", [0, 3, 249, 250, 251, 300, 481])
def test_the_end_of_the_list_ends_the_asking(scripted, coin, total):
    scripted.answer = ranked(coin, total)
    messages = run(scripted, 10_000)
    assert names(messages) == [f"coin-{rank}" for rank in range(total)]
    assert errors(messages) == []
    assert len(scripted.requests) <= total // 240 + 4


def test_fewer_coins_than_wished_for_are_no_error(scripted, coin):
    scripted.answer = ranked(coin, 4)
    messages = run(scripted, 5)
    assert (len(names(messages)), errors(messages)) == (4, [])
    # A source that gives the same for every page has said all that it has.
    scripted.answer = lambda *_: (200, [coin(f"coin-{rank}") for rank in range(4)], {})
    messages = run(scripted, 500)
    assert (len(names(messages)), errors(messages)) == (4, [])


@pytest.mark.parametrize("cut", ["1", "2", "3"])
def test_an_answer_that_is_cut_off_is_asked_for_again(scripted, coin, cut):
    full = ranked(coin, 2000)
    cuts = [100]

    def answer(path, query):
        status, rows, headers = full(path, query)
        return status, rows[: cuts.pop()] if query["page"] == cut and cuts else rows, headers

    scripted.answer = answer
    messages = run(scripted, 600)
    assert (names(messages), errors(messages)) == ([f"coin-{rank}" for rank in range(600)], [])


@pytest.mark.parametrize("cut", ["1", "2"])
def test_one_that_stays_cut_off_is_named(scripted, coin, cut):
    full = ranked(coin, 2000)

    def answer(path, query):
        status, rows, headers = full(path, query)
        return status, rows[:100] if query["page"] == cut else rows, headers

    scripted.answer = answer
    messages = run(scripted, 600)
    ranks = {"1": "1 to 250", "2": "241 to 480"}[cut]
    assert errors(messages) == [f"Cryptocurrency ranks {ranks} came with 100 rows, though the list goes on."]
    assert len(names(messages)) == len(set(names(messages))) > 400


def twice(full, coin, page, *answers):
    """The same as `full`, but the first answers to a page have the ids given here, in turn."""
    rest = list(answers)

    def answer(path, query):
        if query["page"] == page and "ids" not in query and rest:
            return 200, [coin(each) for each in rest.pop(0)], {}
        return full(path, query)

    return answer


@pytest.mark.parametrize("split", [False, True])
def test_of_two_short_answers_each_gives_what_it_has(scripted, coin, split):
    """The first is cut off; the second is whole, but no longer, since a coin has left in between."""
    tail = [f"coin-{rank}" for rank in range(200, 300)]
    cut, whole = tail[:-1], tail[:50] + tail[51:]
    scripted.answer = twice(ranked(coin, 300), coin, "2", cut, whole)
    options = Options(base_url=scripted.url, count=400)
    caller = Caller(patient=False)
    tasks = split_tasks(options, Secret(), caller) if split else all_tasks(options)
    messages = [message for task in tasks for message in collect(options, [task])]
    assert sorted(names(messages)) == sorted(f"coin-{rank}" for rank in range(300))
    assert errors(messages) == []


def test_two_short_answers_are_short_even_where_they_fill_the_page_together(scripted, coin):
    first, second = ([f"coin-{rank}" for rank in (*range(248), last)] for last in (248, 249))
    scripted.answer = twice(ranked(coin, 2000), coin, "1", first, second)
    messages = run(scripted, 600)
    assert sorted(names(messages)) == sorted(f"coin-{rank}" for rank in range(600))
    assert errors(messages) == ["Cryptocurrency ranks 1 to 250 came with 249 rows, though the list goes on."]


def test_each_of_two_short_answers_ends_at_the_last_rank_that_is_wanted(scripted, coin):
    tail = [f"coin-{rank}" for rank in range(200, 350)]
    scripted.answer = twice(ranked(coin, 2000), coin, "2", tail, ["new", *tail[:-5]])
    messages = run(scripted, 300)
    assert names(messages) == [*(f"coin-{rank}" for rank in range(300)), "new"]
    assert errors(messages) == []


def test_a_row_without_an_id_in_two_short_answers_is_named_once(scripted, coin):
    scripted.answer = lambda *_: (200, [coin("a"), coin(id=None, name="B")], {})
    [words] = errors(run(scripted, 5))
    assert ": B is not a valid resource" in words


def test_a_coin_that_falls_by_two_pages_comes_once(scripted, coin):
    def answer(_path, query):
        ids = [f"coin-{rank}" for rank in range(2000)]
        if len(scripted.requests) > 1:
            ids.insert(600, ids.pop(5))
        page, size = int(query["page"]), int(query["per_page"])
        return 200, [coin(each) for each in ids[(page - 1) * size : page * size]], {}

    scripted.answer = answer
    found = names(run(scripted, 700))
    assert found.count("coin-5") == 1
    assert len(found) == len(set(found)) >= 699


def test_it_is_one_page_ahead_and_no_more(scripted, coin):
    scripted.answer = ranked(coin, 2000)
    wish = Options(base_url=scripted.url, count=1000)
    collected = Collection(wish, Secret(), Caller(patient=False)).run(all_tasks(wish))
    stream = Stream("2.x").messages(collected)
    for _ in range(len(FIRST) + 250):
        next(stream)
    assert len(scripted.requests) <= 2
    next(stream)
    stream.close()
    assert len(scripted.requests) <= 3


def test_a_broken_page_is_named_and_the_others_come(scripted, coin):
    full = ranked(coin, 2000)
    scripted.answer = lambda path, query: (500, b"", {}) if query["page"] == "2" else full(path, query)
    messages = run(scripted, 600)
    assert names(messages) == [f"coin-{rank}" for rank in (*range(250), *range(400, 600))]
    [words] = errors(messages)
    assert words.startswith("Cryptocurrency ranks 241 to 480 could not be collected: 127.0.0.1:")
    assert words.endswith("answered 500 to /coins/markets: Internal Server Error.")


def test_a_source_that_is_gone_is_asked_once_and_all_ranks_are_named(nobody):
    types = ("Cryptocurrency", "Exchange")
    messages = collect(Options(base_url=nobody, count=600, cloud_service_types=types))
    first, rest, exchanges = errors(messages)
    assert first.startswith("Cryptocurrency ranks 1 to 250 could not be collected: ")
    assert rest.startswith("Cryptocurrency ranks 251 to 600 were not requested: ")
    assert exchanges.startswith("Exchange ranks 1 to 600 were not requested: ")
    assert all("cannot be reached" in words for words in (first, rest, exchanges))


def test_a_row_that_is_no_resource_is_named_and_the_others_come(scripted, coin):
    rows = [coin("a"), coin("b", ath_date="long ago"), coin("c", id=None), {"symbol": "d"}, coin("e")]
    scripted.answer = lambda *_: (200, rows, {})
    messages = run(scripted, 5)
    assert names(messages) == ["a", "e"]
    first, second, third = errors(messages)
    assert "Cryptocurrency ranks 1 to 5: b is not a valid resource" in first
    assert "long ago" in first
    assert ": C is not a valid resource: it lacks 'id'." in second
    assert ": a row without an id is not a valid resource" in third


def test_what_a_message_has_of_the_sources_words_is_short_and_printable(scripted, coin):
    long = "\x1b[2J\u202e" + "words " * 1000
    rows = [
        coin("a"),
        coin("b") | {"id": None, "name": long},
        coin("c", ath_date=long),
        coin("d") | {"id": [long]},
    ]
    scripted.answer = lambda *_: (200, rows, {})
    messages = run(scripted, 4)
    assert names(messages) == ["a"]
    assert len(errors(messages)) == 3
    for message in errors(messages):
        assert message.isprintable()
        assert len(message) < 400


def test_a_mistake_about_one_row_costs_no_other(scripted, coin, caplog):
    rows = [coin("a"), coin("b", ath_date=7), coin("c", circulating_supply=10**400), coin("d")]
    scripted.answer = lambda *_: (200, rows, {})
    messages = run(scripted, 4)
    assert names(messages) == ["a", "d"]
    first, second = errors(messages)
    assert first.startswith("Cryptocurrency ranks 1 to 4: b is not a valid resource: fromisoformat: ")
    assert second == (
        "Cryptocurrency ranks 1 to 4: c is not a valid resource: OverflowError: int too large to convert to float."
    )
    [logged] = [record for record in caplog.records if record.exc_info]
    assert logged.message == "A type's record failed"


def test_an_answer_that_a_type_stumbles_over_is_named(scripted, coin, caplog):
    scripted.answer = priced(ranked(coin, 5), 200, {"coin-1": 5})
    messages = run(scripted, 5, more_currencies=("eur",))
    assert names(messages) == ["coin-0", "coin-2", "coin-3", "coin-4"]
    reason = "AttributeError: 'int' object has no attribute 'get'"
    assert errors(messages) == [f"Cryptocurrency ranks 1 to 5: coin-1 is not a valid resource: {reason}."]
    scripted.answer = lambda path, query: (
        (200, [coin(id=["a"])], {}) if path == "/coins/markets" else (200, {}, {})
    )
    assert len(errors(run(scripted, 1, more_currencies=("eur",)))) == 1
    scripted.answer = lambda *_: (200, [coin("\ud800", max_supply=[])], {})
    [words] = errors(run(scripted, 1))
    assert words.startswith("Cryptocurrency ? cannot be sent: 'utf-8' codec can't encode")


def test_a_row_of_which_nobody_can_tell_whether_it_is_wanted_is_named(scripted, coin):
    rows = [coin("a"), coin("b", market_cap="n/a"), coin("c", market_cap=10**400), coin("d", market_cap=1)]
    scripted.answer = lambda *_: (200, rows, {})
    messages = run(scripted, 4, minimum_market_cap=5)
    assert names(messages) == ["a", "b", "c"]
    # They are resources, after all: with what the source says of them.
    assert errors(messages) == []


def test_coins_whose_further_currencies_cannot_be_had_come_without(scripted, coin):
    scripted.answer = priced(ranked(coin, 300), 422, {"error": "no"})
    messages = run(scripted, 300, more_currencies=("eur",))
    assert len(names(messages)) == 300
    first, second = errors(messages)
    assert first.startswith("Cryptocurrency ranks 1 to 250 are incomplete: 127.0.0.1:")
    assert second.startswith("Cryptocurrency ranks 201 to 300 are incomplete: 127.0.0.1:")
    [words] = errors(run(scripted, 5, ids=("coin-7",), more_currencies=("eur",)))
    assert words.startswith("Cryptocurrency coin-7 are incomplete: 127.0.0.1:")


def test_what_is_not_asked_for_after_an_incomplete_page_is_named(scripted, coin):
    scripted.answer = priced(ranked(coin, 2000), 401, {"error": "no"})
    messages = run(scripted, 600, more_currencies=("eur",))
    assert len(names(messages)) == 250
    first, second = errors(messages)
    assert first.startswith("Cryptocurrency ranks 1 to 250 are incomplete: 127.0.0.1:")
    assert second.startswith("Cryptocurrency ranks 251 to 600 were not requested: 127.0.0.1:")


def test_rows_with_an_empty_id_are_named_each(scripted, coin):
    scripted.answer = lambda *_: (200, [coin("a"), coin(id="", name="B"), coin(id="", name="C")], {})
    messages = run(scripted, 3)
    assert names(messages) == ["a"]
    assert [words.split(": ")[1] for words in errors(messages)] == [
        "B is not a valid resource",
        "C is not a valid resource",
    ]


def test_a_page_with_more_rows_than_asked_for_is_none(scripted, coin):
    scripted.answer = lambda *_: (200, [coin(f"coin-{rank}") for rank in range(300)], {})
    assert errors(run(scripted, 5)) == [
        "Cryptocurrency ranks 1 to 5 could not be collected: page 1 came with 300 rows instead of 5."
    ]


WHOLE = {"total_market_cap": {"usd": 1}, "total_volume": {"usd": 2}}


def test_what_comes_at_once_is_asked_for_once_and_is_one_task(scripted):
    scripted.answer = lambda *_: (200, {"data": WHOLE}, {})
    options = Options(base_url=scripted.url, count=600, cloud_service_types=("Market",))
    tasks = split_tasks(options, Secret(), Caller(patient=False))
    assert tasks == all_tasks(options) == [Task("Market", leads=True)]
    assert names(collect(options, [Task.parse(tasks[0].to_options(), ["Market"])])) == ["global"]
    assert len(scripted.requests) == 1


def test_what_comes_at_once_and_does_not_is_named(scripted, nobody):
    scripted.answer = lambda *_: (422, {"error": "no"}, {})
    [words] = errors(collect(Options(base_url=scripted.url, cloud_service_types=("Market",))))
    assert words.startswith("Market rows could not be collected: 127.0.0.1:")
    [_, words] = errors(collect(Options(base_url=nobody, cloud_service_types=("Cryptocurrency", "Market"))))
    assert words.startswith("Market rows were not requested: 127.0.0.1:")
    scripted.answer = lambda *_: (200, {"data": {}}, {})
    [words] = errors(collect(Options(base_url=scripted.url, cloud_service_types=("Market",))))
    assert words == "Market rows: a row without an id is not a valid resource: it lacks 'total_market_cap'."


def test_metrics_come_with_the_type_that_they_are_about(scripted):
    scripted.answer = lambda *_: (200, {"data": WHOLE}, {})
    messages = collect(Options(base_url=scripted.url, cloud_service_types=("Market",)))
    assert [message.resource_type for message in messages] == [*FIRST[:2], "inventory.CloudService"]


def test_smaller_coins_than_are_wanted_are_left_out_and_end_the_asking(scripted, coin):
    def answer(_path, query):
        page, size = int(query["page"]), int(query["per_page"])
        ranks = range(2000)[(page - 1) * size : page * size]
        return 200, [coin(f"coin-{rank}", market_cap=2000 - rank) for rank in ranks], {}

    scripted.answer = answer
    messages = run(scripted, 2000, minimum_market_cap=1701)
    assert names(messages) == [f"coin-{rank}" for rank in range(300)]
    assert len(scripted.requests) <= 4
    scripted.answer = lambda *_: (200, [coin("a", market_cap=None), coin("b", market_cap=5)], {})
    assert names(run(scripted, 2, minimum_market_cap=5)) == ["b"]


def test_ids_instead_of_ranks(scripted, coin):
    scripted.answer = ranked(coin, 2000)
    messages = run(scripted, 5, ids=("coin-7", "nix", "coin-3"))
    assert names(messages) == ["coin-7", "coin-3"]
    assert errors(messages) == ["Cryptocurrency nix is not, or no longer, in the source's list."]
    [(_, query)] = scripted.requests
    assert (query["ids"], query["per_page"]) == ("coin-7,nix,coin-3", "3")


def test_a_category(scripted, coin):
    scripted.answer = ranked(coin, 5)
    messages = run(scripted, 5, category="layer-1")
    assert scripted.requests[0][1]["category"] == "layer-1"
    tags = MessageToDict(messages[-1])["resource"]["tags"]
    assert tags == {"symbol": "BTC", "category": "layer-1"}


def test_further_currencies_take_one_request_for_a_page(scripted, coin):
    full = ranked(coin, 2000)

    def answer(path, query):
        if path == "/simple/price":
            return 200, {each: {"eur": 1.5, "krw": 7} for each in query["ids"].split(",")}, {}
        return full(path, query)

    scripted.answer = answer
    messages = run(scripted, 300, more_currencies=("eur", "krw"))
    assert len(names(messages)) == 300
    assert sorted(path for path, _ in scripted.requests) == ["/coins/markets"] * 2 + ["/simple/price"] * 2
    [query] = [query for path, query in scripted.requests if path == "/simple/price"][:1]
    assert (query["vs_currencies"], query["include_market_cap"], query["precision"]) == (
        "eur,krw",
        "true",
        "full",
    )
    assert '"quotes":[{"currency":"USD"' in messages[-1].resource.fields["json_data"].string_value


def test_a_small_collection_is_one_task_and_asks_for_nothing_before(scripted):
    options = Options(base_url=scripted.url, count=250)
    assert (
        split_tasks(options, Secret(), Caller(patient=False))
        == all_tasks(options)
        == [Task("Cryptocurrency", count=250, leads=True)]
    )
    assert scripted.requests == []


def test_a_large_one_is_split_by_ids(scripted, coin):
    scripted.answer = ranked(coin, 2000)
    options = Options(base_url=scripted.url, count=600, cloud_service_types=("Cryptocurrency", "Exchange"))
    tasks = split_tasks(options, Secret(), Caller(patient=False))
    assert [(task.cloud_service_type, len(task.ids), task.count) for task in tasks] == [
        ("Cryptocurrency", 250, 0),
        ("Cryptocurrency", 250, 0),
        ("Cryptocurrency", 100, 0),
        ("Exchange", 0, 600),
    ]
    assert [task.leads for task in tasks] == [True, False, False, False]
    # What they give together is what comes without them.
    union = [message for task in tasks[:3] for message in collect(options, [task])]
    alone = collect(options, all_tasks(options)[:1])
    assert union == alone


def test_a_coin_that_goes_between_splitting_and_collecting_is_named(scripted, coin):
    scripted.answer = ranked(coin, 300)
    options = Options(base_url=scripted.url, count=300)
    tasks = split_tasks(options, Secret(), Caller(patient=False))
    scripted.answer = ranked(coin, 299)
    messages = [message for task in tasks for message in collect(options, [task])]
    assert names(messages) == [f"coin-{rank}" for rank in range(299)]
    assert errors(messages) == ["Cryptocurrency coin-299 is not, or no longer, in the source's list."]


def test_a_page_of_ids_that_cannot_be_had_names_each_of_them(scripted):
    scripted.answer = lambda *_: (500, b"", {})
    messages = run(scripted, 5, [Task("Cryptocurrency", ids=("a", "b"))])
    [words] = errors(messages)
    assert words.startswith("Cryptocurrency a, b could not be collected: 127.0.0.1:")


def test_rows_without_an_id_are_a_task_too(scripted, coin):
    full = ranked(coin, 300)

    def answer(path, query):
        status, rows, headers = full(path, query)
        return status, [row if row["id"] != "coin-7" else row | {"id": None} for row in rows], headers

    scripted.answer = answer
    options = Options(base_url=scripted.url, count=300)
    tasks = split_tasks(options, Secret(), Caller(patient=False))
    assert [(len(task.ids), task.without_id) for task in tasks] == [(250, ()), (49, ()), (0, ("Coin-7",))]
    messages = [message for task in tasks for message in collect(options, [again(task)])]
    alone = collect(options)
    assert sorted(names(messages)) == sorted(names(alone))
    assert errors(messages) == ["Cryptocurrency Coin-7 is not a valid resource: it lacks 'id'."]
    assert len(errors(alone)) == 1


def again(task):
    """A task on its way through the platform."""
    return Task.parse(task.to_options(), ["Cryptocurrency"])


def test_an_empty_list_is_a_task_too(scripted):
    scripted.answer = lambda *_: (200, [], {})
    options = Options(base_url=scripted.url, count=600)
    assert split_tasks(options, Secret(), Caller(patient=False)) == all_tasks(options)


def test_an_index_that_is_cut_off_is_an_error_of_get_tasks(scripted, coin):
    full = ranked(coin, 2000)

    def answer(path, query):
        status, rows, headers = full(path, query)
        return status, rows[:100] if query["page"] == "2" else rows, headers

    scripted.answer = answer
    with pytest.raises(SourceBroken, match="ranks 241 to 480 came with 100 rows, though the list goes on"):
        split_tasks(Options(base_url=scripted.url, count=600), Secret(), Caller(patient=False))


def test_ids_that_cannot_be_read_are_an_error_of_get_tasks(scripted):
    scripted.answer = lambda *_: (422, {"error": "invalid vs_currency"}, {})
    with pytest.raises(SourceRejected, match="invalid vs_currency"):
        split_tasks(Options(base_url=scripted.url, count=600), Secret(), Caller(patient=False))


def test_a_type_without_ids_has_no_tasks_with_them(scripted):
    with pytest.raises(InvalidParameter, match="Exchange cannot be collected by ids"):
        run(scripted, 5, [Task("Exchange", ids=("binance",))])
    with pytest.raises(InvalidParameter, match="Exchange needs a count or ids"):
        run(scripted, 5, [Task("Exchange")])
