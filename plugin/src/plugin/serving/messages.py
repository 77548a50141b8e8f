"""Resources as messages: the form that SpaceONE's inventory takes, encoded.

A message is bytes, since gRPC sends bytes. What is the same for every cloud service of a type is encoded once, and the
rest is appended: protobuf merges a field that comes twice, so a reader sees both parts as one message.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import msgspec
from google.protobuf.struct_pb2 import Struct
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin.serving import wire
from plugin.serving.numbers import Exact, storable
from plugin.serving.resources import CloudServiceType, ErrorResource, Metric, Namespace, Region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugin.serving.resources import CloudService

CLOUD_SERVICE: Final = "inventory.CloudService"
CLOUD_SERVICE_TYPE: Final = "inventory.CloudServiceType"
REGION: Final = "inventory.Region"
NAMESPACE: Final = "inventory.Namespace"
METRIC: Final = "inventory.Metric"
ERROR: Final = "inventory.ErrorResource"

MATCH_KEYS: Final = {
    CLOUD_SERVICE: ["reference.resource_id", "provider", "cloud_service_type", "cloud_service_group"],
    CLOUD_SERVICE_TYPE: ["name", "group", "provider"],
    REGION: ["region_code", "provider"],
    NAMESPACE: ["namespace_id"],
    METRIC: ["metric_id"],
}
"""By which keys the platform recognises a resource that it has already."""

_NAME, _REFERENCE, _ACCOUNT, _INSTANCE_TYPE, _REGION_CODE, _TAGS, _JSON_DATA, _DATA = (
    wire.KEYS[name]
    for name in (
        "name",
        "reference",
        "account",
        "instance_type",
        "region_code",
        "tags",
        "json_data",
        "data",
    )
)
_RESOURCE_ID, _LINK = (wire.KEYS[name] for name in ("resource_id", "external_link"))
_json: Final = msgspec.json.Encoder().encode

_RESOURCE: Final = bytes([ResourceInfo.RESOURCE_FIELD_NUMBER << 3 | 2])


def supported(generation: str) -> list[str]:
    """The resource types that an installation of a generation takes."""
    both = [CLOUD_SERVICE, CLOUD_SERVICE_TYPE, REGION]
    return [*both, NAMESPACE, METRIC] if generation == "2.x" else both


class Encoder:
    """Encodes the resources of one collection.

    Generation 2.x takes `json_data`, and metadata by reference to the type. Generation 1.12 takes `data` as a Struct,
    where every number is a double, and the metadata in every cloud service.

    Args:
        generation: "2.x" or "1.12".
    """

    def __init__(self, generation: str) -> None:
        self._as_json = generation == "2.x"
        self._prefixes: dict[CloudServiceType, bytes] = {}

    def cloud_service(self, resource: CloudService) -> bytes:
        """A cloud service as a message.

        Raises:
            TypeError, ValueError: The resource has a value that JSON cannot express, such as an infinite number.
        """
        kind = resource.type
        prefix = self._prefixes.get(kind)
        if prefix is None:
            prefix = self._prefixes[kind] = self._prefix(kind)
        text = wire.text_entry
        reference = text(_RESOURCE_ID, resource.resource_id)
        if resource.external_link is not None:
            reference += text(_LINK, resource.external_link)
        parts = [text(_NAME, resource.name), wire.struct_entry(_REFERENCE, reference)]
        if resource.account is not None:
            parts.append(text(_ACCOUNT, resource.account))
        if resource.instance_type is not None:
            parts.append(text(_INSTANCE_TYPE, resource.instance_type))
        if resource.region_code is not None:
            parts.append(text(_REGION_CODE, resource.region_code))
        tags = {name: value for name, value in resource.tags.items() if value is not None}
        if tags:
            parts.append(wire.struct_entry(_TAGS, wire.fields(tags)))
        if resource.more:
            parts.append(wire.fields(storable(resource.more, {})))
        exact: Exact = {}
        data = storable(resource.data, exact)
        if kind.exact_numbers:
            data["exact"] = exact
        if resource.shown is not None:
            data["shown"] = resource.shown
        if self._as_json:
            parts.append(wire.long_text_entry(_JSON_DATA, _json(data)))
        else:
            parts.append(wire.entry(_DATA, wire.struct(wire.fields(data))))
        return prefix + wire.delimited(_RESOURCE, b"".join(parts))

    def other(self, resource: CloudServiceType | Region | Namespace | Metric | ErrorResource) -> bytes | None:
        """Any other resource as a message; None where the generation has no such resource."""
        if isinstance(resource, ErrorResource):
            return _error(resource)
        if isinstance(resource, CloudServiceType):
            return _cloud_service_type(resource)
        if isinstance(resource, Region):
            return _message(REGION, asdict(resource))
        if not self._as_json:
            return None
        return _message(NAMESPACE if isinstance(resource, Namespace) else METRIC, asdict(resource))

    def _prefix(self, kind: CloudServiceType) -> bytes:
        """What all cloud services of a type have in common."""
        common: dict[str, Any] = {
            "cloud_service_type": kind.name,
            "cloud_service_group": kind.group,
            "provider": kind.provider,
        }
        if kind.region_code is not None:
            common["region_code"] = kind.region_code
        if self._as_json:
            common["json_metadata"] = json.dumps(_by_reference(kind), separators=(",", ":"))
        else:
            common["metadata"] = kind.metadata
        return _message(CLOUD_SERVICE, common)


def struct(values: Mapping[str, Any]) -> Struct:
    """A dict of plain values as protobuf's Struct."""
    message = Struct()
    message.update(values)
    return message


def _cloud_service_type(kind: CloudServiceType) -> bytes:
    # Its metadata is a Struct, since 1.12 has no json_metadata.
    resource = {
        "name": kind.name,
        "group": kind.group,
        "provider": kind.provider,
        "is_primary": kind.is_primary,
        "is_major": kind.is_primary,
        "service_code": kind.name,
        "metadata": kind.metadata,
        "labels": list(kind.labels),
        "tags": dict(kind.tags),
    }
    return _message(CLOUD_SERVICE_TYPE, resource)


def _error(error: ErrorResource) -> bytes:
    # JSON may hold half a surrogate pair, and protobuf may not.
    message = error.message.encode(errors="replace").decode()
    info = ResourceInfo(state=ResourceInfo.FAILURE, resource_type=ERROR, message=message)
    info.resource.update(
        {
            "provider": error.type.provider,
            "cloud_service_group": error.type.group,
            "cloud_service_type": error.type.name,
            "resource_type": CLOUD_SERVICE,
        }
    )
    return _encoded(info)


def _message(resource_type: str, resource: dict[str, Any]) -> bytes:
    info = ResourceInfo(state=ResourceInfo.SUCCESS, resource_type=resource_type)
    info.match_rules.update({"1": MATCH_KEYS[resource_type]})
    info.resource.update(resource)
    return _encoded(info)


def _encoded(info: ResourceInfo) -> bytes:
    encoded: bytes = info.SerializeToString()
    return encoded


def _by_reference(kind: CloudServiceType) -> dict[str, Any]:
    options = {
        "provider": kind.provider,
        "cloud_service_group": kind.group,
        "cloud_service_type": kind.name,
    }
    return {"view": {"sub_data": {"reference": {"resource_type": CLOUD_SERVICE_TYPE, "options": options}}}}
