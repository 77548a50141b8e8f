"""Calls of the platform, for tests. Every limit of time is there to end a test that hangs, never to measure."""

from __future__ import annotations

import time

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc

HANGING = 60.0
"""Seconds after which something does not come any more."""


def request(kind, **values):
    """A request with these Structs."""
    message = kind()
    for name, value in values.items():
        getattr(message, name).update(value)
    return message


def collect(channel, task_options=None, secret_data=None, **options):
    """The messages of a collection, as dicts."""
    asked = request(
        collector_pb2.CollectRequest,
        options=options,
        secret_data=secret_data or {},
        task_options=task_options or {},
        filter={},
    )
    stream = collector_pb2_grpc.CollectorStub(channel).collect(asked, timeout=HANGING)
    return [MessageToDict(message, preserving_proto_field_name=True) for message in stream]


def failure(call):
    """The status and the details that a call fails with."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), caught.value.details()


def until(happened, seconds=HANGING):
    """Wait until something has happened; gives what it says at last."""
    deadline = time.monotonic() + seconds
    while not (answer := happened()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer
