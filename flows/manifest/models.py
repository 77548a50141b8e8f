"""The six kinds of documents in a manifest, with the fields that spacectl accepts in either generation.

A field that only one generation has is accepted here. The plan (`flows.resources`) says what the other generation
does with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from flows.manifest.documents import Declaration, Document
from flows.manifest.image_name import check_plugin_image
from flows.plugin_kinds import TYPE_FIELDS, PluginKind, check_type, kind_of
from flows.text import quoted

Tags = dict[str, Any]
Name = Annotated[str, Field(min_length=1)]


class Repository(Declaration):
    """register_repository.yaml: the repository that plugins are registered in."""

    kind: ClassVar[str] = "repository"
    verb: ClassVar[str] = "register"
    resource_types: ClassVar[frozenset[str]] = frozenset({"repository.Repository"})

    name: str
    repository_type: Literal["local", "LOCAL"] = "local"
    tags: Tags | None = None

    @field_validator("repository_type", mode="before")
    @classmethod
    def _local(cls, value: object) -> object:
        if value not in ("local", "LOCAL"):
            raise ValueError(
                f"{quoted(value)} cannot be used: only a local repository accepts your own plugins."
            )
        return value


class Schema(Declaration):
    """create_schema.yaml: the form of secret data, or of an account's data."""

    kind: ClassVar[str] = "schema"
    resource_types: ClassVar[frozenset[str]] = frozenset({"repository.Schema", "identity.Schema"})
    several: ClassVar[bool] = True
    identified_by: ClassVar[tuple[str, ...]] = ("schema_id", "name")

    name: Name
    schema_id: str | None = None
    service_type: str | None = None
    schema_type: Literal["SERVICE_ACCOUNT", "TRUSTED_ACCOUNT", "SECRET", "TRUSTING_SECRET"] | None = None
    provider: str | None = None
    definition: dict[str, Any] = Field(alias="schema")
    related_schemas: list[str] | None = None
    options: dict[str, Any] | None = None
    labels: list[str] | None = None
    tags: Tags | None = None


class Provider(Declaration):
    """create_provider.yaml: the provider of the collected resources."""

    kind: ClassVar[str] = "provider"
    resource_types: ClassVar[frozenset[str]] = frozenset({"identity.Provider"})
    identified_by: ClassVar[tuple[str, ...]] = ("provider",)

    provider: Name
    name: str
    alias: str | None = None
    color: str | None = None
    icon: str | None = None
    order: int | None = Field(default=None, ge=1)
    plugin_info: dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    template: dict[str, Any] | None = None
    capability: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    tags: Tags | None = None


class ServiceAccount(Declaration):
    """create_service_account.yaml: what the walkthrough enters in the console's form."""

    kind: ClassVar[str] = "service_account"
    resource_types: ClassVar[frozenset[str]] = frozenset({"identity.ServiceAccount"})
    several: ClassVar[bool] = True
    instead: ClassVar[Mapping[str, str]] = {
        "project_id": "Write the project's name, as project: its id is another one on every platform.",
        "trusted_account_id": "An account that trusts another one is not supported: give it complete secret_data.",
    }

    name: Name
    provider: Name
    data: dict[str, Any]
    project: str = Field(description="The project's name; a missing project is created.")
    project_group: str | None = None
    secret_schema_id: str | None = None
    secret_data: dict[str, Any] | None = Field(default=None, repr=False)
    secret_type: Literal["CREDENTIALS"] | None = Field(
        default=None, description="Of 1.12, which has no other."
    )
    service_account_type: Literal["GENERAL"] | None = None
    tags: Tags | None = None

    @field_validator("service_account_type", mode="before")
    @classmethod
    def _general(cls, value: object) -> object:
        if value not in (None, "GENERAL"):
            raise ValueError(
                f"{quoted(value)} cannot be used: a trusted account belongs to no project and has no secret that a "
                "collector can use. Declare GENERAL, or leave the field out."
            )
        return value

    @model_validator(mode="after")
    def _secret(self) -> ServiceAccount:
        if bool(self.secret_data) != bool(self.secret_schema_id):
            raise ValueError(
                "secret_data and secret_schema_id must be declared together: the platform accepts neither "
                "without the other."
            )
        return self


