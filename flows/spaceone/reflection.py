"""What a server offers, as its gRPC reflection lists it."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from flows.spaceone.advice import from_details
from flows.spaceone.descriptors import Descriptors, Unusable
from flows.spaceone.errors import REFLECTION, CallError, ServerError, UnknownMethod
from flows.text import shortened

_LISTED = 1000
"""The most characters of a server's own lists and messages in an error."""


class Catalogue:
    """The services of one endpoint. Each descriptor is read when it is first needed.

    Attributes:
        endpoint: Its address, for messages.
    """

    def __init__(self, channel: grpc.Channel, service: str, endpoint: str, timeout: float) -> None:
        self._descriptors = Descriptors(channel, timeout)
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
                self._names = sorted(self._descriptors.services())
            except (grpc.RpcError, Unusable) as error:
                raise self._error(error) from error
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
            return self._descriptors.service(name)
        except (grpc.RpcError, Unusable) as error:
            raise self._error(error) from error

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
            f"Its resources are: {shortened(known, _LISTED) or 'none of SpaceONE'}.",
        )

    def _error(self, error: Exception) -> CallError:
        method = f"{self._service} {REFLECTION}"
        if isinstance(error, Unusable):
            return _unusable(method, self.endpoint, str(error))
        status = error.code().name if isinstance(error, grpc.Call) else "UNKNOWN"
        details = error.details() or "" if isinstance(error, grpc.Call) else str(error)
        return from_details(method, self.endpoint, status, details)


def message_classes(descriptor: MethodDescriptor, endpoint: str) -> tuple[type[Message], type[Message]]:
    """The classes of a method's request and of its answer.

    Raises:
        CallError: they refer to more messages in a row than Python can follow.
    """
    try:
        return GetMessageClass(descriptor.input_type), GetMessageClass(descriptor.output_type)
    except RecursionError as error:
        problem = "its messages are nested too deeply"
        raise _unusable(f"{descriptor.full_name} {REFLECTION}", endpoint, problem) from error


def _unusable(method: str, endpoint: str, problem: str) -> CallError:
    text = f"what the server describes cannot be used: {shortened(problem, _LISTED)}"
    return ServerError(method, endpoint, "INTERNAL", "", text, "Is it the address of a SpaceONE service?")
