"""What a collection consists of, as plain objects; `plugin.serving.messages` makes SpaceONE's messages of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Region:
    """A region; the platform lists resources by it.

    Attributes:
        region_code: Identifies the region within its provider, as `CloudService.region_code` names it.
        name: What people call it.
        provider: The provider, as registered on the platform.
    """

    region_code: str
    name: str
    provider: str


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: each is defined once
class CloudServiceType:
    """A kind of cloud service; the console shows one table for each.

    Attributes:
        name: Name, unique within its group.
        group: Name of the group.
        provider: The provider, as registered on the platform.
        metadata: Dynamic UI, made with `plugin.serving.ui`.
        labels: Words that people find the type by.
        tags: Further texts; the console reads `spaceone:icon`.
        is_primary: Whether the console counts it among the main types of its provider.
        region_code: Region of all its cloud services that name none themselves.
        exact_numbers: Whether each cloud service gets a key `exact` in its data, with the digits of numbers that a
            double cannot hold (see `plugin.serving.numbers`). The key is always there then, empty or not: inventory
            2.x keeps what a later collection leaves out, and old digits would stand beside a new number.
    """

    name: str
    group: str
    provider: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    labels: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    is_primary: bool = True
    region_code: str | None = None
    exact_numbers: bool = False


@dataclass(slots=True)  # frozen, it takes three times as long to make
class CloudService:
    """A resource: a server, a bucket, a coin.

    Attributes:
        type: The type that it belongs to.
        resource_id: Identifies it within its type; a later collection updates the resource with the same id.
        name: What people call it.
        data: Texts, numbers, booleans, and dicts and lists of them. None is left out.
        external_link: Address of its page for people.
        tags: Short texts to search and group by. None is left out.
        account: The account that it belongs to.
        instance_type: Its kind within the type, such as a server's size.
        region_code: Its region, where the type does not name one for all.
        more: Other fields of inventory's cloud service, such as `instance_size`, `ip_addresses` or `launched_at`.
        shown: What the console is to draw for numbers of the data, made with `plugin.serving.shown`; it is sent in the
            data, as `shown`.
    """

    type: CloudServiceType
    resource_id: str
    name: str
    data: dict[str, Any]
    external_link: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    account: str | None = None
    instance_type: str | None = None
    region_code: str | None = None
    more: Mapping[str, Any] | None = None
    shown: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Namespace:
    """A group of metrics. Generation 2.x alone has it; for 1.12 it is left out.

    Attributes:
        namespace_id: Identifies it on the platform.
        name: What people call it.
        category: "ASSET" for resources.
        resource_type: The resources that its metrics are about: `inventory.CloudService:provider.group.type`.
        group: The provider.
        version: A changed namespace needs another version: the platform ignores changes without one.
    """

    namespace_id: str
    name: str
    category: str
    resource_type: str
    group: str
    version: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that the platform computes from the resources each day. Generation 2.x alone has it.

    Attributes:
        metric_id: Identifies it on the platform.
        name: What people call it.
        metric_type: A gauge is computed from all resources that exist, a counter from those of the last day.
        resource_type: The resources that it is computed from, as in its namespace.
        query_options: The query, as inventory's Metric API defines it.
        unit: What it counts.
        namespace_id: The namespace.
        version: A changed metric needs another version: the platform ignores changes without one.
    """

    metric_id: str
    name: str
    metric_type: Literal["GAUGE", "COUNTER"]
    resource_type: str
    query_options: Mapping[str, Any]
    unit: str
    namespace_id: str
    version: str


@dataclass(frozen=True, slots=True)
class ErrorResource:
    """A failure that the platform records with the job, while the collection goes on.

    Attributes:
        type: The type whose resources are missing.
        message: Which of them, and why; one sentence for people, without secrets.
    """

    type: CloudServiceType
    message: str


Resource = CloudService | CloudServiceType | Region | Namespace | Metric | ErrorResource
"""Whatever a collection may consist of."""
