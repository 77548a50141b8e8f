"""The gRPC services: thin, each call is a request parsed, the work asked of another module, and an answer."""

from __future__ import annotations

import logging
import threading
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
from plugin.collection import BY_NAME, collect, split
from plugin.errors import PluginError
from plugin.options import OPTIONS_SCHEMA, Options, Secret
from plugin.source import Source
from plugin.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.struct_pb2 import Struct

_LOGGER = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")

VERSION_FILE: Final = Path(__file__).resolve().parent.parent / "VERSION"

METADATA: Final[dict[str, Any]] = {
    "supported_resource_type": messages.SUPPORTED,
    "supported_features": ["garbage_collection"],
    "supported_schedules": ["hours"],
    "filter_format": [],
    "options_schema": OPTIONS_SCHEMA,
}
"""What the platform keeps of the plugin in a collector: it asks when the collector is made or changed."""


class Collector(collector_pb2_grpc.CollectorServicer):  # type: ignore[misc]  # no types there
    """`spaceone.api.inventory.plugin.Collector`."""

    def init(
        self, request: collector_pb2.InitRequest, context: grpc.ServicerContext
    ) -> collector_pb2.PluginInfo:
        """Say what the plugin can do; refuses options that a collection would refuse."""

        def answer() -> collector_pb2.PluginInfo:
            Options.parse(_values(request.options))
            return collector_pb2.PluginInfo(metadata=messages.struct(METADATA))

        return _answer("Collector.init", answer, context)

    def verify(self, request: collector_pb2.VerifyRequest, context: grpc.ServicerContext) -> Empty:
        """Ask the source whether it answers, takes the key and knows the currency."""

        def answer() -> Empty:
            options = Options.parse(_values(request.options))
            secret = Secret.parse(_values(request.secret_data))
            with closing(Source(options, secret, _no_wait)) as source:
                source.check(options.currency)
            return Empty()

        return _answer("Collector.verify", answer, context)

    def collect(
        self, request: collector_pb2.CollectRequest, context: grpc.ServicerContext
    ) -> Iterator[collector_pb2.ResourceInfo]:
        """Stream the resources of one task, or of all where the request names none."""
        started = time.monotonic()
        # A stream that nobody reads any more must not sit out a pause.
        gone = threading.Event()
        context.add_callback(gone.set)
        counts = {"resources": 0, "errors": 0}
        tasks: list[Task] = []
        try:
            options = Options.parse(_values(request.options))
            secret = Secret.parse(_values(request.secret_data))
            wish = _values(request.task_options)
            tasks = [Task.parse(wish, list(BY_NAME))] if wish else split(options)
            for message in collect(options, secret, tasks, gone.wait):
                failed = message.state == collector_pb2.ResourceInfo.FAILURE
                if failed:
                    _LOGGER.warning(message.message)
                counts["errors" if failed else "resources"] += 1
                yield message
        except Exception as error:  # noqa: BLE001 - the last one to turn an error into words
            _abort("Collector.collect", error, context)
        finally:
            fields = {"tasks": len(tasks), **counts, "seconds": _since(started)}
            _LOGGER.info("Collector.collect", extra={"fields": fields})


class Job(job_pb2_grpc.JobServicer):  # type: ignore[misc]  # no types there
    """`spaceone.api.inventory.plugin.Job`."""

    def get_tasks(self, request: job_pb2.GetTaskRequest, context: grpc.ServicerContext) -> job_pb2.TasksInfo:
        """Split a collection into tasks; together they give what a collection without tasks gives."""

        def answer() -> job_pb2.TasksInfo:
            options = Options.parse(_values(request.options))
            Secret.parse(_values(request.secret_data))
            tasks = [
                job_pb2.TaskInfo(task_options=messages.struct(task.to_options())) for task in split(options)
            ]
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
    values: dict[str, Any] = MessageToDict(struct)
    return values


def _answer(call: str, make: Callable[[], _Answer], context: grpc.ServicerContext) -> _Answer:
    started = time.monotonic()
    try:
        made = make()
    except Exception as error:  # noqa: BLE001 - the last one to turn an error into words
        _abort(call, error, context)
    _LOGGER.info(call, extra={"fields": {"seconds": _since(started)}})
    return made


def _abort(call: str, error: Exception, context: grpc.ServicerContext) -> NoReturn:
    if isinstance(error, PluginError):
        _LOGGER.warning("%s failed: %s", call, error.details)
        context.abort(error.status, error.details)
    _LOGGER.error("%s failed", call, exc_info=error)
    context.abort(
        grpc.StatusCode.INTERNAL, f"ERROR_UNKNOWN: {type(error).__name__}; the plugin's log tells more."
    )
    raise AssertionError("abort raises")


def _no_wait(_seconds: float) -> bool:
    return True


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
