"""A manifest: a folder of YAML files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from flows.manifest.agreement import Documents, disagreements, refused_by_2_x, shown, unfit
from flows.manifest.documents import Declaration, parse
from flows.manifest.errors import DeclaredTwice, FileMissing, InvalidField, ManifestError
from flows.manifest.faults import Faults
from flows.manifest.kinds import by_kind
from flows.manifest.models import KINDS, Collector, Plugin, Provider, Repository, Schema, ServiceAccount
from flows.manifest.parameters import Parameter, parse_parameters, with_parameters
from flows.manifest.reading import Part, Place, exists, read_parts
from flows.manifest.renaming import Renamed, followed, plugin_ids, renamed
from flows.manifest.secret_files import is_secret, with_secret
from flows.manifest.secrets import Secrets
from flows.manifest.spacectl_tasks import declared_by_tasks, is_task_file
from flows.text import quoted

MAX_FILES = 1000

_SUFFIXES = {".yaml", ".yml"}
#: Fields of other people's files that a manifest does not need, and why.
_IGNORED = {
    "domain_id": "the environment's token says which domain it is",
    "workspace_id": "the environment's token says which workspace it is",
    "repository_id": "the environment's local repository is used",
}
#: What the platform's own providers and schemas have besides, whose files people copy.
_OF_THE_PLATFORM = {"version": "only what the platform manages itself has one"}

Declared = TypeVar("Declared", bound=Declaration)


@dataclass(frozen=True)
class Manifest:
    """What an author declares for one plugin.

    Every document has its `place`, which also says whether it is a default.

    Attributes:
        folder: The folder of the files.
        repository: A default, `Local Repository`, if no file declares it.
        schemas: Of different ids, in the order of the files. The platform has those that accounts name besides.
        provider: None if the platform has it, or needs none.
        service_accounts: Of different names, in the order of the files. Without one, the platform's are collected from.
        collector: If no file declares it, a default with the plugin's name and all service accounts of the provider.
            None if the plugin is no collector, and of a manifest that is `published`.
        remarks: By place: what is ignored, and values that YAML reads otherwise than they look.
        plugin_ids: The plugin's ids on platforms of either generation, also the ones without parameters.
    """

    folder: Path
    repository: Repository
    schemas: tuple[Schema, ...]
    provider: Provider | None
    service_accounts: tuple[ServiceAccount, ...]
    plugin: Plugin
    collector: Collector | None
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plugin_ids: frozenset[str] = frozenset()

    @classmethod
    def load(
        cls,
        folder: Path,
        parameters: Sequence[str] = (),
        secrets: Secrets | None = None,
        *,
        written: bool = True,
    ) -> Manifest:
        """Reads and checks all files of a folder and its subfolders.

        Args:
            folder: Only its YAML files are read; hidden files and a README are ignored.
            parameters: Fields that override the files', each `KIND.FIELD=VALUE`.
            secrets: Where secret values come from; None for the variables of this process.
            written: Whether it is going to be written to a platform: only then must data fit its schemas.

        Raises:
            ManifestError: for all that is missing or wrong; each line names file, line and field.
        """
        secrets = secrets or Secrets()
        given = parse_parameters(parameters, secrets)
        faults = Faults()
        reader = _Reader(folder, _declared(folder, faults), given, secrets, faults)
        repository = reader.one(Repository, {"name": "Local Repository"})
        schemas = reader.several(Schema)
        provider = reader.one(Provider)
        accounts = reader.several(ServiceAccount)
        plugin = reader.one(Plugin)
        read = Documents(provider, schemas, accounts, plugin, None)
        named = next(read.naming_the_provider(), (plugin, None))[1]
        # A parameter for a collector declares one, which a plugin of another kind must not have.
        of_collector = any(parameter.kind == Collector.kind for parameter in given)
        wanted = plugin is not None and (plugin.plugin_kind().collects or of_collector)
        default = {"name": plugin.name, "provider": named} if plugin and wanted else None
        read = replace(read, collector=reader.one(Collector, default))
        for error in (*disagreements(read), *(unfit(read) if written else ())):
            faults.add(error)
        if not faults:
            for error in _missing(folder, read):
                faults.add(error)
        elif provider and (later := refused_by_2_x(provider)):
            # A plan would say it, but not before the other faults are mended.
            faults.add(InvalidField(shown(f"{provider.place}: {later}", provider)))
        faults.check()
        return cls(
            folder,
            cast(Repository, repository),
            schemas,
            provider,
            accounts,
            cast(Plugin, plugin),
            read.collector,
            reader.remarks(),
            reader.plugin_ids,
        )

    @property
    def collects(self) -> bool:
        """Whether the plugin is an inventory collector; a release of another one ends when it is registered."""
        return self.plugin.plugin_kind().collects

    def published(self) -> Manifest:
        """What a plugin needs to be listed, so that others can use it: no service account, and no collector."""
        return replace(self, service_accounts=(), collector=None)

    @property
    def provider_name(self) -> str:
        """The provider of what is collected, whichever document names it; "" if the plugin is of another kind."""
        read = Documents(self.provider, self.schemas, self.service_accounts, self.plugin, self.collector)
        return next((name for _, name in read.naming_the_provider()), "")


def _missing(folder: Path, read: Documents) -> Iterator[ManifestError]:
    if read.plugin is None:
        yield FileMissing(f"{folder} declares no plugin: add {Plugin.file_name()}.")
    elif (read.plugin.plugin_kind().collects or read.schemas) and not any(read.naming_the_provider()):
        yield InvalidField(
            f"{read.plugin.place}: nothing names the provider: add the field 'provider', or the file "
            f"{Provider.file_name()}."
        )


class _Reader:
    """The documents as models, by kind. What is wrong with one is a fault, and the others are still read."""

    def __init__(
        self,
        folder: Path,
        parts: Mapping[type[Declaration], list[Part]],
        parameters: Sequence[Parameter],
        secrets: Secrets,
        faults: Faults,
    ) -> None:
        self._folder = folder
        self._parts = parts
        self._parameters = parameters
        self._secrets = secrets
        self._faults = faults
        self._read: dict[type[Declaration], list[Part]] = {}
        self._renamed: list[Renamed] = []

    @property
    def plugin_ids(self) -> frozenset[str]:
        """See `Manifest`."""
        return plugin_ids([*self._parts[Plugin], *self._read.get(Plugin, ())])

    def one(self, kind: type[Declared], default: dict[str, Any] | None = None) -> Declared | None:
        """The model of a kind that a manifest has once; None without a document and a default, or if it is wrong."""
        parts = self._parts[kind]
        if not parts and default is not None:
            parts = [Part(default, None, Place(str(self._folder), "default", default=True))]
        if len(parts) > 1:
            self._faults.add(
                DeclaredTwice(
                    f"{parts[1].place} declares a second {kind.words()}; the first one is in {parts[0].place}. "
                    "A manifest contains only one."
                )
            )
        return next(iter(self._models(kind, parts[:1])), None)

    def several(self, kind: type[Declared]) -> tuple[Declared, ...]:
        models = self._models(kind, self._parts[kind])
        by_id: dict[str, Declared] = {}
        for model in models:
            if (first := by_id.setdefault(model.id, model)) is not model:
                message = (
                    f"{model.place} and {first.place} both declare the {kind.words()} {quoted(model.id)}: "
                )
                self._faults.add(
                    DeclaredTwice(shown(f"{message}keep one, or give them different names.", model, first))
                )
        return models

    def remarks(self) -> dict[str, tuple[str, ...]]:
        """See `Manifest`."""
        parts = [part for parts in self._read.values() for part in parts]
        found = {str(replace(part.place, parameters=())): part.remarked() for part in parts}
        return {place: remarks for place, remarks in found.items() if remarks}

    def _models(self, kind: type[Declared], parts: Sequence[Part]) -> tuple[Declared, ...]:
        before = parts
        with self._faults.collecting():
            parts = with_parameters(kind, parts, self._parameters)
        self._renamed += renamed(kind, before, parts)
        parts = [followed(kind, part, self._renamed) for part in parts]
        self._read[kind] = list(parts)
        models = []
        for part in parts:
            with self._faults.collecting():
                models.append(parse(kind, self._secrets.inserted(part)))
        return tuple(models)


def _declared(folder: Path, faults: Faults) -> dict[type[Declaration], list[Part]]:
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
    secrets: list[Part] = []
    for file in files:
        path = file.relative_to(folder)
        parts: list[Part] = []
        with faults.collecting():
            parts = read_parts(file, folder)
        for part in parts:
            with faults.collecting():
                if is_task_file(part):
                    for kind, told in declared_by_tasks(part, file, resolved):
                        own = told.without(_IGNORED)
                        if kind is None:
                            secrets.append(own)
                        else:
                            of_tasks.append((kind, own))
                elif is_secret(part, path):
                    secrets.append(part.without(_IGNORED))
                else:
                    plain.append((part.without(_IGNORED), path))
    found = by_kind(plain, of_tasks, faults)
    for kind in (Provider, Schema):
        found[kind] = [part.without(_OF_THE_PLATFORM) for part in found[kind]]
    for secret in secrets:
        with faults.collecting():
            found[ServiceAccount] = with_secret(found[ServiceAccount], secret)
    return found


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
