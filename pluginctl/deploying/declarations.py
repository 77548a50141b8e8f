"""What a project declares for Prefect: a file for each plugin, and one for each automation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import Field, model_validator

from flows.errors import PipelineError
from flows.manifest import Manifest, environment_folders, split_parameters
from flows.manifest.documents import Document, parse
from flows.manifest.errors import FileMissing, InvalidField, ManifestError
from flows.manifest.lookup import names_in
from flows.manifest.reading import Part, read_document
from flows.manifest.secrets import Unread
from flows.steps.places import ENVIRONMENTS
from flows.text import quoted

T = TypeVar("T")

PLUGINS = "deployments/plugins"
AUTOMATIONS = "deployments/automations"


class ScheduleSettings(Document):
    """When a plugin is collected again: by cron, or every so many seconds."""

    cron: str | None = Field(default=None, description='Such as "*/15 * * * *".')
    interval: float | None = Field(default=None, ge=60, description="Seconds.")
    timezone: str = Field(default="UTC", description="Such as Europe/Berlin; of cron.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.cron) == bool(self.interval):
            raise ValueError("give either cron or interval.")
        _check_schedule(self)
        return self


class PlaceSettings(Document):
    """One environment of a plugin."""

    schedule: ScheduleSettings | None = None
    parameters: str = Field(
        default="", description="KIND.FIELD=VALUE, separated by spaces; added to the plugin's."
    )


class PluginSettings(Document):
    """deployments/plugins/NAME.yaml: where a plugin is, and where it is released to."""

    source: str = Field(description="The folder of the plugin's source, relative to the project.")
    manifest: str = Field(description="The folder of its manifest.")
    parameters: str = Field(default="", description="KIND.FIELD=VALUE, separated by spaces.")
    environments: dict[str, PlaceSettings] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        """`production:` without anything below it is an environment without settings."""
        if isinstance(value, Mapping) and isinstance(value.get("environments"), Mapping):
            filled = {name: each or {} for name, each in value["environments"].items()}
            return {**value, "environments": filled}
        return value


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
        plugins: By name.
        automations: The fields of each file, by the automation's name.
    """

    plugins: tuple[DeclaredPlugin, ...]
    automations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read(project: Path) -> Declarations:
    """Reads what a project declares. All files are checked before an error is raised.

    Raises:
        ManifestError: a file is wrong; the message has a line for each fault.
    """
    faults: list[str] = []
    plugins = _each(project / PLUGINS, faults, lambda path: _plugin(project, path))
    automations = _each(project / AUTOMATIONS, faults, _automation)
    if faults:
        raise InvalidField("\n".join(faults))
    if not plugins:
        raise FileMissing(
            f"{project / PLUGINS} declares no plugin.",
            f"Write {PLUGINS}/NAME.yaml with source, manifest and environments: see docs/operating.md.",
        )
    return Declarations(tuple(plugins), {str(each["name"]): each for each in automations})


def _each(folder: Path, faults: list[str], read_one: Callable[[Path], T]) -> list[T]:
    found = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found.append(read_one(path))
        except PipelineError as error:
            faults.append(" ".join(filter(None, (error.message, error.advice))))
    return found


def _plugin(project: Path, path: Path) -> DeclaredPlugin:
    part = read_document(path, project)
    settings = parse(PluginSettings, part)
    for name in ("source", "manifest"):
        if not (project / getattr(settings, name)).is_dir():
            raise InvalidField(
                f"{part.where(name)}: {quoted(getattr(settings, name))} is not a folder of {project}."
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
    ids = {}
    for name, place in settings.environments.items():
        parameters = split_parameters(parameters_of(settings, place))
        manifest = Manifest.load(project / settings.manifest, parameters, Unread(), written=False)
        ids[name] = manifest.plugin.id
    return ids


def parameters_of(settings: PluginSettings, place: PlaceSettings) -> str:
    """The parameters of a plugin in one environment, in one line."""
    return f"{settings.parameters} {place.parameters}".strip()


def _automation(path: Path) -> Mapping[str, Any]:
    """An automation's file: Prefect's own format, as `prefect automation create --from-file` takes it."""
    from prefect.events.schemas.automations import AutomationCore
    from pydantic import ValidationError

    part: Part = read_document(path)
    try:
        AutomationCore.model_validate(part.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ManifestError(f"{path}: {where}: {first['msg']}.") from None
    return part.data


def _check_schedule(settings: ScheduleSettings) -> None:
    from prefect.client.schemas.schedules import construct_schedule

    construct_schedule(cron=settings.cron, interval=settings.interval, timezone=settings.timezone)
