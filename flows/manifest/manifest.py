"""A manifest: a folder of six files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flows.manifest.documents import exists, load
from flows.manifest.errors import FileMissing, InvalidField
from flows.manifest.models import Collector, Plugin, Provider, Repository, Schema, ServiceAccount

FILES = {
    "repository": "register_repository.yaml",
    "schema": "create_schema.yaml",
    "provider": "create_provider.yaml",
    "service_account": "create_service_account.yaml",
    "plugin": "register_plugin.yaml",
    "collector": "create_collector.yaml",
}


@dataclass(frozen=True)
class Manifest:
    """What an author declares for one plugin.

    Attributes:
        folder: Where the files lie.
    """

    folder: Path
    repository: Repository
    schema: Schema
    provider: Provider
    service_account: ServiceAccount
    plugin: Plugin
    collector: Collector

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Reads and checks all six files.

        Raises:
            ManifestError: for the first file that is missing or wrong; it names file, line and field.
        """
        if not exists(folder, folder=True):
            raise FileMissing(
                f"There is no manifest folder {folder}: it should hold {', '.join(FILES.values())}."
            )
        shown = {kind: f"{folder}/{name}" for kind, name in FILES.items()}
        path = {kind: folder / name for kind, name in FILES.items()}
        manifest = cls(
            folder,
            load(Repository, path["repository"], shown["repository"]),
            load(Schema, path["schema"], shown["schema"]),
            load(Provider, path["provider"], shown["provider"]),
            load(ServiceAccount, path["service_account"], shown["service_account"]),
            load(Plugin, path["plugin"], shown["plugin"]),
            load(Collector, path["collector"], shown["collector"]),
        )
        manifest._check_agreement(shown)
        return manifest

    def file(self, kind: str) -> str:
        """The name of the file that declares a kind, for messages."""
        return f"{self.folder}/{FILES[kind]}"

    def _check_agreement(self, shown: dict[str, str]) -> None:
        """The files name each other's things: a slip would otherwise show as a job without tasks."""
        provider = self.provider.provider
        for kind, named in (
            ("service_account", self.service_account.provider),
            ("plugin", self.plugin.provider),
            ("collector", self.collector.provider),
            ("schema", self.schema.provider),
        ):
            if named is not None and named != provider:
                raise InvalidField(
                    f"{shown[kind]}: the provider is {named!r}, and {shown['provider']} declares {provider!r}."
                )
        wanted = self.collector.plugin_info.plugin_id
        if wanted is not None and wanted != self.plugin.id:
            raise InvalidField(
                f"{shown['collector']}: plugin_info.plugin_id is {wanted!r}, and {shown['plugin']} "
                f"registers {self.plugin.id!r}."
            )
        secret_schema = self.service_account.secret_schema_id
        if secret_schema is not None and secret_schema != self.schema.id:
            raise InvalidField(
                f"{shown['service_account']}: secret_schema_id is {secret_schema!r}, and {shown['schema']} "
                f"creates {self.schema.id!r}."
            )
