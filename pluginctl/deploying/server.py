"""What a Prefect server holds of the items that `pluginctl deploy` makes, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import (
    BlockDocumentCreate,
    BlockDocumentUpdate,
    DeploymentScheduleCreate,
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
    WorkPoolCreate,
    WorkPoolUpdate,
)
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import construct_schedule
from prefect.exceptions import ObjectNotFound

from flows.hidden import hide
from flows.manifest.errors import InvalidField
from flows.tasks.deployed import TAG
from flows.tasks.limits import PREFIX
from flows.text import quoted
from pluginctl.deploying import automations
from pluginctl.deploying.declarations import POOLS
from pluginctl.deploying.items import Item
from pluginctl.deployments import DeploymentError

BLOCK = "slack-webhook"
"""The type of block that hands on every Apprise address as it is. Prefect has no type for Apprise itself."""

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
        self._pools: set[str] = set()
        self._templates: dict[str, dict[str, Any]] = {}
        self._blocks: dict[str, UUID] = {}

    def read(self, items: Iterable[Item]) -> list[Item]:
        """What the server holds: these items, and everything else that an earlier deploy has made.

        Raises:
            DeploymentError: a work pool is of another type.
            InvalidField: a job variable has no such name in its pool, or not such a value.
        """
        wanted = list(items)
        pools = list(self._read_pools(wanted))
        self._check_job_variables(wanted)
        return [
            *pools,
            *self._limits(wanted),
            *self._notifications(wanted),
            *self._read_deployments(wanted),
            *self._automations(wanted),
        ]

    def write(self, item: Item) -> None:
        """Creates an item, or changes it to what it should be."""
        {
            "work pool": self._write_pool,
            "limit": self._write_limit,
            "notification": self._write_notification,
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

    def _read_pools(self, wanted: Iterable[Item]) -> Iterator[Item]:
        for item in wanted:
            if item.kind != "work pool":
                continue
            try:
                pool = self._client.read_work_pool(item.name)
            except ObjectNotFound:
                self._templates[item.name] = job_template(item.fields["type"])
                continue
            if pool.type != item.fields["type"]:
                raise DeploymentError(
                    f"The work pool {quoted(item.name)} is of the type {pool.type}, not {item.fields['type']}, and "
                    "Prefect does not change the type of a pool",
                    "Declare a pool of another name, or delete this one first: prefect work-pool delete",
                )
            self._templates[item.name] = pool.base_job_template or job_template(pool.type)
            self._pools.add(item.name)
            yield Item(
                "work pool", item.name, {"type": pool.type, "concurrency_limit": pool.concurrency_limit}
            )

    def _write_pool(self, item: Item) -> None:
        limit = item.fields["concurrency_limit"]
        if item.name in self._pools:
            self._client.update_work_pool(item.name, WorkPoolUpdate(concurrency_limit=limit))
            return
        pool = WorkPoolCreate(
            name=item.name,
            type=item.fields["type"],
            concurrency_limit=limit,
            base_job_template=self._templates[item.name],
        )
        self._client.create_work_pool(pool)

    def _check_job_variables(self, wanted: Iterable[Item]) -> None:
        """Nothing is compared with an empty template: the first worker of a pool gives it its own then."""
        for item in wanted:
            if item.kind == "deployment":
                pool = item.fields["work_pool_name"]
                if schema := self._templates[pool].get("variables"):
                    _check_variables(schema, item.fields["job_variables"], f"{POOLS}/{pool}.yaml")

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

    def _notifications(self, wanted: Iterable[Item]) -> Iterator[Item]:
        for item in wanted:
            if item.kind == "notification":
                try:
                    held = self._client.read_block_document_by_name(item.name, BLOCK, include_secrets=True)
                except ObjectNotFound:
                    continue
                self._blocks[item.name] = held.id
                yield Item("notification", item.name, {"url": hide(str(held.data.get("url", "")))})

    def _write_notification(self, item: Item) -> None:
        data = dict(item.fields)
        if known := self._blocks.get(item.name):
            self._client.update_block_document(known, BlockDocumentUpdate(data=data))
            return
        type_ = self._client.read_block_type_by_slug(BLOCK)
        schema = self._client.get_most_recent_block_schema_for_block_type(type_.id)
        if schema is None:
            raise DeploymentError(f"The Prefect server has no block of the type {BLOCK}", "Update the server")
        block = BlockDocumentCreate(
            name=item.name, data=data, block_type_id=type_.id, block_schema_id=schema.id
        )
        self._blocks[item.name] = self._client.create_block_document(block).id

    def _automations(self, wanted: Iterable[Item]) -> Iterator[Item]:
        names = {item.name for item in wanted if item.kind == "automation"}
        for each in self._client.read_automations():
            if each.name in names or TAG in each.tags:
                self._ids["automation", each.name] = each.id
                shown = automations.fields(each, self._blocks)
                yield Item("automation", each.name, {**shown, "tags": sorted(each.tags)})

    def _write_automation(self, item: Item) -> None:
        automation = automations.automation(item.fields, self._blocks)
        known = self._ids.get(item.key)
        if known:
            self._client.update_automation(known, automation)
        else:
            self._client.create_automation(automation)


def job_template(type_: str) -> dict[str, Any]:
    """The base job template of Prefect's worker of a type, if it is installed here; else empty.

    The server's own list of workers is no source: it is older than the workers, and lacks variables of theirs.
    """
    from prefect.workers.base import BaseWorker

    worker = BaseWorker.get_worker_class_from_type(type_)
    return worker.get_default_base_job_template() if worker else {}


def _check_variables(schema: dict[str, Any], values: Mapping[str, Any], file: str) -> None:
    from prefect.utilities.schema_tools.validation import validate

    unknown = sorted(values.keys() - schema["properties"].keys())
    if unknown:
        known = ", ".join(sorted(schema["properties"]))
        raise InvalidField(f"{file}: there is no job variable {quoted(unknown[0])}. There are: {known}.")
    for error in validate(dict(values), schema, ignore_required=True):
        raise InvalidField(f"{file}: job_variables{error.json_path.removeprefix('$')}: {error.message}.")


def _fields(deployment: DeploymentResponse) -> dict[str, Any]:
    return {
        "description": deployment.description,
        "entrypoint": deployment.entrypoint,
        "work_pool_name": deployment.work_pool_name,
        "version": deployment.version,
        "job_variables": deployment.job_variables,
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
