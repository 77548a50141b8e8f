"""Records as messages: the form in which SpaceONE's inventory takes resources.

What is the same for every resource of a type is built once and copied; only the rest is filled in.
"""

from __future__ import annotations

import json
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from plugin.types import GROUP, PROVIDER, REGION, CloudServiceType, Record

CLOUD_SERVICE: Final = "inventory.CloudService"
CLOUD_SERVICE_TYPE: Final = "inventory.CloudServiceType"
REGION_TYPE: Final = "inventory.Region"
ERROR: Final = "inventory.ErrorResource"

SUPPORTED: Final = [CLOUD_SERVICE, CLOUD_SERVICE_TYPE, REGION_TYPE]

MATCH_KEYS: Final = {
    CLOUD_SERVICE: ["reference.resource_id", "provider", "cloud_service_type", "cloud_service_group"],
    CLOUD_SERVICE_TYPE: ["name", "group", "provider"],
    REGION_TYPE: ["region_code", "provider"],
}
"""By which keys the platform recognises a resource that it holds already."""


def region() -> ResourceInfo:
    """The only region that there is: coins are traded everywhere."""
    return _message(REGION_TYPE, {"name": "Global", "region_code": REGION, "provider": PROVIDER})


def cloud_service_type(kind: CloudServiceType) -> ResourceInfo:
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


def error(kind: CloudServiceType, message: str) -> ResourceInfo:
    """A failure that the platform records in the job's task, while the stream goes on.

    Args:
        kind: The type whose resources are missing.
        message: Which of them, and why.
    """
    info = ResourceInfo(state=ResourceInfo.FAILURE, resource_type=ERROR, message=message)
    info.resource.update(
        {
            "provider": PROVIDER,
            "cloud_service_group": GROUP,
            "cloud_service_type": kind.name,
            "resource_type": CLOUD_SERVICE,
        }
    )
    return info


class CloudServices:
    """Makes the messages of one type's resources.

    Inventory 2.x takes `json_data`, which keeps integers as integers, and metadata by reference to the type.
    Inventory 1.12 wants `data` as a Struct, where every number is a double, and metadata in every resource.

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

    def message(self, record: Record) -> ResourceInfo:
        """One resource as a message.

        Raises:
            ValueError: The record's data is nothing that JSON can say, such as a number that is infinite.
        """
        info = ResourceInfo()
        info.CopyFrom(self._fixed)
        fields = info.resource.fields
        fields["name"].string_value = record.name
        if self._as_json:
            text = json.dumps(record.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            fields["json_data"].string_value = text
        else:
            fields["data"].struct_value.update(record.data)
        reference = fields["reference"].struct_value.fields
        reference["resource_id"].string_value = record.resource_id
        reference["external_link"].string_value = record.external_link
        if record.account is not None:
            fields["account"].string_value = record.account
        if record.instance_type is not None:
            fields["instance_type"].string_value = record.instance_type
        if record.tags:
            tags = fields["tags"].struct_value.fields
            for key, value in record.tags.items():
                tags[key].string_value = value
        return info


def struct(values: dict[str, Any]) -> Struct:
    """A dict of plain values as protobuf's Struct."""
    message = Struct()
    message.update(values)
    return message


def _message(resource_type: str, resource: dict[str, Any]) -> ResourceInfo:
    info = ResourceInfo(state=ResourceInfo.SUCCESS, resource_type=resource_type)
    info.match_rules.update({"1": MATCH_KEYS[resource_type]})
    info.resource.update(resource)
    return info


def _by_reference(kind: CloudServiceType) -> dict[str, Any]:
    options = {"provider": PROVIDER, "cloud_service_group": GROUP, "cloud_service_type": kind.name}
    return {"view": {"sub_data": {"reference": {"resource_type": CLOUD_SERVICE_TYPE, "options": options}}}}
