"""The fields of the files that declare what `pluginctl deploy` makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from flows.manifest.documents import Document

_YEAR_SECONDS = 366 * 24 * 3600
POOL = "pluginctl"
"""The work pool of a plugin that names none. It is of the type process, unless a file declares it otherwise."""


class ScheduleSettings(Document):
    """When something is done again: by cron, or every so many seconds."""

    cron: str | None = Field(default=None, description='Such as "*/15 * * * *".')
    interval: float | None = Field(default=None, ge=60, le=_YEAR_SECONDS, description="Seconds.")
    timezone: str = Field(default="UTC", min_length=1, description="Such as Europe/Berlin.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.cron) == bool(self.interval):
            raise ValueError("give either cron or interval.")
        if self.cron and not self.cron.startswith("@") and len(self.cron.split()) != 5:
            raise ValueError("a cron line has five fields: a sixth one would be seconds.")
        _check_schedule(self)
        return self


class PlaceSettings(Document):
    """One environment of a plugin."""

    schedule: ScheduleSettings | None = Field(default=None, description="When it is collected again.")
    drift: ScheduleSettings | None = Field(default=None, description="When it is compared with its release.")
    parameters: str = Field(
        default="", description="KIND.FIELD=VALUE, separated by spaces; added to the plugin's."
    )
    pool: str = Field(default="", description="The work pool, if it is another one than the plugin's.")


class PluginSettings(Document):
    """deployments/plugins/NAME.yaml: where a plugin is, and where it is released to."""

    source: str = Field(
        description="The folder of the plugin's source, relative to the project, or a git address."
    )
    manifest: str = Field(description="The folder of its manifest, or a git address.")
    parameters: str = Field(default="", description="KIND.FIELD=VALUE, separated by spaces.")
    pool: str = Field(default=POOL, description="The work pool whose workers run the flows.")
    environments: dict[str, PlaceSettings] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        """`production:` without anything below it is an environment without settings."""
        if isinstance(value, Mapping) and isinstance(value.get("environments"), Mapping):
            filled = {name: each or {} for name, each in value["environments"].items()}
            return {**value, "environments": filled}
        return value

    @property
    def pools(self) -> set[str]:
        """The work pools that its deployments name."""
        return {place.pool or self.pool for place in self.environments.values()}


class PoolSettings(Document):
    """deployments/pools/NAME.yaml: a work pool, and the job variables of the deployments whose runs it gets."""

    type: Literal["process", "docker", "kubernetes"] = "process"
    image: str | None = Field(
        default=None, description="The image of the pipeline; of docker and kubernetes."
    )
    folder: str | None = Field(
        default=None,
        description="Where the workers, or the image, have the project. The default is that of the image.",
    )
    concurrency: int | None = Field(default=None, ge=1, description="How many runs it has at a time.")
    job_variables: dict[str, Any] = Field(
        default_factory=dict, description="Of Prefect's worker of this type."
    )

    @model_validator(mode="after")
    def _image(self) -> Self:
        if (self.type == "process") == bool(self.image):
            needs = "has no image." if self.image else "needs the image of the pipeline: `image`."
            raise ValueError(f"a pool of the type {self.type} {needs}")
        if self.folder is not None and not self.folder.startswith("/"):
            raise ValueError("folder: give an absolute path.")
        return self


class NotificationSettings(Document):
    """deployments/notifications/NAME.yaml: where the messages of automations go."""

    address_variable: str = Field(
        pattern=r"[A-Za-z_][A-Za-z0-9_]*",
        description="The variable, where `pluginctl deploy` runs, that holds an Apprise address. It is a secret.",
    )


def _check_schedule(settings: ScheduleSettings) -> None:
    from prefect.client.schemas.schedules import construct_schedule

    construct_schedule(cron=settings.cron, interval=settings.interval, timezone=settings.timezone)
