"""What a server offers, as its gRPC reflection lists it."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from flows.spaceone.advice import from_details
from flows.spaceone.errors import REFLECTION, UnknownMethod


class _Deadline(grpc.StreamStreamClientInterceptor):
    """Sets a time limit, which the reflection client does not have: a server that never responds would block a run."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def intercept_stream_stream(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        return continuation(client_call_details._replace(timeout=self._seconds), request_iterator)


class Catalogue:
    """The services of one endpoint. Each descriptor is read when it is first needed.

    Attributes:
        endpoint: Its address, for messages.
    """

    def __init__(self, channel: grpc.Channel, service: str, endpoint: str, timeout: float) -> None:
        limited = grpc.intercept_channel(channel, _Deadline(timeout))
        self._database = ProtoReflectionDescriptorDatabase(limited)
        self._pool = DescriptorPool(self._database)
        self._service = service
        self.endpoint = endpoint
        self._names: list[str] | None = None
        self._methods: dict[str, MethodDescriptor] = {}

    @property
    def names(self) -> list[str]:
        """Full names of the services, such as `spaceone.api.identity.v2.Provider`.

        Raises:
            CallError: the server cannot be asked.
        """
        if self._names is None:
            try:
                self._names = sorted(self._database.get_services())
            except grpc.RpcError as error:
                raise _reflection_error(self._service, self.endpoint, error) from error
        return self._names

    def method(self, resource: str, verb: str) -> MethodDescriptor:
        """The descriptor of `resource.verb` in SpaceONE's API of this service.

        Raises:
            UnknownMethod: the server does not offer it.
            CallError: the server cannot be asked.
        """
        key = f"{resource}.{verb}"
        if key not in self._methods:
            self._methods[key] = self._find(resource, verb)
        return self._methods[key]

    def api(self) -> dict[str, list[str]]:
        """Every resource of SpaceONE's API of this service, with its verbs."""
        found: dict[str, list[str]] = {}
        for name in self.names:
            if name.startswith("spaceone.api."):
                descriptor = self._descriptor(name)
                found[name.rsplit(".", 1)[1]] = [str(method.name) for method in descriptor.methods]
        return found

    def _descriptor(self, name: str) -> Any:
        try:
            return self._pool.FindServiceByName(name)
        except grpc.RpcError as error:
            raise _reflection_error(self._service, self.endpoint, error) from error

    def _find(self, resource: str, verb: str) -> MethodDescriptor:
        names = [
            name for name in self.names if name.startswith("spaceone.api.") and name.endswith(f".{resource}")
        ]
        # If a server has two versions of its API, the newer one is used.
        for name in reversed(names):
            method = self._descriptor(name).methods_by_name.get(verb)
            if method is not None:
                return method  # type: ignore[no-any-return]  # the pool has no types
        known = ", ".join(
            sorted({name.rsplit(".", 1)[1] for name in self.names if name.startswith("spaceone.api.")})
        )
        raise UnknownMethod(
            f"{self.endpoint} does not offer {self._service}.{resource}.{verb}.",
            f"Its resources are: {known or 'none of SpaceONE'}.",
        )


def message_class(descriptor: Descriptor) -> type[Message]:
    """The class of a reflected message."""
    return GetMessageClass(descriptor)


def _reflection_error(service: str, endpoint: str, error: grpc.RpcError) -> Exception:
    status = error.code().name if isinstance(error, grpc.Call) else "UNKNOWN"
    details = error.details() or "" if isinstance(error, grpc.Call) else str(error)
    return from_details(f"{service} {REFLECTION}", endpoint, status, details)
