"""A manifest: a folder of YAML files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from flows.manifest.documents import Declaration, parse, without_values
from flows.manifest.errors import DeclaredTwice, FileMissing, InvalidField
from flows.manifest.kinds import by_kind
from flows.manifest.models import KINDS, Collector, Plugin, Provider, Repository, Schema, ServiceAccount
from flows.manifest.parameters import Parameter, parse_parameters, with_parameters
from flows.manifest.reading import Part, Place, exists, read_parts
from flows.manifest.secrets import Secrets
from flows.manifest.spacectl_tasks import declared_by_tasks, is_task_file
from flows.text import quoted

MAX_FILES = 1000

_SUFFIXES = {".yaml", ".yml"}
#: Kinds that a manifest may omit; `Manifest` says which default they have.
_DEFAULTED = (Repository, Collector)

Declared = TypeVar("Declared", bound=Declaration)


@dataclass(frozen=True)
class Manifest:
    """What an author declares for one plugin.

    Every document has its `place`, which also says whether it is a default.

    Attributes:
        folder: The folder of the files.
        repository: A default, `Local Repository`, if no file declares it.
        schemas: One or more, of different ids, in the order of the files.
        service_accounts: One or more, of different names, in the order of the files.
        collector: If no file declares it, a default with the plugin's name and all service accounts of the provider.
        remarks: By place: values that YAML reads otherwise than they look, where any value is accepted.
    """

    folder: Path
    repository: Repository
    schemas: tuple[Schema, ...]
    provider: Provider
    service_accounts: tuple[ServiceAccount, ...]
    plugin: Plugin
    collector: Collector
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, parameters: Sequence[str] = (), secrets: Secrets | None = None) -> Manifest:
        """Reads and checks all files of a folder and its subfolders.

        Args:
            folder: Only its YAML files are read; hidden files and a README are ignored.
            parameters: Fields that override the files', each `KIND.FIELD=VALUE`.
            secrets: Where secret values come from; None for the variables of this process.

        Raises:
            ManifestError: for the first file or kind that is missing or wrong; it names file, line and field.
        """
        secrets = secrets or Secrets()
        given = parse_parameters(parameters, secrets)
        reader = _Reader(folder, _declared(folder), given, secrets)
        provider, plugin = reader.one(Provider), reader.one(Plugin)
        manifest = cls(
            folder,
            reader.one(Repository, {"name": "Local Repository"}),
            reader.several(Schema),
            provider,
            reader.several(ServiceAccount),
            plugin,
            reader.one(Collector, {"name": plugin.name, "provider": provider.provider}),
            reader.remarks(),
        )
        manifest._check_agreement()
        return manifest

    def _check_agreement(self) -> None:
        """Checks the references between documents: a wrong one would only show as a job without tasks."""
        naming: tuple[Schema | ServiceAccount | Plugin | Collector, ...] = (
            *self.schemas,
            *self.service_accounts,
            self.plugin,
            self.collector,
        )
        for document in naming:
            if document.provider not in {None, self.provider.provider}:
                raise _disagreement(
                    document,
                    f"the provider is {quoted(document.provider)}",
                    self.provider,
                    f"declares {quoted(self.provider.provider)}",
                )
        wanted = self.collector.plugin_info.plugin_id
        if wanted not in {None, self.plugin.id}:
            raise _disagreement(
                self.collector,
                f"plugin_info.plugin_id is {quoted(wanted)}",
                self.plugin,
                f"registers {quoted(self.plugin.id)}",
            )
        schemas = {schema.id: schema for schema in self.schemas}
        for account in self.service_accounts:
            named = account.secret_schema_id
            if named is None:
                continue
            if named not in schemas:
                what = f"secret_schema_id is {quoted(named)}"
                for schema in self.schemas[:-1]:
                    what += f", {schema.place} creates {quoted(schema.id)}"
                raise _disagreement(
                    account, what, self.schemas[-1], f"creates {quoted(self.schemas[-1].id)}", self.schemas
                )
            if schemas[named].schema_type in {"SERVICE_ACCOUNT", "TRUSTED_ACCOUNT"}:
                raise _disagreement(
                    account,
                    f"secret_schema_id is {quoted(named)}",
                    schemas[named],
                    f"declares it for an account's data (schema_type {schemas[named].schema_type}), not for a secret's",
                )


class _Reader:
    """The documents as models, by kind."""

    def __init__(
        self,
        folder: Path,
        parts: Mapping[type[Declaration], list[Part]],
        parameters: Sequence[Parameter],
        secrets: Secrets,
    ) -> None:
        self._folder = folder
        self._parts = parts
        self._parameters = parameters
        self._secrets = secrets
        if missing := [kind for kind in KINDS if not parts[kind] and kind not in _DEFAULTED]:
            raise FileMissing(
                f"{folder} declares no {' and no '.join(kind.words() for kind in missing)}: "
                f"add {', '.join(kind.file_name() for kind in missing)}."
            )

    def one(self, kind: type[Declared], default: dict[str, Any] | None = None) -> Declared:
        parts = self._parts[kind] or [
            Part(default or {}, None, Place(str(self._folder), "default", default=True))
        ]
        if len(parts) > 1:
            raise DeclaredTwice(
                f"{parts[1].place} declares a second {kind.words()}; the first one is in {parts[0].place}. "
                "A manifest contains only one."
            )
        return self._models(kind, parts)[0]

    def several(self, kind: type[Declared]) -> tuple[Declared, ...]:
        models = self._models(kind, self._parts[kind])
        by_id: dict[str, Declared] = {}
        for model in models:
            if (first := by_id.setdefault(model.id, model)) is not model:
                raise DeclaredTwice(
                    _shown(
                        f"{model.place} and {first.place} both declare the {kind.words()} {quoted(model.id)}: "
                        "keep one, or give them different names.",
                        model,
                        first,
                    )
                )
        return models

    def remarks(self) -> dict[str, tuple[str, ...]]:
        """See `Manifest`."""
        parts = [part for kind in KINDS for part in self._parts[kind]]
        return {str(part.place): found for part in parts if (found := tuple(part.doubtful()))}

    def _models(self, kind: type[Declared], parts: Sequence[Part]) -> tuple[Declared, ...]:
        changed = with_parameters(kind, parts, self._parameters)
        return tuple(parse(kind, self._secrets.inserted(part)) for part in changed)


def _declared(folder: Path) -> dict[type[Declaration], list[Part]]:
    """The documents of a folder, by kind."""
    if not exists(folder, folder=True):
        usual = ", ".join(kind.file_name() for kind in KINDS)
        raise FileMissing(
            f"There is no manifest folder {folder}: it should contain YAML files such as {usual}."
        )
    files = list(_files(folder))
    resolved = {file.resolve() for file in files}
    plain: list[tuple[Part, Path]] = []
    of_tasks: list[tuple[type[Declaration], Part]] = []
    for file in files:
        for part in read_parts(file, folder):
            if is_task_file(part):
                of_tasks += declared_by_tasks(part, file, resolved)
            else:
                plain.append((part, file.relative_to(folder)))
    return by_kind(plain, of_tasks)


def _files(folder: Path) -> Iterator[Path]:
    """The YAML files of a folder and its subfolders, sorted, without hidden files and READMEs.

    Raises:
        FileMissing: a folder cannot be read, or has too many files.
        InvalidField: a link to a folder leads out of the manifest.
    """
    top = folder.resolve()
    waiting, count = [folder], 0
    while waiting:
        path = waiting.pop()
        if path == folder or exists(path, folder=True):
            waiting += _entries(path) if path == folder or _is_below(path, top) else []
        elif path.suffix.lower() in _SUFFIXES and path.stem.lower() != "readme":
            count += 1
            if count > MAX_FILES:
                raise FileMissing(f"{folder} has more than {MAX_FILES} YAML files: it is no manifest.")
            yield path


def _entries(folder: Path) -> list[Path]:
    try:
        return [path for path in sorted(folder.iterdir(), reverse=True) if not path.name.startswith(".")]
    except OSError as error:
        raise FileMissing(f"{folder} cannot be read: {error.strerror}.") from None


def _is_below(folder: Path, top: Path) -> bool:
    """Whether to read a folder: not a link to a folder above, which would never end."""
    if not folder.is_symlink():
        return True
    real = folder.resolve()
    if not real.is_relative_to(top) and not top.is_relative_to(real):
        raise InvalidField(
            f"{folder} is a link that leads out of the manifest. Copy what it needs from there."
        )
    return real.is_relative_to(top) and not folder.parent.resolve().is_relative_to(real)


def _disagreement(
    document: Declaration, what: str, other: Declaration, but: str, involved: Sequence[Declaration] = ()
) -> InvalidField:
    return InvalidField(
        _shown(f"{document.place}: {what}, but {other.place} {but}.", document, other, *involved)
    )


def _shown(message: str, *documents: Declaration) -> str:
    """The message, without values if parameters set some, because they may be secret."""
    return without_values(message) if any(document.place.parameters for document in documents) else message
