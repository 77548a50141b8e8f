"""The documents of a manifest, and the files of a project, as texts."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.files import Folder
from flows.manifest.documents import Declaration
from flows.manifest.errors import ManifestError
from flows.manifest.models import Collector, Plugin, Provider, Schema
from flows.steps.checking import check_manifest
from flows.steps.places import PROJECT_FILE
from flows.yaml_documents import MAX_BYTES
from pluginctl.scaffold.naming import is_shown, provider_title
from pluginctl.scaffold.proposal import SHIPPED, Proposal, kept_fields
from pluginctl.scaffold.repository import USUAL, Repository
from pluginctl.scaffold.writing import File
from pluginctl.scaffold.yaml_text import yaml_text

_WRITTEN = (
    "Written once by `pluginctl init`; yours from now on. docs/manifest.md of the pipeline has the fields."
)
_HIDDEN = re.compile(r"key|secret|passw|token|private|credential", re.IGNORECASE)


def manifest_files(repository: Repository, proposal: Proposal) -> list[File]:
    """The files that complete the manifest; none if it is complete.

    Raises:
        ManifestError: with them, it would still be none.
    """
    files = [
        File(f"{proposal.folder}/{kind.file_name()}", yaml_text(data, (_WRITTEN, *comment)))
        for kind, data, comment in _documents(repository, proposal)
    ]
    if files or not (repository.manifest and repository.manifest.complete):
        _check(repository, proposal, files)
    return files


def project_files(repository: Repository, proposal: Proposal) -> Iterator[File]:
    """deployments/project.yaml, if source and manifest are elsewhere than where they usually are."""
    if not repository.is_project and (repository.source, proposal.folder) != USUAL:
        comment = ("Where this repository has the plugin's source and its manifest.",)
        data = {"source": repository.source, "manifest": proposal.folder}
        yield File(PROJECT_FILE, yaml_text(data, comment))


def _documents(
    repository: Repository, proposal: Proposal
) -> Iterator[tuple[type[Declaration], dict[str, Any], Sequence[str]]]:
    found, provider = repository.manifest, proposal.provider
    has = found.has if found else (lambda _: False)
    own = bool(proposal.collects and provider and provider not in SHIPPED)
    schema = _schema_name(repository, proposal)
    if not has(Plugin):
        supported = schema if own and not has(Schema) else None
        yield Plugin, _plugin(repository, proposal, supported), ()
    elif found and found.provider is None and provider:
        yield Collector, {"name": _collector_name(repository), "provider": provider}, ()
    if own and provider and not has(Provider):
        comment = ("template.service_account.schema is the form of an account's data.",)
        yield Provider, _provider(provider, schema), comment
        if not has(Schema):
            comment = (
                "The form of the secret that the plugin receives. The fields are those that the code reads.",
            )
            yield Schema, _schema(schema, repository.code.secret_fields()), comment


def _plugin(repository: Repository, proposal: Proposal, schema: str | None) -> dict[str, Any]:
    kept = kept_fields(repository)
    description = repository.description
    tags = {"description": description} if description and is_shown(description) else {}
    data = {
        "name": proposal.name,
        "provider": proposal.provider,
        "resource_type": proposal.kind,
        "image": proposal.image,
        "capability": {"supported_schema": [schema]} if schema else {},
        "tags": tags,
        **kept,
    }
    return {name: value for name, value in data.items() if value or name == "capability"}


def _collector_name(repository: Repository) -> str:
    name = repository.manifest.named(Plugin, "name") if repository.manifest else None
    return name if isinstance(name, str) and name else "Collector"


def _schema_name(repository: Repository, proposal: Proposal) -> str:
    """The schema that the plugin says it supports, if it names one; otherwise one of the provider's name."""
    holder = repository.manifest or repository.leftover
    capability = holder.named(Plugin, "capability") if holder else None
    named = capability.get("supported_schema") if isinstance(capability, Mapping) else None
    first = named[0] if isinstance(named, list) and named else None
    return first if isinstance(first, str) and is_shown(first) else f"{proposal.provider}_secret"


def _provider(provider: str, schema: str) -> dict[str, Any]:
    return {
        "provider": provider,
        "name": provider_title(provider) or provider,
        "template": {"service_account": {"schema": {"type": "object", "properties": {}}}},
        "capability": {"supported_schema": [schema]},
    }


def _schema(name: str, fields: Mapping[str, bool]) -> dict[str, Any]:
    properties = {
        field: {
            "type": "string",
            "title": provider_title(field) or field,
            **({"format": "password"} if _HIDDEN.search(field) and not field.endswith("_id") else {}),
        }
        for field in fields
    }
    required = [field for field, is_required in fields.items() if is_required]
    return {
        "name": name,
        "service_type": "secret.credentials",
        "schema": {
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
        },
    }


def _check(repository: Repository, proposal: Proposal, files: Sequence[File]) -> None:
    """Reads the manifest as it will be, from a copy."""
    folder = repository.root / proposal.folder
    with tempfile.TemporaryDirectory(prefix="pluginctl-") as temporary:
        copy = Path(temporary) / "manifest"
        copy.mkdir()
        for part in _existing(repository):
            (copy / part).parent.mkdir(parents=True, exist_ok=True)
            (copy / part).write_bytes(Folder(folder).read(part, MAX_BYTES))
        for file in files:
            name = file.path.removeprefix(f"{proposal.folder}/")
            kept = Folder(folder).is_file(name)  # and so is not written
            content = Folder(folder).read(name, MAX_BYTES) if kept else file.text.encode()
            (copy / name).write_bytes(content)
        try:
            check_manifest(copy)
        except ManifestError as error:
            shown = error.message.replace(str(copy), str(folder))
            raise type(error)(shown, error.advice) from None


def _existing(repository: Repository) -> list[str]:
    """The files of the documents that the manifest has, below its folder."""
    found = repository.manifest
    if found is None:
        return []
    folder = repository.root / found.folder
    files = {Path(part.place.file) for parts in found.parts.values() for part in parts}
    return sorted(str(file.relative_to(folder)) for file in files)
