"""What a Prefect server should hold for a project's declarations: plain data, to be compared with what it holds.

Each item has the fields that a person would look at, in the form in which the server returns them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.tasks.limits import collector_limit
from pluginctl.deploying.declarations import (
    Declarations,
    DeclaredPlugin,
    PlaceSettings,
    parameters_of,
)

TAG = "pluginctl"
"""Marks what `pluginctl deploy` has made, for `--prune`."""
POOL = "pluginctl"


@dataclass(frozen=True)
class Item:
    """Something that the server should hold, or holds.

    Attributes:
        kind: `work pool`, `limit`, `deployment` or `automation`.
        name: Its name; a deployment's is `flow/name`.
        fields: What is compared.
    """

    kind: str
    name: str
    fields: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """By which an item is found on the server."""
        return self.kind, self.name


def items_of(declared: Declarations, project: Path, version: str) -> list[Item]:
    """The items in the order in which they are made.

    Args:
        declared: What the project declares.
        project: Its folder, in which a worker runs the flows.
        version: Of the pipeline; the deployments' version.
    """
    items = [Item("work pool", POOL, {"type": "process"})]
    limits = {
        collector_limit(environment, plugin_id): 1
        for plugin in declared.plugins
        for environment, plugin_id in plugin.plugin_ids.items()
    }
    items += [Item("limit", name, {"limit": limit}) for name, limit in sorted(limits.items())]
    for plugin in declared.plugins:
        items += _deployments(plugin, project, version)
    return [*items, *(_automation(name, body) for name, body in declared.automations.items())]


def _deployments(plugin: DeclaredPlugin, project: Path, version: str) -> Iterator[Item]:
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
    if len(environments) == 1:
        values["environment"] = environments[0]
        values["parameters"] = parameters_of(settings, settings.environments[environments[0]])
    yield _deployment(
        f"release/{plugin.name}",
        f"{plugin.name}, from its source to collected resources.",
        form(release.parameters.model_dump(), {"environment": environments, **_choices(fixed)}, values),
        values,
        [TAG, f"plugin:{plugin.name}"],
        (project, version),
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
            (project, version),
            _schedules(place),
        )


def _deployment(
    name: str,
    description: str,
    schema: Mapping[str, Any],
    values: Mapping[str, Any],
    tags: list[str],
    runs: tuple[Path, str],
    schedules: list[dict[str, Any]] | None = None,
) -> Item:
    project, version = runs
    flow = name.partition("/")[0]
    return Item(
        "deployment",
        name,
        {
            "description": description,
            "entrypoint": f"flows/{flow}.py:{flow}",
            "work_pool_name": POOL,
            "version": version,
            "tags": sorted(tags),
            "parameters": dict(values),
            "parameter_openapi_schema": dict(schema),
            "enforce_parameter_schema": True,
            "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": str(project)}}],
            "schedules": schedules or [],
        },
    )


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


def _automation(name: str, body: Mapping[str, Any]) -> Item:
    from prefect.events.schemas.automations import AutomationCore

    shown = AutomationCore.model_validate(body).model_dump(mode="json")
    return Item("automation", name, {**shown, "tags": sorted({*shown["tags"], TAG})})
