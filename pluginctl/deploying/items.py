"""What a Prefect server should hold for a project's declarations: plain data, to be compared with what it holds.

Each item has the fields that a person would look at, in the form in which the server returns them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flows.steps.inputs import REPOSITORIES
from flows.steps.repositories import GitAddress, parse_place
from flows.tasks.deployed import TAG
from flows.tasks.limits import collector_limit
from pluginctl.deploying.declarations import (
    Declarations,
    DeclaredPlugin,
    notifications_of,
    parameters_of,
    with_blocks,
)
from pluginctl.deploying.settings import PlaceSettings, PluginSettings, PoolSettings

if TYPE_CHECKING:
    from prefect.events.schemas.automations import AutomationCore

IN_IMAGE = "/project"
"""Where the pipeline's image has the project."""


@dataclass(frozen=True)
class Item:
    """Something that the server should hold, or holds.

    Attributes:
        kind: `work pool`, `limit`, `notification`, `deployment` or `automation`.
        name: Its name; a deployment's is `flow/name`.
        fields: What is compared.
        why_not: Why it cannot be made here; what the server holds of it stays as it is.
    """

    kind: str
    name: str
    fields: Mapping[str, Any]
    why_not: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """By which an item is found on the server."""
        return self.kind, self.name


def items_of(declared: Declarations, project: Path, version: str) -> list[Item]:
    """The items in the order in which they are made.

    Args:
        declared: What the project declares.
        project: Its folder, in which a worker of the type process runs the flows.
        version: Of the pipeline; the deployments' version.
    """
    items = [
        Item("work pool", name, {"type": pool.type, "concurrency_limit": pool.concurrency})
        for name, pool in declared.pools.items()
    ]
    limits = {
        collector_limit(environment, plugin_id): 1
        for plugin in declared.plugins
        for environment, plugin_id in plugin.plugin_ids.items()
    }
    items += [Item("limit", name, {"limit": limit}) for name, limit in sorted(limits.items())]
    unset = {name for name, address in declared.addresses.items() if not address}
    items += [
        Item("notification", name, {"url": address}, "its variable is not set here" if name in unset else "")
        for name, address in declared.addresses.items()
    ]
    for plugin in declared.plugins:
        items += _deployments(plugin, _Runs(declared.pools[plugin.settings.pool], project, version))
    for name, body in declared.automations.items():
        missing = ", ".join(sorted(notifications_of(body) & unset))
        items.append(_automation(name, body, f"the address of {missing} is not set here" if missing else ""))
    return items


@dataclass(frozen=True)
class _Runs:
    """How the runs of a plugin's deployments are started."""

    pool: PoolSettings
    project: Path
    version: str

    def fields(self, settings: PluginSettings) -> dict[str, Any]:
        pool, variables = self.pool, dict(self.pool.job_variables)
        if pool.image:
            variables["image"] = pool.image
        if repositories := _repositories(settings):
            given = dict(variables.get("env") or {})
            named = " ".join(filter(None, (str(given.get(REPOSITORIES, "")), *repositories)))
            variables["env"] = {**given, REPOSITORIES: named}
        folder = pool.folder or (IN_IMAGE if pool.image else str(self.project))
        return {
            "work_pool_name": settings.pool,
            "version": self.version,
            "job_variables": variables,
            "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": folder}}],
        }


def _repositories(settings: PluginSettings) -> list[str]:
    places = map(parse_place, (settings.source, settings.manifest))
    return list(dict.fromkeys(place.url for place in places if isinstance(place, GitAddress)))


