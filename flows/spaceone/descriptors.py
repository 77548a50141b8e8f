"""The files that describe a server's messages, read by reflection within limits.

The server is not trusted: protobuf's own reader follows imports by recursion, without an end if they are a circle or
each names another one, and grpcio's reports errors of a server by `assert`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

MAX_FILES = 500
"""Of one server. The largest service of SpaceONE, identity 2.x, has 32."""
MAX_BYTES = 4 * 1024 * 1024
"""Of one answer, and of all files of one server. Those of identity 2.x have 85 kB."""
MAX_SECONDS = 120.0
"""For the files of one symbol. Each request has its own time limit, too."""

_OWN = {
    f"google/protobuf/{name}.proto": f"google.protobuf.{name}_pb2"
    for name in ("any", "descriptor", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers")
}
"""Files of protobuf itself, which converts their messages to JSON in code of its own: never the server's version."""


class Unusable(Exception):
    """What a server describes cannot be used; the text says why."""


class Descriptors:
    """The files of one server; each is asked for once.

    Args:
        channel: To the server.
        seconds: That one request may take.
    """

    def __init__(self, channel: grpc.Channel, seconds: float) -> None:
        self._stub: Any = ServerReflectionStub(channel)
        self._seconds = seconds
        self._files: dict[str, FileDescriptorProto] = {}
        self._bytes = 0
        self._pool = DescriptorPool()
        self._added: set[str] = set()
        self._lock = threading.Lock()

    def services(self) -> list[str]:
        """The full names of the server's services.

        Raises:
            grpc.RpcError: the server cannot be asked.
            Unusable: its answer is not one.
        """
        answer = self._ask(self._seconds, list_services="")
        return [service.name for service in answer.list_services_response.service]

    def service(self, name: str) -> Any:
        """The descriptor of a service, with all that it refers to.

        Raises:
            grpc.RpcError: the server cannot be asked.
            Unusable: what it describes is not complete, contradicts itself, or exceeds a limit.
        """
        with self._lock:
            try:
                return self._pool.FindServiceByName(name)
            except KeyError:
                self._load(name)
            try:
                return self._pool.FindServiceByName(name)
            except KeyError:
                raise Unusable(f"it lists the service {name}, but does not describe it") from None

    def _load(self, symbol: str) -> None:
        """Read the file of a symbol and all files that it imports, and add them to the pool."""
        end = time.monotonic() + MAX_SECONDS
        found = self._ask(self._left(end), file_containing_symbol=symbol)
        roots = self._take(found.file_descriptor_response.file_descriptor_proto)
        wanted = [name for root in roots for name in self._files[root].dependency]
        while wanted:
            name = wanted.pop()
            if name in self._files:
                continue
            if name in _OWN:
                new = self._take([_own(name)])
            else:
                answer = self._ask(self._left(end), file_by_filename=name)
                new = self._take(answer.file_descriptor_response.file_descriptor_proto)
            if name not in self._files:
                raise Unusable(f"it does not describe the file {name!r}, which it imports")
            wanted += (other for each in new for other in self._files[each].dependency)
        for root in roots:
            for name in self._in_order(root):
                self._add(name)

    def _take(self, files: Iterable[bytes]) -> list[str]:
        """Keep files that are new, and return the names of all."""
        names = []
        for content in files:
            proto = FileDescriptorProto()
            try:
                proto.ParseFromString(content)
            except DecodeError as error:
                raise Unusable(f"it describes a file that cannot be read ({error})") from error
            names.append(proto.name)
            if proto.name in self._files:
                continue
            if proto.name in _OWN:
                proto = FileDescriptorProto.FromString(_own(proto.name))
            self._bytes += len(content)
            self._files[proto.name] = proto
            if len(self._files) > MAX_FILES or self._bytes > MAX_BYTES:
                raise Unusable(f"it describes more than {MAX_FILES} files or {MAX_BYTES // 2**20} MiB")
        return names

    def _in_order(self, root: str) -> Iterator[str]:
        """A file's name after the names of all files that it imports."""
        path, waiting = [root], {root: iter(self._files[root].dependency)}
        while path:
            name = path[-1]
            following = next((each for each in waiting[name] if each not in self._added), None)
            if following is None:
                path.pop()
                del waiting[name]
                yield name
            elif following in waiting:
                raise Unusable(f"its file {following!r} imports itself")
            else:
                path.append(following)
                waiting[following] = iter(self._files[following].dependency)

    def _add(self, name: str) -> None:
        if name not in self._added:
            try:
                self._pool.Add(self._files[name])
            except (
                TypeError,
                KeyError,
                ValueError,
            ) as error:  # upb raises the first, the Python version the others
                raise Unusable(f"its file {name!r} contradicts itself or another one ({error})") from error
            self._added.add(name)

    def _left(self, end: float) -> float:
        left = end - time.monotonic()
        if left <= 0:
            raise Unusable(f"its files did not arrive within {MAX_SECONDS:g} s")
        return min(left, self._seconds)

    def _ask(self, seconds: float, **what: Any) -> ServerReflectionResponse:
        request = ServerReflectionRequest(**what)
        answers = self._stub.ServerReflectionInfo(iter([request]), timeout=seconds)
        try:
            answer = next(answers, None)
        finally:
            answers.cancel()  # nothing else was asked for, whatever the server goes on with
        if answer is None:
            raise Unusable("it did not answer")
        if answer.WhichOneof("message_response") == "error_response":
            raise Unusable(answer.error_response.error_message or "it knows nothing of what it lists")
        return answer  # type: ignore[no-any-return]  # no types there


def _own(name: str) -> bytes:
    return bytes(import_module(_OWN[name]).DESCRIPTOR.serialized_pb)
