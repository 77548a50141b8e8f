"""The gRPC client for SpaceONE's services."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf import json_format
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message

from flows.spaceone.advice import from_details
from flows.spaceone.endpoints import USUAL, Endpoint, Trust
from flows.spaceone.errors import READS, EndpointError, ServerError, SpaceoneError, UnknownField
from flows.spaceone.reflection import Catalogue, message_classes

_NOT_FINITE = re.compile(r"\b(nan|infinity)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """A call that was sent.

    Attributes:
        method: `service.Resource.verb`.
        seconds: How long the answer took.
        reads: Whether the verb only reads.
    """

    method: str
    seconds: float
    reads: bool


@dataclass
class _Connections:
    """Channels and catalogues by service, shared by all clients of one run."""

    endpoints: dict[str, Endpoint]
    trust: Trust
    timeout: float
    channels: dict[Endpoint, grpc.Channel] = field(default_factory=dict)
    catalogues: dict[str, Catalogue] = field(default_factory=dict)

    def channel(self, service: str) -> tuple[grpc.Channel, Endpoint]:
        endpoint = self.endpoints.get(service)
        if endpoint is None:
            known = ", ".join(sorted(self.endpoints)) or "none"
            raise EndpointError(
                f"There is no endpoint for the service {service!r} (known: {known}).",
                "Add it to the environment's endpoints, or with `spacectl config endpoint add`.",
            )
        if endpoint not in self.channels:
            self.channels[endpoint] = endpoint.channel(self.trust)
        return self.channels[endpoint], endpoint

    def catalogue(self, service: str) -> Catalogue:
        if service not in self.catalogues:
            channel, endpoint = self.channel(service)
            self.catalogues[service] = Catalogue(channel, service, str(endpoint), self.timeout)
        return self.catalogues[service]


class Client:
    """Calls SpaceONE services by name. The services describe their messages by gRPC reflection.

    Args:
        endpoints: Service name (`identity`) to address (`grpc://host:port`).
        token: Sent as the gRPC metadata `token`, if there is one.
        timeout: Seconds that a call may take, unless the call has its own limit.
        trust: The certificates of `grpc+ssl`.

    Attributes:
        calls: Every call sent by this client and those made from it, in order.
    """

    def __init__(
        self,
        endpoints: Mapping[str, str],
        token: str | None = None,
        timeout: float = 30.0,
        trust: Trust = USUAL,
    ) -> None:
        parsed = {name: Endpoint.parse(url) for name, url in endpoints.items()}
        self._connections = _Connections(parsed, trust, timeout)
        self._token = token
        self._timeout = timeout
        self.calls: list[Call] = []

    def with_token(self, token: str | None) -> Client:
        """A client with another token on the same channels; closing one closes both."""
        other = Client({}, token, self._timeout)
        other._connections = self._connections
        other.calls = self.calls
        return other

    def knows(self, service: str) -> bool:
        """Whether there is an endpoint for a service."""
        return service in self._connections.endpoints

    def catalogue(self, service: str) -> Catalogue:
        """What the service offers, as its reflection lists it.

        Raises:
            EndpointError: when no endpoint is known for it.
        """
        return self._connections.catalogue(service)

    def check(self, method: str, params: Mapping[str, Any]) -> None:
        """Checks that a call fits the server's message. Only reflection requests are sent.

        Raises:
            UnknownMethod, UnknownField: as in `call`.
        """
        service, resource, verb = split(method)
        catalogue = self.catalogue(service)
        kind, _ = message_classes(catalogue.method(resource, verb), catalogue.endpoint)
        _request(method, kind, params)

    def call(
        self, method: str, params: Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> dict[str, Any]:
        """Sends one call.

        Args:
            method: `service.Resource.verb`, such as `identity.Provider.list`.
            params: The fields of the request, as in JSON.
            timeout: Seconds, instead of the client's time limit.

        Returns:
            The fields of the response under their names in the protocol. Numbers in a Struct are floats.

        Raises:
            UnknownMethod: the server does not offer it.
            UnknownField: `params` does not fit the message; nothing was sent.
            CallError: the call failed. Nothing is sent twice: a step decides whether to try again.
        """
        service, resource, verb = split(method)
        descriptor = self.catalogue(service).method(resource, verb)
        channel, endpoint = self._connections.channel(service)
        kind, answered = message_classes(descriptor, str(endpoint))
        request = _request(method, kind, params or {})
        stub = channel.unary_unary(
            f"/{descriptor.containing_service.full_name}/{descriptor.name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=answered.FromString,
        )

        started = time.perf_counter()
        try:
            answer = stub(request, timeout=timeout or self._timeout, metadata=self._metadata())
        except grpc.RpcError as error:
            raise from_details(method, str(endpoint), error.code().name, error.details() or "") from None
        finally:
            self.calls.append(Call(method, time.perf_counter() - started, verb in READS))
        try:
            return MessageToDict(answer, preserving_proto_field_name=True)
        except (json_format.Error, TypeError, ValueError, ArithmeticError, RecursionError) as error:
            raise ServerError(method, str(endpoint), "INTERNAL", "", *_not_json(error)) from error

    def list(self, method: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The `results` of a list call."""
        results = self.call(method, params).get("results", [])
        return [dict(result) for result in results]

    def count(self, method: str, params: Mapping[str, Any] | None = None) -> int:
        """The number of records that a list call finds. If the server supports pages, it sends at most one record."""
        service, resource, verb = split(method)
        pages = "query" in self.catalogue(service).method(resource, verb).input_type.fields_by_name
        query: dict[str, Any] = {"query": {"page": {"start": 1, "limit": 1}}} if pages else {}
        answer = self.call(method, {**(params or {}), **query})
        return int(answer.get("total_count", len(answer.get("results", []))))

    def close(self) -> None:
        """Closes all channels."""
        for channel in self._connections.channels.values():
            channel.close()
        self._connections.channels.clear()
        self._connections.catalogues.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (("token", self._token),) if self._token else ()


def _not_json(error: Exception) -> tuple[str, str]:
    """Why an answer has no form in JSON, and what to do."""
    if _NOT_FINITE.search(str(error)):
        text = "the answer contains a number that is NaN or infinite, which JSON does not have"
        return text, (
            "The platform stores such a number of a plugin as it is. Let the plugin leave the field out, or send a "
            "text, and collect again"
        )
    return f"the server's answer cannot be converted to JSON ({type(error).__name__})", ""


def split(method: str) -> tuple[str, str, str]:
    """The three parts of `service.Resource.verb`."""
    parts = method.split(".")
    if len(parts) != 3 or not all(parts):
        raise SpaceoneError(f"{method!r} is not of the form service.Resource.verb.")
    return parts[0], parts[1], parts[2]


def _request(method: str, kind: type[Message], params: Mapping[str, Any]) -> Message:
    known = kind.DESCRIPTOR.fields_by_name
    for name in params:
        if name not in known:
            raise UnknownField(
                f"{method} has no field {name!r} on this server.",
                name,
                f"Its fields are: {', '.join(sorted(known))}.",
            )
    try:
        return ParseDict(dict(params), kind())
    except ParseError as error:
        # The parser's message names the field: "Failed to parse <field> field: …".
        words = " ".join(str(error).split())
        named = re.match(r"Failed to parse (\w+) field", words)
        name = named[1] if named and named[1] in params else ""
        raise UnknownField(f"{method} refuses the field {name!r}: {words}", name) from error
