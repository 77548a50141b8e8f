"""A task survives its way through the platform, and nothing but what get_tasks gave is taken for one."""

from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as some

from plugin.collection import all_tasks
from plugin.options import Options
from plugin.schema import MAX_COUNT
from plugin.serving import InvalidParameter
from plugin.serving.messages import struct
from plugin.tasks import Task

IDS = some.lists(some.text("abc-0", min_size=1), min_size=1, max_size=250).map(tuple)


def test_five_coins_are_one_task_with_everything():
    assert all_tasks(Options()) == [Task("Cryptocurrency", count=5, leads=True)]


@given(
    some.one_of(
        some.builds(
            Task, some.just("Cryptocurrency"), count=some.integers(1, MAX_COUNT), leads=some.booleans()
        ),
        some.builds(Task, some.just("Cryptocurrency"), ids=IDS, leads=some.booleans()),
    )
)
def test_a_task_comes_back_from_the_platforms_queue_as_it_was(task):
    # The platform reads a Struct, keeps JSON in Redis and sends a Struct.
    queued = json.loads(json.dumps(MessageToDict(struct(task.to_options()))))
    assert Task.parse(MessageToDict(struct(queued)), ["Cryptocurrency"]) == task


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cloud_service_type": "Stock"}, "'Stock' is not one of Cryptocurrency"),
        ({"cloud_service_type": None}, "None is not one of Cryptocurrency"),
        ({"count": 0}, "task_options.count, reason = 0 is not between 1 and"),
        ({"count": "5"}, "task_options.count"),
        ({"count": 2.5}, "task_options.count"),
        ({"count": None}, "task_options.count"),
        ({"count": float("inf")}, "task_options.count"),
        ({"ids": "bitcoin"}, "task_options.ids, reason = this is not a list of texts"),
        ({"ids": [5]}, "task_options.ids"),
        ({"ids": [""]}, "task_options.ids"),
        ({"ids": []}, "task_options.ids, reason = 0 items are not between 1 and 250"),
        ({"ids": ["a"] * 251}, "task_options.ids, reason = 251 items are not between 1 and 250"),
    ],
)
def test_what_get_tasks_never_gave_is_refused(change, words):
    with pytest.raises(InvalidParameter) as caught:
        Task.parse(all_tasks(Options())[0].to_options() | change, ["Cryptocurrency"])
    assert words in str(caught.value)
