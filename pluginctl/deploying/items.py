"""What a Prefect server should hold for a project's declarations: plain data, to be compared with what it holds.

Each item has the fields that a person would look at, in the form in which the server returns them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from flows.steps.inputs import REPOSITORIES
from flows.steps.repositories import GitAddress, parse_place
from flows.tasks.deployed import TAG, start_folder
from flows.tasks.limits import collector_limit
from pluginctl.deploying.automations import notifications
from pluginctl.deploying.declarations import Declarations, DeclaredPlugin, parameters_of
from pluginctl.deploying.settings import PluginSettings, PoolSettings, ScheduleSettings

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


def items_of(declared: Declarations, project: Path, version: str, python: str) -> list[Item]:
    """The items in the order in which they are made.

    Args:
        declared: What the project declares.
        project: Its folder, in which a worker of the type process runs the flows.
        version: Of the pipeline; the deployments' version.
        python: The Python that has the pipeline installed, for workers of this machine.
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
        items += _deployments(plugin, _Runs(plugin.settings, declared.pools, project, version, python))
    for name, body in declared.automations.items():
        missing = ", ".join(sorted(notifications(body) & unset))
        fields = {**body, "tags": sorted({*body["tags"], TAG})}
        items.append(
            Item("automation", name, fields, f"the address of {missing} is not set here" if missing else "")
        )
    return items


@dataclass(frozen=True)
class _Runs:
    """How the runs of a plugin's deployments are started."""

    settings: PluginSettings
    pools: Mapping[str, PoolSettings]
    project: Path
    version: str
    python: str

    @property
    def repositories(self) -> list[str]:
        """Where the plugin's source and manifest are, as far as they are in git repositories."""
        places = map(parse_place, (self.settings.source, self.settings.manifest))
        return list(dict.fromkeys(place.url for place in places if isinstance(place, GitAddress)))

    def fields(self, name: str) -> dict[str, Any]:
        """Those of a deployment whose runs a pool gets."""
        pool = self.pools[name]
        variables = dict(pool.job_variables)
        if pool.image:
            variables["image"] = pool.image
        elif not pool.folder:  # the project is here, and so is the pipeline
            # Without a command, Prefect starts a second Python beside each run, to prepare what it works in.
            variables.setdefault("command", f"{shlex.quote(self.python)} -m prefect.engine")
        if self.repositories:
            given = dict(variables.get("env") or {})
            named = " ".join(filter(None, (str(given.get(REPOSITORIES, "")), *self.repositories)))
            variables["env"] = {**given, REPOSITORIES: named}
        folder = pool.folder or (IN_IMAGE if pool.image else str(self.project))
        return {
            "work_pool_name": name,
            "version": self.version,
            "job_variables": variables,
            "pull_steps": [
                {"prefect.deployments.steps.set_working_directory": {"directory": start_folder(folder)}}
            ],
        }


def _deployments(plugin: DeclaredPlugin, runs: _Runs) -> Iterator[Item]:
    settings = plugin.settings
    # A form cannot choose parameters or a pool together with the environment.
    alike = {
        name: place for name, place in settings.environments.items() if not (place.parameters or place.pool)
    }
    if alike:
        for make in (_release, _rollback):
            yield make(plugin.name, plugin, list(alike), settings.parameters, runs, settings.pool)
    for name, place in settings.environments.items():
        own, parameters = f"{plugin.name}@{name}", parameters_of(settings, place)
        if name not in alike:
            for make in (_release, _rollback):
                yield make(own, plugin, [name], parameters, runs, place.pool or settings.pool)
        yield _of_released(
            "recollect", "collected again", place.schedule, own, plugin, name, parameters, runs
        )
        if place.drift:
            yield _of_released("drift", "compared", place.drift, own, plugin, name, parameters, runs)


def _release(
    name: str, plugin: DeclaredPlugin, environments: list[str], parameters: str, runs: _Runs, pool: str
) -> Item:
    from flows.release import release

    fixed = {"source": plugin.settings.source, "manifest": plugin.settings.manifest}
    values = {**fixed, "dry_run": False, "publish_only": False, "parameters": parameters, "version": ""}
    schema = release.parameters.model_dump()
    if runs.repositories:
        values["revision"] = ""
    else:
        del schema["properties"]["revision"]
    does = f"{plugin.name}, from its source to collected resources."
    return _of_choice(f"release/{name}", does, schema, fixed, values, plugin, environments, runs.fields(pool))


def _rollback(
    name: str, plugin: DeclaredPlugin, environments: list[str], parameters: str, runs: _Runs, pool: str
) -> Item:
    from flows.rollback import rollback

    fixed = {"manifest": plugin.settings.manifest}
    values = {**fixed, "dry_run": False, "parameters": parameters}
    does, schema = f"{plugin.name}, back to a version that was released.", rollback.parameters.model_dump()
    return _of_choice(
        f"rollback/{name}", does, schema, fixed, values, plugin, environments, runs.fields(pool)
    )


def _of_choice(
    name: str,
    does: str,
    schema: Mapping[str, Any],
    fixed: Mapping[str, str],
    values: dict[str, Any],
    plugin: DeclaredPlugin,
    environments: list[str],
    runs: Mapping[str, Any],
) -> Item:
    """A deployment whose form offers the environments; where there is one alone, it is the default."""
    tags = [TAG, f"plugin:{plugin.name}"]
    if len(environments) == 1:
        values = {**values, "environment": environments[0]}
        tags.append(f"environment:{environments[0]}")
    choices = {"environment": environments, **_choices(fixed)}
    return _deployment(name, does, form(schema, choices, values), values, tags, runs)


def _of_released(
    flow: str,
    does: str,
    schedule: ScheduleSettings | None,
    name: str,
    plugin: DeclaredPlugin,
    environment: str,
    parameters: str,
    runs: _Runs,
) -> Item:
    """A deployment of a flow that takes what was released: `recollect`, and `drift`."""
    place = plugin.settings.environments[environment]
    schema = getattr(import_module(f"flows.{flow}"), flow).parameters.model_dump()
    fixed = {"environment": environment, "manifest": plugin.settings.manifest}
    values = {**fixed, "parameters": parameters}
    return _deployment(
        f"{flow}/{name}",
        f"{plugin.name} in {environment}, {does}.",
        form(schema, _choices(fixed), values),
        values,
        [TAG, f"plugin:{plugin.name}", f"environment:{environment}"],
        runs.fields(place.pool or plugin.settings.pool),
        _schedules(flow, schedule),
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


def _schedules(slug: str, given: ScheduleSettings | None) -> list[dict[str, Any]]:
    """At most one. Its slug stays the same, so that a change replaces it."""
    if given is None:
        return []
    when = {"cron": given.cron} if given.cron else {"interval": given.interval}
    return [{"slug": slug, **when, "timezone": given.timezone}]