class Plugin(Declaration):
    """register_plugin.yaml: the plugin as the repository lists it."""

    kind: ClassVar[str] = "plugin"
    verb: ClassVar[str] = "register"
    resource_types: ClassVar[frozenset[str]] = frozenset({"repository.Plugin"})
    identified_by: ClassVar[tuple[str, ...]] = ("plugin_id", "name")

    name: str
    image: str
    plugin_id: str | None = None
    provider: str | None = None
    service_type: str | None = None
    resource_type: str | None = None
    registry_type: str | None = None
    registry_config: dict[str, Any] | None = None
    capability: dict[str, Any] | None = None
    labels: list[str] | None = None
    template: dict[str, Any] | None = None
    docs: dict[str, Any] | None = None
    tags: Tags | None = None

    @field_validator("image")
    @classmethod
    def _image(cls, value: str) -> str:
        try:
            return check_plugin_image(value)
        except ValueError as error:
            raise ValueError(f"{quoted(value)} {error}.") from None

    @field_validator("service_type", "resource_type")
    @classmethod
    def _known_or_well_formed(cls, value: str | None) -> str | None:
        if value:
            try:
                check_type(value)
            except ValueError as error:
                raise ValueError(f"{quoted(value)} {error}.") from None
        return value

    @model_validator(mode="after")
    def _type(self) -> Plugin:
        if not (self.service_type or self.resource_type):
            raise ValueError(
                "service_type (1.12) or resource_type (2.x) is required, such as inventory.Collector."
            )
        if self.service_type and self.resource_type:
            older, newer = kind_of(self.service_type), kind_of(self.resource_type)
            if older.noun != newer.noun:
                raise ValueError(
                    f"service_type {quoted(older.type)} says that it is {older}, and resource_type "
                    f"{quoted(newer.type)} that it is {newer}: correct one of them."
                )
        return self

    @property
    def id(self) -> str:
        """The plugin's id: as declared, otherwise the image's last part, as on the platform."""
        return self.plugin_id or self.image.rsplit("/", 1)[-1]

    def plugin_kind(self, generation: str = "2.x") -> PluginKind:
        """What the plugin is for; the generation's field for it takes precedence over the other one's."""
        own = getattr(self, TYPE_FIELDS[generation])
        return kind_of(str(own or self.resource_type or self.service_type))


class CollectorPlugin(Document):
    """The `plugin_info` of a collector. The release sets the version."""

    plugin_id: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    upgrade_mode: Literal["MANUAL"] = "MANUAL"

    @field_validator("upgrade_mode", mode="before")
    @classmethod
    def _manual(cls, value: object) -> object:
        if value != "MANUAL":
            raise ValueError(
                "only MANUAL is supported, because a release sets the version; with AUTO, the platform "
                "selects a tag itself."
            )
        return value


class Schedule(Document):
    """The platform's own schedule: whole hours in UTC, two at most (spaceone-inventory's rule)."""

    state: Literal["ENABLED", "DISABLED"] = "ENABLED"
    hours: list[Annotated[int, Field(ge=0, le=23)]] = Field(default_factory=list, max_length=2)


class SecretFilter(Document):
    """Which service accounts a collector collects from; without it, all of the provider."""

    state: Literal["ENABLED", "DISABLED"] = "ENABLED"
    secrets: list[str] | None = None
    service_accounts: list[str] | None = None
    schemas: list[str] | None = None
    exclude_secrets: list[str] | None = None
    exclude_service_accounts: list[str] | None = None
    exclude_schemas: list[str] | None = None


class Collector(Declaration):
    """create_collector.yaml: what the walkthrough creates in the console."""

    kind: ClassVar[str] = "collector"
    resource_types: ClassVar[frozenset[str]] = frozenset({"inventory.Collector"})

    name: str
    plugin_info: CollectorPlugin = Field(default_factory=CollectorPlugin)
    provider: str | None = None
    resource_group: Literal["DOMAIN", "WORKSPACE"] = "DOMAIN"
    schedule: Schedule | None = None
    secret_filter: SecretFilter | None = None
    tags: Tags | None = None


#: In the order of references: a resource comes after those that it refers to.
KINDS: tuple[type[Declaration], ...] = (Repository, Schema, Provider, ServiceAccount, Plugin, Collector)
