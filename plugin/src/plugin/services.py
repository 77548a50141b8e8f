"""The gRPC services: thin, each call is a request parsed, the work asked of another module, and an answer."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from spaceone.api.core.v1 import server_info_pb2, server_info_pb2_grpc
from spaceone.api.inventory.plugin import collector_pb2, collector_pb2_grpc, job_pb2, job_pb2_grpc

from plugin import messages
from plugin.caller import Caller
from plugin.collection import BY_NAME, Collection, split, whole
from plugin.errors import CallerLeft, InvalidParameter, PluginError
from plugin.logs import request_fields
from plugin.options import Options, Secret
from plugin.schema import OPTIONS_SCHEMA
from plugin.source import Source
from plugin.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from google.protobuf.struct_pb2 import Struct

_LOGGER = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")

VERSION_FILE: Final = Path(__file__).resolve().parent.parent / "VERSION"


def plugin_metadata(options: Options) -> dict[str, Any]:
    """What the platform keeps of the plugin in a collector: it asks when the collector is made or changed."""
    return {
        "supported_resource_type": messages.supported(options.generation),
        "supported_features": ["garbage_collection"],
        "supported_schedules": ["hours"],
        "filter_format": [],
        "options_schema": OPTIONS_SCHEMA,
    }


class Collector(collector_pb2_grpc.CollectorServicer):  # type: ignore[misc]  # no types there
    """`spaceone.api.inventory.plugin.Collector`.

    Args:
        place: Where a collection runs, such as `OneCpu`.
    """

    def __init__(self, place: AbstractContextManager[None]) -> None:
        self._place = place

    def init(
        self, request: collector_pb2.InitRequest, context: grpc.ServicerContext
    ) -> collector_pb2.PluginInfo:
        """Say what the plugin can do; refuses options that a collection would refuse."""

        def answer() -> collector_pb2.PluginInfo:
            options = Options.parse(_values(request.options))
            return collector_pb2.PluginInfo(metadata=messages.struct(plugin_metadata(options)))

        return _answer("Collector.init", answer, context)

    def verify(self, request: collector_pb2.VerifyRequest, context: grpc.ServicerContext) -> Empty:
        """Ask the source whether it answers, takes the key and knows currencies and category."""

        def answer() -> Empty:
            options = Options.parse(_values(request.options))
            secret = Secret.parse(_values(request.secret_data))
            with closing(Source(options, secret, _caller(context, patient=False))) as source:
                source.check(options)
            return Empty()

        return _answer("Collector.verify", answer, context)

    def collect(
        self, request: collector_pb2.CollectRequest, context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        """Stream the resources of one task, or of all where the request names none.

        The messages are encoded already: see `collector_handler`.
        """
        started = time.monotonic()
        caller = _caller(context)
        collection: Collection | None = None
        tasks: list[Task] = []
        try:
            options = Options.parse(_values(request.options))
            secret = Secret.parse(_values(request.secret_data))
            wish = _values(request.task_options)
            tasks = [Task.parse(wish, list(BY_NAME))] if wish else whole(options)
            about = request_fields(context.invocation_metadata())
            collection = Collection(options, secret, caller, about)
            with self._place:
                yield from collection.run(tasks)
        except Exception as error:  # noqa: BLE001 - the last one to turn an error into words
            _abort("Collector.collect", error, context)
        finally:
            counts = {
                "tasks": len(tasks),
                "resources": collection.resources if collection else 0,
                "errors": collection.errors if collection else 0,
            }
            _done("Collector.collect", started, context, canceled=caller.left, **counts)


def collector_handler(collector: Collector) -> grpc.GenericRpcHandler:
    """What the generated `add_CollectorServicer_to_server` adds, but `collect` has no serialiser: it gives bytes."""
    pb2 = collector_pb2
    methods = {
        "init": grpc.unary_unary_rpc_method_handler(
            collector.init, pb2.InitRequest.FromString, pb2.PluginInfo.SerializeToString
        ),
        "verify": grpc.unary_unary_rpc_method_handler(
            collector.verify, pb2.VerifyRequest.FromString, Empty.SerializeToString
        ),
        "collect": grpc.unary_stream_rpc_method_handler(collector.collect, pb2.CollectRequest.FromString),
    }
    name = pb2.DESCRIPTOR.services_by_name["Collector"].full_name
    return grpc.method_handlers_generic_handler(name, methods)


class Job(job_pb2_grpc.JobServicer):  # type: ignore[misc]  # no types there
    """`spaceone.api.inventory.plugin.Job`."""

    def get_tasks(self, request: job_pb2.GetTaskRequest, context: grpc.ServicerContext) -> job_pb2.TasksInfo:
        """Split a collection into tasks; together they give what a collection without tasks gives."""

        def answer() -> job_pb2.TasksInfo:
            options = Options.parse(_values(request.options))
            secret = Secret.parse(_values(request.secret_data))
            work = split(options, secret, _caller(context))
            tasks = [job_pb2.TaskInfo(task_options=messages.struct(task.to_options())) for task in work]
            return job_pb2.TasksInfo(tasks=tasks)

        return _answer("Job.get_tasks", answer, context)


class ServerInfo(server_info_pb2_grpc.ServerInfoServicer):  # type: ignore[misc]  # no types there
    """`spaceone.api.core.v1.ServerInfo`."""

    def get_version(self, _request: Empty, _context: grpc.ServicerContext) -> server_info_pb2.VersionInfo:
        """The plugin's version, from src/VERSION."""
        return server_info_pb2.VersionInfo(version=version())


def version() -> str:
    """The plugin's version: the file VERSION beside the package, or what the installed package says."""
    if VERSION_FILE.is_file():
        return VERSION_FILE.read_text(encoding="utf-8").strip()
    # Slow to import, and never needed in the image.
    from importlib import metadata

    return metadata.version("plugin-portfolio-inven-collector")


def _values(struct: Struct) -> dict[str, Any]:
    try:
        values: dict[str, Any] = MessageToDict(struct)
    except ValueError as error:  # an infinite number
        raise InvalidParameter("options", str(error)) from None
    return values


def _answer(call: str, make: Callable[[], _Answer], context: grpc.ServicerContext) -> _Answer:
    started = time.monotonic()
    try:
        made = make()
    except Exception as error:  # noqa: BLE001 - the last one to turn an error into words
        _abort(call, error, context)
    _done(call, started, context)
    return made


def _abort(call: str, error: Exception, context: grpc.ServicerContext) -> NoReturn:
    fields = {"fields": request_fields(context.invocation_metadata())}
    if isinstance(error, PluginError):
        level = logging.INFO if isinstance(error, CallerLeft) else logging.WARNING
        _LOGGER.log(level, "%s failed: %s", call, error.details, extra=fields)
        context.abort(error.status, error.details)
    _LOGGER.error("%s failed", call, exc_info=error, extra=fields)
    context.abort(
        grpc.StatusCode.INTERNAL, f"ERROR_UNKNOWN: {type(error).__name__}; the plugin's log tells more."
    )
    raise AssertionError("abort raises")


def _done(call: str, started: float, context: grpc.ServicerContext, **counts: int) -> None:
    fields = {
        **request_fields(context.invocation_metadata()),
        **counts,
        "seconds": round(time.monotonic() - started, 3),
    }
    _LOGGER.info(call, extra={"fields": fields})


def _caller(context: grpc.ServicerContext, *, patient: bool = True) -> Caller:
    caller = Caller(patient=patient)
    if not context.add_callback(caller.leave):  # it has left
        caller.leave()
    return caller