def _deployments(plugin: DeclaredPlugin, runs: _Runs) -> Iterator[Item]:
    from flows.recollect import recollect
    from flows.release import release

    settings = plugin.settings
    fixed = {"source": settings.source, "manifest": settings.manifest}
    environments = list(settings.environments)
    values = {
        **fixed,
        "dry_run": False,
        "publish_only": False,
        "parameters": settings.parameters,
        "version": "",
    }
    schema = release.parameters.model_dump()
    if _repositories(settings):
        values["revision"] = ""
    else:
        del schema["properties"]["revision"]
    if len(environments) == 1:
        values["environment"] = environments[0]
        values["parameters"] = parameters_of(settings, settings.environments[environments[0]])
    yield _deployment(
        f"release/{plugin.name}",
        f"{plugin.name}, from its source to collected resources.",
        form(schema, {"environment": environments, **_choices(fixed)}, values),
        values,
        [TAG, f"plugin:{plugin.name}"],
        runs.fields(settings),
    )
    for name, place in settings.environments.items():
        values = {
            "environment": name,
            "manifest": settings.manifest,
            "parameters": parameters_of(settings, place),
        }
        fixed = {"environment": name, "manifest": settings.manifest}
        yield _deployment(
            f"recollect/{plugin.name}@{name}",
            f"{plugin.name} in {name}, collected again.",
            form(recollect.parameters.model_dump(), _choices(fixed), values),
            values,
            [TAG, f"plugin:{plugin.name}", f"environment:{name}"],
            runs.fields(settings),
            _schedules(place),
        )


def _deployment(
    name: str,
    description: str,
    schema: Mapping[str, Any],
    values: Mapping[str, Any],
    tags: list[str],
    runs: Mapping[str, Any],
    schedules: list[dict[str, Any]] | None = None,
) -> Item:
    flow = name.partition("/")[0]
    fields = {
        "description": description,
        "entrypoint": f"flows.{flow}.{flow}",  # the installed pipeline's: a project need not be a checkout of it
        "tags": sorted(tags),
        "parameters": dict(values),
        "parameter_openapi_schema": dict(schema),
        "enforce_parameter_schema": True,
        "schedules": schedules or [],
    }
    return Item("deployment", name, {**fields, **runs})


def form(
    schema: Mapping[str, Any], choices: Mapping[str, list[str]], values: Mapping[str, Any]
) -> dict[str, Any]:
    """A flow's parameter schema as the form of one deployment: choices, no other parameters, and what is required.

    Args:
        schema: The flow's.
        choices: The values that a parameter may have.
        values: The deployment's; a parameter without one has no default, and must be chosen.
    """
    properties = {}
    for name, field in schema["properties"].items():
        shown = {key: value for key, value in field.items() if key != "default"}
        if name in choices:
            shown["enum"] = choices[name]
        if name in values:
            shown["default"] = values[name]
        properties[name] = shown
    required = [name for name in properties if name not in values]
    return {**schema, "properties": properties, "required": required, "additionalProperties": False}


def _choices(fixed: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in fixed.items()}


def _schedules(place: PlaceSettings) -> list[dict[str, Any]]:
    """At most one. Its slug stays the same, so that a change replaces it."""
    if place.schedule is None:
        return []
    given = place.schedule
    when = {"cron": given.cron} if given.cron else {"interval": given.interval}
    return [{"slug": "recollect", **when, "timezone": given.timezone}]


def _automation(name: str, body: Mapping[str, Any], why_not: str) -> Item:
    """An automation with all of Prefect's fields; its actions keep the names of notifications."""
    from prefect.events.schemas.automations import AutomationCore

    any_id = UUID(int=0)
    ids = dict.fromkeys(notifications_of(body), any_id)
    shown = automation_fields(AutomationCore.model_validate(with_blocks(body, ids)))
    return Item(
        "automation",
        name,
        {
            **shown,
            "actions": [
                named_again(action, given.get("notification"))
                for action, given in zip(shown["actions"], body["actions"], strict=True)
            ],
            "tags": sorted({*shown["tags"], TAG}),
        },
        why_not,
    )


def automation_fields(automation: AutomationCore) -> dict[str, Any]:
    """The fields of an automation, as they can be compared and sent: what is a set for Prefect is in order."""
    # The server refuses an update that names the owner, even if there is none.
    return dict(_in_order(automation.model_dump(mode="json", exclude={"owner_resource"})))


_SETS = {"after", "expect", "for_each"}


def _in_order(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _in_order(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return sorted(value) if name in _SETS else [_in_order(each) for each in value]
    return value


def named_again(action: Mapping[str, Any], notification: str | None) -> dict[str, Any]:
    """An action with the name of a notification in the place of the block's id."""
    if notification is None:
        return dict(action)
    return {
        **{key: each for key, each in action.items() if key != "block_document_id"},
        "notification": notification,
    }
