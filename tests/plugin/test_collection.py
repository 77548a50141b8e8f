"""Collections against sources that fail: what could not be had is named, and the rest comes all the same."""

from __future__ import annotations

from plugin.collection import collect, split
from plugin.options import Options, Secret


def run(scripted, count, tasks=None, **options):
    wish = Options(base_url=scripted.url, count=count, **options)
    return list(collect(wish, Secret(), tasks or split(wish), lambda _: True))


def names(messages):
    return [
        message.resource.fields["reference"].struct_value.fields["resource_id"].string_value
        for message in messages
        if message.resource_type == "inventory.CloudService"
    ]


def errors(messages):
    return [message.message for message in messages if message.resource_type == "inventory.ErrorResource"]


def ranked(coin, total):
    """A source with so many coins, of which it gives pages."""

    def answer(_path, query):
        page, size = int(query["page"]), int(query["per_page"])
        return 200, [coin(f"coin-{rank}") for rank in range(total)[(page - 1) * size : page * size]], {}

    return answer


def test_region_and_type_come_first(scripted, coin):
    scripted.answer = ranked(coin, 5)
    kinds = [message.resource_type for message in run(scripted, 5)]
    assert kinds == ["inventory.Region", "inventory.CloudServiceType", *["inventory.CloudService"] * 5]


def test_pages_follow_each_other_and_the_last_is_cut(scripted, coin):
    scripted.answer = ranked(coin, 2000)
    assert names(run(scripted, 600)) == [f"coin-{rank}" for rank in range(600)]
    assert [query["page"] for _, query in scripted.requests] == ["1", "2", "3"]
    assert {query["per_page"] for _, query in scripted.requests} == {"250"}


def test_the_end_of_the_list_ends_the_asking(scripted, coin):
    scripted.answer = ranked(coin, 300)
    messages = run(scripted, 10_000)
    assert len(names(messages)) == 300
    assert errors(messages) == []
    assert len(scripted.requests) == 2


def test_a_task_behind_the_end_is_empty(scripted, coin):
    scripted.answer = ranked(coin, 300)
    last = split(Options(count=1000))[-1]
    assert run(scripted, 1000, [last]) == []


def test_it_streams_one_page_at_a_time(scripted, coin):
    scripted.answer = ranked(coin, 2000)
    wish = Options(base_url=scripted.url, count=1000)
    stream = collect(wish, Secret(), split(wish), lambda _: True)
    for _ in range(2 + 250):
        next(stream)
    assert len(scripted.requests) == 1
    stream.close()


def test_a_broken_page_is_named_and_the_others_come(scripted, coin):
    whole = ranked(coin, 2000)
    scripted.answer = lambda path, query: (500, b"", {}) if query["page"] == "2" else whole(path, query)
    messages = run(scripted, 600)
    assert names(messages) == [f"coin-{rank}" for rank in (*range(250), *range(500, 600))]
    [words] = errors(messages)
    assert words.startswith("Cryptocurrency page 2 (ranks 251 to 500) could not be collected: 127.0.0.1:")
    assert words.endswith("answered 500: Internal Server Error.")


def test_a_source_that_is_gone_is_asked_once_and_every_page_is_named(nobody):
    wish = Options(base_url=nobody, count=600)
    messages = list(collect(wish, Secret(), split(wish), lambda _: True))
    assert [message.resource_type for message in messages[:2]] == [
        "inventory.Region",
        "inventory.CloudServiceType",
    ]
    first, *others = errors(messages)
    assert "page 1 (ranks 1 to 250) could not be collected" in first
    assert [words[:50] for words in others] == [
        "Cryptocurrency page 2 (ranks 251 to 500) was not a",
        "Cryptocurrency page 3 (ranks 501 to 600) was not a",
    ]
    assert all("cannot be reached" in words for words in others)


def test_a_row_that_is_no_resource_is_named_and_the_others_come(scripted, coin):
    rows = [coin("a"), coin("b", ath_date="long ago"), coin("c", id=None), {"symbol": "d"}, coin("e")]
    scripted.answer = lambda *_: (200, rows, {})
    messages = run(scripted, 5)
    assert names(messages) == ["a", "e"]
    first, second, third = errors(messages)
    assert "page 1 (ranks 1 to 5): coin b is no resource" in first
    assert "long ago" in first
    assert "coin C is no resource: it lacks 'id'." in second
    assert "coin without an id is no resource" in third


def test_a_coin_whose_rank_falls_between_two_pages_comes_once(scripted, coin):
    def answer(_path, query):
        start = (int(query["page"]) - 1) * 250
        # By the time the second page is asked for, one more coin stands above.
        start -= 1 if start else 0
        return 200, [coin(f"coin-{rank}") for rank in range(start, start + 250)], {}

    scripted.answer = answer
    got = names(run(scripted, 500))
    assert len(got) == len(set(got)) == 499


def test_a_task_gives_what_its_page_gives(scripted, coin):
    scripted.answer = ranked(coin, 2000)
    tasks = split(Options(count=600))
    assert [len(run(scripted, 600, [task])) for task in tasks] == [2 + 250, 250, 100]
