"""What a Prefect server holds of the items that `pluginctl deploy` makes, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
    WorkPoolCreate,
)
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import construct_schedule
from prefect.events.schemas.automations import Automation, AutomationCore
from prefect.exceptions import ObjectNotFound

from flows.tasks.limits import PREFIX
from pluginctl.deploying.items import TAG, Item

_PAGE = 200


class Server:
    """A Prefect server.

    Args:
        client: Its API.
    """

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client
        self._ids: dict[tuple[str, str], UUID] = {}
        self._deployments: dict[str, DeploymentResponse] = {}

    def read(self, items: Iterable[Item]) -> list[Item]:
        """What the server holds: these items, and everything else that an earlier deploy has made."""
        wanted = list(items)
        return [
            *(found for item in wanted if item.kind == "work pool" and (found := self._pool(item.name))),
            *self._limits(wanted),
            *self._read_deployments(wanted),
            *self._automations(wanted),
        ]

    def write(self, item: Item) -> None:
        """Creates an item, or changes it to what it should be."""
        {
            "work pool": self._write_pool,
            "limit": self._write_limit,
            "deployment": self._write_deployment,
            "automation": self._write_automation,
        }[item.kind](item)

    def delete(self, item: Item) -> None:
        """Removes an item that is held."""
        if item.kind == "limit":
            self._client.delete_global_concurrency_limit_by_name(item.name)
        elif item.kind == "deployment":
            self._client.delete_deployment(self._ids[item.key])
        elif item.kind == "automation":
            self._client.delete_automation(self._ids[item.key])

    def _pool(self, name: str) -> Item | None:
        try:
            return Item("work pool", name, {"type": self._client.read_work_pool(name).type})
        except ObjectNotFound:
            return None

    def _write_pool(self, item: Item) -> None:
        self._client.create_work_pool(WorkPoolCreate(name=item.name, type=item.fields["type"]))

    def _limits(self, wanted: Iterable[Item]) -> Iterator[Item]:
        names = {item.name for item in wanted if item.kind == "limit"}
        offset = 0
        while page := self._client.read_global_concurrency_limits(limit=_PAGE, offset=offset):
            for each in page:
                if each.name in names or each.name.startswith(PREFIX):
                    yield Item("limit", each.name, {"limit": each.limit})
            offset += len(page)

    def _write_limit(self, item: Item) -> None:
        limit = item.fields["limit"]
        try:
            self._client.read_global_concurrency_limit_by_name(item.name)
        except ObjectNotFound:
            self._client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(name=item.name, limit=limit)
            )
        else:
            self._client.update_global_concurrency_limit(item.name, GlobalConcurrencyLimitUpdate(limit=limit))

    def _read_deployments(self, wanted: Iterable[Item]) -> Iterator[Item]:
        flows: dict[UUID, str] = {}
        found: dict[UUID, DeploymentResponse] = {}
        mine = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
        while page := self._client.read_deployments(deployment_filter=mine, limit=_PAGE, offset=len(found)):
            found |= {each.id: each for each in page}
        for item in wanted:
            if item.kind == "deployment" and (other := self._named(item.name)):
                found[other.id] = other
        for each in found.values():
            if each.flow_id not in flows:
                flows[each.flow_id] = self._client.read_flow(each.flow_id).name
            name = f"{flows[each.flow_id]}/{each.name}"
            self._ids["deployment", name], self._deployments[name] = each.id, each
            yield Item("deployment", name, _fields(each))

    def _named(self, name: str) -> DeploymentResponse | None:
        """A deployment that somebody else has made under the name of one that should be there."""
        try:
            return self._client.read_deployment_by_name(name)
        except ObjectNotFound:
            return None

    def _write_deployment(self, item: Item) -> None:
        fields = dict(item.fields)
        flow, name = item.name.split("/", 1)
        before = self._deployments.get(item.name)
        active = {each.slug: each.active for each in before.schedules} if before else {}
        fields["schedules"] = [
            DeploymentScheduleCreate(
                schedule=construct_schedule(**{key: value for key, value in each.items() if key != "slug"}),
                slug=each["slug"],
                active=active.get(each["slug"], True),  # somebody may have paused it
            )
            for each in fields["schedules"]
        ]
        self._client.create_deployment(self._client.create_flow_from_name(flow), name, **fields)

    def _automations(self, wanted: Iterable[Item]) -> Iterator[Item]:
        names = {item.name for item in wanted if item.kind == "automation"}
        for each in self._client.read_automations():
            if each.name in names or TAG in each.tags:
                self._ids["automation", each.name] = each.id
                yield Item("automation", each.name, _automation_fields(each))

    def _write_automation(self, item: Item) -> None:
        automation = AutomationCore.model_validate(item.fields)
        known = self._ids.get(item.key)
        if known:
            self._client.update_automation(known, automation)
        else:
            self._client.create_automation(automation)


def _fields(deployment: DeploymentResponse) -> dict[str, Any]:
    return {
        "description": deployment.description,
        "entrypoint": deployment.entrypoint,
        "work_pool_name": deployment.work_pool_name,
        "version": deployment.version,
        "tags": sorted(deployment.tags),
        "parameters": deployment.parameters,
        "parameter_openapi_schema": deployment.parameter_openapi_schema,
        "enforce_parameter_schema": deployment.enforce_parameter_schema,
        "pull_steps": deployment.pull_steps,
        "schedules": [_schedule(each) for each in deployment.schedules],
    }


def _schedule(held: Any) -> dict[str, Any]:
    schedule = held.schedule
    cron = getattr(schedule, "cron", None)
    when = {"cron": cron} if cron else {"interval": schedule.interval.total_seconds()}
    return {"slug": held.slug, **when, "timezone": schedule.timezone}


def _automation_fields(automation: Automation) -> Mapping[str, Any]:
    fields = automation.model_dump(mode="json", exclude={"id", "created", "updated"})
    return {**AutomationCore.model_validate(fields).model_dump(mode="json"), "tags": sorted(automation.tags)}
