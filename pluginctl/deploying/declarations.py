"""What a project declares for Prefect: files of plugins, work pools, automations and notifications."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from flows.errors import PipelineError
from flows.hidden import hide
from flows.manifest import Manifest, environment_folders, split_parameters
from flows.manifest.documents import parse
from flows.manifest.errors import FileMissing, InvalidField, ManifestError
from flows.manifest.lookup import names_in
from flows.manifest.reading import Part, read_document
from flows.manifest.secrets import Unread
from flows.steps.places import ENVIRONMENTS
from flows.steps.repositories import fetching, parse_place
from flows.steps.runner import PlainRunner
from flows.text import quoted
from pluginctl.deploying import automations
from pluginctl.deploying.settings import (
    POOL,
    NotificationSettings,
    PlaceSettings,
    PluginSettings,
    PoolSettings,
)

T = TypeVar("T")

PLUGINS = "deployments/plugins"
POOLS = "deployments/pools"
AUTOMATIONS = "deployments/automations"
NOTIFICATIONS = "deployments/notifications"
_BLOCK_NAME = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True)
class DeclaredPlugin:
    """One plugin, with what its manifest says of it.

    Attributes:
        name: The file's name without its ending.
        settings: The fields of the file.
        plugin_ids: The plugin's id in each environment, whose parameters may change it.
    """

    name: str
    settings: PluginSettings
    plugin_ids: Mapping[str, str]


@dataclass(frozen=True)
class Declarations:
    """Everything that a project declares for Prefect.

    Attributes:
        plugins: Each plugin.
        pools: The work pools by name, also the one that no file declares.
        automations: The fields of each file, by the automation's name, as `automations.complete` gives them.
        addresses: The Apprise address of each notification; None if its variable is not set here.
    """

    plugins: tuple[DeclaredPlugin, ...]
    pools: Mapping[str, PoolSettings] = field(default_factory=dict)
    automations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    addresses: Mapping[str, str | None] = field(default_factory=dict)

    def of(self, environments: Collection[str]) -> Declarations:
        """The same without other environments, and without plugins that have no environment left."""
        plugins = []
        for plugin in self.plugins:
            chosen = {
                name: place for name, place in plugin.settings.environments.items() if name in environments
            }
            if chosen:
                settings = plugin.settings.model_copy(update={"environments": chosen})
                plugins.append(
                    DeclaredPlugin(plugin.name, settings, {name: plugin.plugin_ids[name] for name in chosen})
                )
        return replace(self, plugins=tuple(plugins))


def read(project: Path) -> Declarations:
    """Reads what a project declares. All files are checked before an error is raised.

    Raises:
        ManifestError: a file is wrong; the message has a line for each fault.
        NotFetched: a manifest lies in a git repository that cannot be had.
    """
    faults: list[str] = []
    pools = {path.stem: pool for path, pool in _each(project / POOLS, faults, _pool)}
    plugins = _each(project / PLUGINS, faults, lambda path: _plugin(project, path, pools))
    addresses = {path.stem: each for path, each in _each(project / NOTIFICATIONS, faults, _address)}
    declared = _each(project / AUTOMATIONS, faults, lambda path: _automation(path, addresses))
    if faults:
        raise InvalidField("\n".join(faults))
    if not plugins:
        raise FileMissing(
            f"{project / PLUGINS} declares no plugin.",
            f"Write {PLUGINS}/NAME.yaml with source, manifest and environments: see docs/operating.md.",
        )
    if any(POOL in plugin.settings.pools for _, plugin in plugins):
        pools.setdefault(POOL, PoolSettings())
    return Declarations(
        tuple(plugin for _, plugin in plugins),
        pools,
        {str(each["name"]): each for _, each in declared},
        addresses,
    )


def _each(folder: Path, faults: list[str], read_one: Callable[[Path], T]) -> list[tuple[Path, T]]:
    found = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found.append((path, read_one(path)))
        except PipelineError as error:
            faults.append(" ".join(filter(None, (error.message, error.advice))))
    return found


def _pool(path: Path) -> PoolSettings:
    return parse(PoolSettings, read_document(path))


def _address(path: Path) -> str | None:
    settings = parse(NotificationSettings, read_document(path))
    if not _BLOCK_NAME.fullmatch(path.stem):
        raise InvalidField(
            f"{path}: Prefect takes small letters, digits and dashes for the name of a notification."
        )
    address = os.environ.get(settings.address_variable)
    return hide(address) if address else None


def _plugin(project: Path, path: Path, pools: Mapping[str, PoolSettings]) -> DeclaredPlugin:
    part = read_document(path, project)
    settings = parse(PluginSettings, part)
    for name in ("source", "manifest"):
        place = parse_place(getattr(settings, name))
        if isinstance(place, Path) and not (project / place).is_dir():
            raise InvalidField(f"{part.where(name)}: {quoted(str(place))} is not a folder of {project}.")
    for pool in sorted(settings.pools - {POOL, *pools}):
        raise InvalidField(
            f"{part.where('pool')}: there is no work pool {quoted(pool)}: write {POOLS}/{pool}.yaml."
        )
    # What an environment says may extend files that only the worker has.
    known = names_in(environment_folders(project / ENVIRONMENTS))
    for name in settings.environments:
        if name not in known:
            raise InvalidField(
                f"{part.where('environments')}: there is no environment {quoted(name)}. "
                f"The environments there are: {', '.join(known) or 'none'}."
            )
    return DeclaredPlugin(path.stem, settings, _plugin_ids(project, settings))


def _plugin_ids(project: Path, settings: PluginSettings) -> dict[str, str]:
    with fetching(PlainRunner()) as fetch:
        place = parse_place(settings.manifest)
        folder = fetch(project / place if isinstance(place, Path) else place, "manifest")
        ids = {}
        for name, of_place in settings.environments.items():
            parameters = split_parameters(parameters_of(settings, of_place))
            ids[name] = Manifest.load(folder, parameters, Unread(), written=False).plugin.id
    return ids


def parameters_of(settings: PluginSettings, place: PlaceSettings) -> str:
    """The parameters of a plugin in one environment, in one line."""
    return f"{settings.parameters} {place.parameters}".strip()


def _automation(path: Path, addresses: Mapping[str, str | None]) -> Mapping[str, Any]:
    """An automation's file: Prefect's own format, as `prefect automation create --from-file` takes it."""
    from pydantic import ValidationError

    part: Part = read_document(path)
    for name in sorted(automations.notifications(part.data) - addresses.keys()):
        raise ManifestError(
            f"{path}: there is no notification {quoted(name)}: write {NOTIFICATIONS}/{name}.yaml."
        )
    try:
        return automations.complete(part.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ManifestError(f"{path}: {where}: {first['msg']}.") from None
