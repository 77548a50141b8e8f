"""A collector's answer to `init`, of a real server in this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from grpc_reflection.v1alpha import reflection
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc

from flows.images.engine.initialising import initialise
from flows.spaceone import Endpoint

NAME = collector_pb2.DESCRIPTOR.services_by_name["Collector"].full_name


@contextmanager
def plugin(init):
    """The endpoint of a collector whose `init` gets the request as JSON and the call's context."""

    class Collector(collector_pb2_grpc.CollectorServicer):
        def init(self, request, context):
            answer = init(MessageToDict(request), context)
            return ParseDict({"metadata": answer}, collector_pb2.PluginInfo())

    server = grpc.server(ThreadPoolExecutor(2))
    collector_pb2_grpc.add_CollectorServicer_to_server(Collector(), server)
    reflection.enable_server_reflection((NAME,), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield Endpoint("127.0.0.1", port, False)
    finally:
        server.stop(None).wait()


def test_the_answer_is_its_metadata_and_the_request_has_the_options():
    asked = []

    def init(request, _):
        asked.append(request)
        return {"supported_schedules": ["hours"], "options_schema": {"type": "object"}}

    with plugin(init) as endpoint:
        found = initialise(endpoint, {"types": ["Pump"]})
    assert found == {"supported_schedules": ["hours"], "options_schema": {"type": "object"}}
    assert asked == [{"options": {"types": ["Pump"]}}]


@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNAVAILABLE])
def test_a_plugin_that_has_no_answer_here_says_nothing(code):
    with plugin(lambda _, context: context.abort(code, "ERROR_REQUIRED_PARAMETER: domain_id")) as endpoint:
        assert initialise(endpoint, {}) == {}


def test_options_that_no_message_holds_say_nothing():
    with plugin(lambda _, __: {}) as endpoint:
        assert initialise(endpoint, {"a": object()}) == {}


def test_no_server_says_nothing():
    with plugin(lambda _, __: {}) as endpoint:
        pass
    assert initialise(endpoint, {}) == {}
