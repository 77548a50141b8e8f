"""The gRPC services: each call is a request read, the collector asked, and an answer."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from spaceone.api.core.v1 import server_info_pb2, server_info_pb2_grpc
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc, job_pb2, job_pb2_grpc

from plugin.serving.caller import Caller
from plugin.serving.collector import Call
from plugin.serving.errors import CallerLeft, InvalidParameter, PluginError
from plugin.serving.logs import request_fields
from plugin.serving.messages import struct, supported
from plugin.serving.options import OptionsSchema
from plugin.serving.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from plugin.serving.collector import Collector

_LOGGER = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class CollectorService(collector_pb2_grpc.CollectorServicer):  # type: ignore[misc]  # no types there
    """`spaceone.api.inventory.plugin.Collector`.

    Args:
        collector: Who answers.
        schema: The schema of its options.
        place: Where a collection runs, such as `OneCpu`.
    """

    def __init__(
        self, collector: Collector, schema: OptionsSchema, place: AbstractContextManager[None]
    ) -> None:
        self._collector = collector
        self._schema = schema
        self._place = place

    def init(
        self, request: collector_pb2.InitRequest, context: grpc.ServicerContext
    ) -> collector_pb2.PluginInfo:
        """Say what the plugin can do; options are checked as for a collection."""

        def answer() -> collector_pb2.PluginInfo:
            call = _call(request, context, self._schema)
            metadata = {
                "supported_resource_type": supported(call.generation),
                "supported_features": ["garbage_collection"],
                "supported_schedules": ["hours"],
                "filter_format": [],
                "options_schema": self._schema.document,
                **self._collector.init(call),
            }
            return collector_pb2.PluginInfo(metadata=struct(metadata))

        return _answer("Collector.init", answer, context)

    def verify(self, request: collector_pb2.VerifyRequest, context: grpc.ServicerContext) -> Empty:
        """Check that the source can be used; somebody at the console waits, so there are no pauses."""

        def answer() -> Empty:
            self._collector.verify(_call(request, context, self._schema, patient=False))
            return Empty()

        return _answer("Collector.verify", answer, context)

    def collect(
        self, request: collector_pb2.CollectRequest, context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        """Stream the resources of one task, or of the whole collection.

        The messages are encoded already: see `collector_handler`.
        """
        started = time.monotonic()
        stream: Stream | None = None
        call: Call | None = None
        try:
            call = _call(request, context, self._schema)
            stream = Stream(call.generation, request_fields(context.invocation_metadata()))
            with self._place:
                yield from stream.messages(self._collector.collect(call))
        except Exception as error:  # noqa: BLE001 - the last place that turns an error into an answer
            _abort("Collector.collect", error, context)
        finally:
            counts = {
                "resources": stream.resources if stream else 0,
                "errors": stream.errors if stream else 0,
                "canceled": call.caller.left if call else False,
            }
            _log("Collector.collect", started, context, **counts)


def collector_handler(service: CollectorService) -> grpc.GenericRpcHandler:
    """As the generated `add_CollectorServicer_to_server`, but without a serialiser for `collect`, which gives bytes."""
    pb2 = collector_pb2
    methods = {
        "init": grpc.unary_unary_rpc_method_handler(
            service.init, pb2.InitRequest.FromString, pb2.PluginInfo.SerializeToString
        ),
        "verify": grpc.unary_unary_rpc_method_handler(
            service.verify, pb2.VerifyRequest.FromString, Empty.SerializeToString
        ),
        "collect": grpc.unary_stream_rpc_method_handler(service.collect, pb2.CollectRequest.FromString),
    }
    name = pb2.DESCRIPTOR.services_by_name["Collector"].full_name
    return grpc.method_handlers_generic_handler(name, methods)


class JobService(job_pb2_grpc.JobServicer):  # type: ignore[misc]  # no types there
    """`spaceone.api.inventory.plugin.Job`.

    Args:
        collector: Who answers.
        schema: The schema of its options.
    """

    def __init__(self, collector: Collector, schema: OptionsSchema) -> None:
        self._collector = collector
        self._schema = schema

    def get_tasks(self, request: job_pb2.GetTaskRequest, context: grpc.ServicerContext) -> job_pb2.TasksInfo:
        """Split a collection into tasks; together they give what a collection without tasks gives."""

        def answer() -> job_pb2.TasksInfo:
            split = self._collector.get_tasks(_call(request, context, self._schema))
            tasks = [job_pb2.TaskInfo(task_options=struct(task_options)) for task_options in split]
            return job_pb2.TasksInfo(tasks=tasks)

        return _answer("Job.get_tasks", answer, context)


class ServerInfoService(server_info_pb2_grpc.ServerInfoServicer):  # type: ignore[misc]  # no types there
    """`spaceone.api.core.v1.ServerInfo`.

    Args:
        version: The plugin's version.
    """

    def __init__(self, version: str) -> None:
        self._version = version

    def get_version(self, _request: Empty, _context: grpc.ServicerContext) -> server_info_pb2.VersionInfo:
        """The plugin's version."""
        return server_info_pb2.VersionInfo(version=self._version)


def _call(
    request: Any, context: grpc.ServicerContext, schema: OptionsSchema, *, patient: bool = True
) -> Call:
    """Read a request. Each kind of request has some of the three fields."""
    caller = Caller(patient=patient)
    if not context.add_callback(caller.leave):  # it has left already
        caller.leave()
    options = schema.check(_values(request, "options"))
    return Call(
        generation=options.pop("generation"),
        options=options,
        secret_data=_values(request, "secret_data"),
        task_options=_values(request, "task_options"),
        caller=caller,
    )


def _values(request: Any, name: str) -> dict[str, Any]:
    if name not in request.DESCRIPTOR.fields_by_name:
        return {}
    try:
        values: dict[str, Any] = MessageToDict(getattr(request, name))
    except ValueError as error:  # an infinite number, which JSON has not
        raise InvalidParameter(name, str(error)) from None
    return values


def _answer(call: str, make: Callable[[], _Answer], context: grpc.ServicerContext) -> _Answer:
    started = time.monotonic()
    try:
        made = make()
    except Exception as error:  # noqa: BLE001 - the last place that turns an error into an answer
        _abort(call, error, context)
    _log(call, started, context)
    return made


def _abort(call: str, error: Exception, context: grpc.ServicerContext) -> NoReturn:
    fields = {"fields": request_fields(context.invocation_metadata())}
    if isinstance(error, PluginError):
        level = logging.INFO if isinstance(error, CallerLeft) else logging.WARNING
        _LOGGER.log(level, "%s failed: %s", call, error.details, extra=fields)
        context.abort(error.status, error.details)
    _LOGGER.error("%s failed", call, exc_info=error, extra=fields)
    context.abort(
        grpc.StatusCode.INTERNAL, f"ERROR_UNKNOWN: {type(error).__name__}; see the plugin's log for details."
    )
    raise AssertionError("abort raises")


def _log(call: str, started: float, context: grpc.ServicerContext, **counts: int) -> None:
    fields = {
        **request_fields(context.invocation_metadata()),
        **counts,
        "seconds": round(time.monotonic() - started, 3),
    }
    _LOGGER.info(call, extra={"fields": fields})
