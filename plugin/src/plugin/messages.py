"""Records as messages: the form in which SpaceONE's inventory takes resources, encoded.

A message is bytes, since gRPC sends bytes. What is the same for every resource of a type is encoded once; what differs
is appended. Protobuf merges a field that comes twice, so both together are read as one message.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
from google.protobuf.struct_pb2 import Struct
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin import wire
from plugin.metrics import METRICS, NAMESPACE
from plugin.numbers import Exact, storable
from plugin.types import GROUP, PROVIDER, REGION, CloudServiceType, Record

CLOUD_SERVICE: Final = "inventory.CloudService"
CLOUD_SERVICE_TYPE: Final = "inventory.CloudServiceType"
REGION_TYPE: Final = "inventory.Region"
NAMESPACE_TYPE: Final = "inventory.Namespace"
METRIC_TYPE: Final = "inventory.Metric"
ERROR: Final = "inventory.ErrorResource"

MATCH_KEYS: Final = {
    CLOUD_SERVICE: ["reference.resource_id", "provider", "cloud_service_type", "cloud_service_group"],
    CLOUD_SERVICE_TYPE: ["name", "group", "provider"],
    REGION_TYPE: ["region_code", "provider"],
    NAMESPACE_TYPE: ["namespace_id"],
    METRIC_TYPE: ["metric_id"],
}
"""By which keys the platform recognises a resource that it holds already."""

_NAME, _REFERENCE, _ACCOUNT, _INSTANCE_TYPE, _TAGS, _JSON_DATA, _DATA = (
    wire.KEYS[name] for name in ("name", "reference", "account", "instance_type", "tags", "json_data", "data")
)
_RESOURCE_ID, _LINK = (wire.KEYS[name] for name in ("resource_id", "external_link"))
_json: Final = msgspec.json.Encoder().encode

_RESOURCE: Final = bytes([ResourceInfo.RESOURCE_FIELD_NUMBER << 3 | 2])


def supported(generation: str) -> list[str]:
    """The kinds of resources that an installation of that generation is sent."""
    both = [CLOUD_SERVICE, CLOUD_SERVICE_TYPE, REGION_TYPE]
    return [*both, NAMESPACE_TYPE, METRIC_TYPE] if generation == "2.x" else both


def region() -> bytes:
    """The only region that there is: coins are traded everywhere."""
    resource = {"name": "Global", "region_code": REGION, "provider": PROVIDER}
    return _message(REGION_TYPE, resource)


def cloud_service_type(kind: CloudServiceType) -> bytes:
    """A type with its dynamic UI; `metadata` as a Struct, since 1.12 knows no `json_metadata`."""
    resource = {
        "name": kind.name,
        "group": GROUP,
        "provider": PROVIDER,
        "is_primary": kind.is_primary,
        "is_major": kind.is_primary,
        "service_code": kind.name,
        "metadata": kind.metadata,
        "labels": list(kind.labels),
        "tags": dict(kind.tags),
    }
    return _message(CLOUD_SERVICE_TYPE, resource)


def metrics() -> list[bytes]:
    """The namespace and its metrics, which inventory 2.x computes from the resources; 1.12 knows neither."""
    return [
        _message(NAMESPACE_TYPE, NAMESPACE),
        *(_message(METRIC_TYPE, metric) for metric in METRICS),
    ]


def error(kind: CloudServiceType, message: str) -> bytes:
    """A failure that the platform records in the job's task, while the stream goes on.

    Args:
        kind: The type whose resources are missing.
        message: Which of them, and why.
    """
    # Half a character, which JSON may have and protobuf may not.
    words = message.encode(errors="replace").decode()
    info = ResourceInfo(state=ResourceInfo.FAILURE, resource_type=ERROR, message=words)
    info.resource.update(
        {
            "provider": PROVIDER,
            "cloud_service_group": GROUP,
            "cloud_service_type": kind.name,
            "resource_type": CLOUD_SERVICE,
        }
    )
    return _encoded(info)


class CloudServices:
    """Makes the messages of one type's resources.

    Inventory 2.x takes `json_data`, and metadata by reference to the type. Inventory 1.12 wants `data` as a Struct,
    where every number is a double, and the metadata in every resource.

    Args:
        kind: The type.
        generation: "2.x" or "1.12".
    """

    def __init__(self, kind: CloudServiceType, generation: str) -> None:
        self._as_json = generation == "2.x"
        fixed: dict[str, Any] = {
            "cloud_service_type": kind.name,
            "cloud_service_group": GROUP,
            "provider": PROVIDER,
            "region_code": REGION,
        }
        if self._as_json:
            fixed["json_metadata"] = json.dumps(_by_reference(kind), separators=(",", ":"))
        else:
            fixed["metadata"] = kind.metadata
        self._fixed = _message(CLOUD_SERVICE, fixed)

    def message(self, record: Record) -> bytes:
        """One resource as a message.

        `data.exact` is always there, since inventory 2.x keeps a key of `data` that a later collection leaves out:
        the digits of an earlier price would stand beside the next one.

        Raises:
            TypeError, ValueError: The record's data is nothing that JSON can say, such as an infinite number.
        """
        exact: Exact = {}
        text = wire.text_entry
        parts = [
            text(_NAME, record.name),
            wire.entry(
                _REFERENCE,
                wire.struct(text(_RESOURCE_ID, record.resource_id) + text(_LINK, record.external_link)),
            ),
        ]
        if record.account is not None:
            parts.append(text(_ACCOUNT, record.account))
        if record.instance_type is not None:
            parts.append(text(_INSTANCE_TYPE, record.instance_type))
        tags = {name: value for name, value in record.tags.items() if value is not None}
        if tags:
            parts.append(wire.entry(_TAGS, wire.struct(wire.fields(tags))))
        held = storable(record.data, exact)
        held["exact"] = exact
        if self._as_json:
            parts.append(wire.entry(_JSON_DATA, wire.text(_json(held))))
        else:
            parts.append(wire.entry(_DATA, wire.struct(wire.fields(held))))
        return self._fixed + wire.delimited(_RESOURCE, b"".join(parts))


def struct(values: dict[str, Any]) -> Struct:
    """A dict of plain values as protobuf's Struct."""
    message = Struct()
    message.update(values)
    return message


def _message(resource_type: str, resource: dict[str, Any]) -> bytes:
    info = ResourceInfo(state=ResourceInfo.SUCCESS, resource_type=resource_type)
    info.match_rules.update({"1": MATCH_KEYS[resource_type]})
    info.resource.update(resource)
    return _encoded(info)


def _encoded(info: ResourceInfo) -> bytes:
    encoded: bytes = info.SerializeToString()
    return encoded


def _by_reference(kind: CloudServiceType) -> dict[str, Any]:
    options = {"provider": PROVIDER, "cloud_service_group": GROUP, "cloud_service_type": kind.name}
    return {"view": {"sub_data": {"reference": {"resource_type": CLOUD_SERVICE_TYPE, "options": options}}}}
