"""Splitting: the pages of a collection cover it once, and a task survives its way through the platform."""

from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as some
from plugin.collection import split
from plugin.errors import InvalidParameter
from plugin.messages import struct
from plugin.options import MAX_COUNT, Options
from plugin.tasks import Task, pages


@given(count=some.integers(1, 5000), largest=some.integers(1, 250))
def test_pages_cover_every_rank_once(count, largest):
    cut = pages(count, largest)
    ranks = [(page.number - 1) * page.size + offset for page in cut for offset in range(page.take)]
    assert ranks == list(range(count))
    assert {page.size for page in cut} == {min(count, largest)}
    assert all(1 <= page.take <= page.size <= largest for page in cut)


def test_five_coins_are_one_task_with_everything():
    [task] = split(Options())
    assert task.leads
    assert task.to_options() == {
        "cloud_service_type": "Cryptocurrency",
        "page": 1,
        "per_page": 5,
        "take": 5,
        "leads": True,
    }


def test_only_the_first_task_leads():
    tasks = split(Options(count=600))
    assert [task.leads for task in tasks] == [True, False, False]
    assert [task.page.take for task in tasks] == [250, 250, 100]


@given(count=some.integers(1, MAX_COUNT), index=some.integers(0, 3))
def test_a_task_comes_back_from_the_platforms_queue_as_it_was(count, index):
    task = split(Options(count=min(count, 1000)))[min(index, (min(count, 1000) - 1) // 250)]
    # The platform reads a Struct, keeps JSON in Redis and sends a Struct.
    queued = json.loads(json.dumps(MessageToDict(struct(task.to_options()))))
    assert Task.parse(MessageToDict(struct(queued)), ["Cryptocurrency"]) == task


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cloud_service_type": "Stock"}, "'Stock' is none of Cryptocurrency"),
        ({"cloud_service_type": None}, "None is none of Cryptocurrency"),
        ({"page": 0}, "task_options.page, reason = 0"),
        ({"per_page": "5"}, "task_options.per_page"),
        ({"take": 2.5}, "task_options.take"),
        ({"take": None}, "task_options.take"),
        ({"take": float("inf")}, "task_options.take"),
        ({"take": 6}, "task_options.take, reason = 6 is more than per_page"),
        ({"per_page": 251, "take": 5}, "task_options.per_page, reason = 251 is more than 250"),
    ],
)
def test_what_get_tasks_never_gave_is_refused(change, words):
    with pytest.raises(InvalidParameter) as caught:
        Task.parse(split(Options())[0].to_options() | change, ["Cryptocurrency"])
    assert words in str(caught.value)
