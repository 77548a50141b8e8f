"""The resources of a collector in the inventory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.spaceone import Client, Generation

#: Generations whose queries sort by only one key; the others accept a list of keys.
_SORTS_BY_ONE = frozenset({Generation.V1_12})


def counts(client: Client, collector_id: str, provider: str) -> dict[str, int]:
    """The number of resources of each type.

    Cloud services are counted by collector; types and regions, which do not refer to a collector, by provider.
    """
    services = client.call(
        "inventory.CloudService.list", {"query": {**_of(collector_id), "count_only": True}}
    )
    found = {"inventory.CloudService": int(services.get("total_count", 0))}
    for name in ("CloudServiceType", "Region"):
        answer = client.call(f"inventory.{name}.list", {"provider": provider, "query": {"count_only": True}})
        found[f"inventory.{name}"] = int(answer.get("total_count", 0))
    return found


def by_type(client: Client, collector_id: str) -> dict[str, int]:
    """The number of cloud services of each `provider/group/type`."""
    query = {
        **_of(collector_id),
        "group_by": ["provider", "cloud_service_group", "cloud_service_type"],
        "fields": {"count": {"operator": "count"}},
    }
    rows = client.list("inventory.CloudService.analyze", {"query": query})
    return {
        "/".join(str(row[key]) for key in ("provider", "cloud_service_group", "cloud_service_type")): int(
            row["count"]
        )
        for row in rows
    }


def collected(
    client: Client,
    collector_id: str,
    generation: Generation,
    sort: tuple[str, bool] = ("name", False),
    limit: int = 20,
    name: str | None = None,
) -> list[dict[str, Any]]:
    """The cloud services of a collector, at most `limit`.

    Args:
        client: With the domain's token.
        collector_id: The collector.
        generation: Of the installation's API.
        sort: A dotted key, and whether to sort in descending order.
        limit: The maximum number of records.
        name: Only resources of this name, if given.
    """
    key, down = sort
    order = {"key": key, "desc": down}
    query = {
        **_of(collector_id),
        "sort": order if generation in _SORTS_BY_ONE else [order],
        "page": {"start": 1, "limit": limit},
    }
    named = {} if name is None else {"name": name}
    return client.list("inventory.CloudService.list", {**named, "query": query})


def cloud_service(client: Client, record: Mapping[str, Any]) -> dict[str, Any]:
    """A cloud service in full: `list` leaves out its metadata."""
    return client.call("inventory.CloudService.get", {"cloud_service_id": record["cloud_service_id"]})


def cloud_service_type(client: Client, name: str) -> dict[str, Any] | None:
    """A cloud service type, with the layout that the console uses for its resources.

    Args:
        client: With the domain's token.
        name: `provider/group/type`, as in `by_type`.
    """
    provider, group, kind = name.split("/", 2)
    found = client.list(
        "inventory.CloudServiceType.list", {"name": kind, "group": group, "provider": provider}
    )
    return found[0] if found else None


def _of(collector_id: str) -> dict[str, Any]:
    return {"filter": [{"k": "collection_info.collector_id", "v": collector_id, "o": "eq"}]}
