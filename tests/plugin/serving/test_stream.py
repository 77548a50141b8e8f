"""A collection as messages: all that can be sent is sent, and all is counted."""

from __future__ import annotations

import pytest
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin.serving import CloudService, CloudServiceType, ErrorResource, Namespace, Region
from plugin.serving.stream import Stream

SERVER = CloudServiceType("Server", "Compute", "example")
REGION = Region("north", "North", "example")


def server(name, **data):
    return CloudService(SERVER, name, name, data)


def read(stream, collected):
    return [ResourceInfo.FromString(message) for message in stream.messages(collected)]


def test_resources_come_in_order_one_by_one_or_in_pages():
    stream = Stream("2.x")
    pages = [REGION, SERVER, server("a"), [server("b"), server("c")], (each for each in [server("d")]), []]
    messages = read(stream, iter(pages))
    names = [message.resource.fields["name"].string_value for message in messages]
    assert names == ["North", "Server", "a", "b", "c", "d"]
    assert (stream.resources, stream.errors) == (6, 0)


def test_a_page_is_encoded_when_it_is_its_turn():
    begun = []

    def page(name):
        begun.append(name)
        yield server(name)

    messages = Stream("2.x").messages(page(name) for name in "ab")
    next(messages)
    assert begun == ["a"]
    next(messages)
    assert begun == ["a", "b"]


def test_what_cannot_be_sent_becomes_an_error_and_the_rest_comes(caplog):
    stream = Stream("2.x", {"domain_id": "domain-1"})
    broken = [server("a"), server("b", price=float("inf")), server("c", tags={1}), server("d")]
    broken.append(CloudService(SERVER, "e", 5, {}))
    messages = read(stream, [broken])
    assert [message.state == ResourceInfo.SUCCESS for message in messages] == [
        True,
        False,
        False,
        True,
        False,
    ]
    assert [message.message for message in messages if message.message] == [
        "Server b cannot be sent: price is inf, which is not a number in JSON.",
        "Server c cannot be sent: tags is of type set, which JSON does not have.",
        "Server 5 cannot be sent: AttributeError: 'int' object has no attribute 'encode'.",
    ]
    assert (stream.resources, stream.errors) == (2, 3)
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.fields for record in warnings] == [{"domain_id": "domain-1"}] * 3
    # The last one is a mistake of the collector's author.
    [mistake] = [record for record in caplog.records if record.exc_info]
    assert mistake.message == "A cloud service cannot be encoded"


def test_errors_are_counted_and_logged(caplog):
    stream = Stream("2.x")
    [message] = read(stream, [ErrorResource(SERVER, "web-1 does not answer.")])
    assert (message.state, message.message) == (ResourceInfo.FAILURE, "web-1 does not answer.")
    assert (stream.resources, stream.errors) == (0, 1)
    assert caplog.messages == ["web-1 does not answer."]


def test_what_a_generation_has_not_is_neither_sent_nor_counted():
    stream = Stream("1.12")
    assert read(stream, [Namespace("ns", "Servers", "ASSET", "x", "example", "1.0")]) == []
    assert (stream.resources, stream.errors) == (0, 0)


def test_a_collector_that_fails_ends_the_stream():
    def collect():
        yield REGION
        raise LookupError("gone")

    messages = Stream("2.x").messages(collect())
    next(messages)
    with pytest.raises(LookupError):
        next(messages)


def test_a_collector_cleans_up_when_its_stream_is_closed():
    ended = []

    def collect():
        try:
            yield REGION
            yield SERVER
        finally:
            ended.append(True)

    messages = Stream("2.x").messages(collect())
    next(messages)
    assert not ended
    messages.close()
    assert ended
