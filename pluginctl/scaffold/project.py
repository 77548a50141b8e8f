"""Makes a project: reads the repository, decides, writes what is missing, and says what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.images.source.plugin_source import PluginSource
from flows.manifest.environment import RegistrySettings
from flows.spaceone import read_spacectl, spacectl_file
from flows.text import printable
from pluginctl.project import samples
from pluginctl.scaffold import workflow
from pluginctl.scaffold.documents import manifest_files, project_files
from pluginctl.scaffold.environment import Target, environment_file
from pluginctl.scaffold.errors import InitRefused
from pluginctl.scaffold.naming import is_environment
from pluginctl.scaffold.proposal import Decide, Proposal, Question, Value, propose
from pluginctl.scaffold.repository import Repository, read_repository
from pluginctl.scaffold.writing import File, missing, write

SANDBOXES = {"sandbox": "2.x", "sandbox-1.12": "1.12"}
"""The environments of the local sandboxes, with their generations; tests compare them with those of `sandbox`."""


@dataclass(frozen=True)
class Wishes:
    """What the user has given.

    Attributes:
        given: Values by the field of a question.
        environment: The name of the environment.
        spacectl: Whose endpoints a new environment gets.
        registry, registry_type: The registry of a new environment.
        source, manifest: Folders below the repository.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    environment: str | None = None
    spacectl: str | None = None
    registry: str | None = None
    registry_type: str | None = None
    source: str | None = None
    manifest: str | None = None


@dataclass(frozen=True)
class Made:
    """What became of a repository.

    Attributes:
        dry_run: Whether nothing was written.
        values: What was decided, with its origin.
        files: What a project needs.
        written: The paths of those that were written, or would be.
        kept: What was there already and is used.
        remarks: What to know.
        next_commands: What to type next.
    """

    dry_run: bool
    values: Mapping[str, Value]
    files: tuple[File, ...]
    written: frozenset[str]
    kept: tuple[str, ...]
    remarks: tuple[str, ...]
    next_commands: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "dry_run": self.dry_run,
            "values": {
                name: {"value": value.text, "origin": value.origin} for name, value in self.values.items()
            },
            "written": [
                {"path": file.path, "text": file.text} for file in self.files if file.path in self.written
            ],
            "kept": [*(file.path for file in self.files if file.path not in self.written), *self.kept],
            "remarks": list(self.remarks),
            "next": list(self.next_commands),
        }


def make(root: Path, wishes: Wishes, decide: Decide, *, version: str, dry_run: bool = False) -> Made:
    """Makes a project of a repository.

    Args:
        root: The repository's folder: nothing outside of it is read or written.
        wishes: What the user has given.
        decide: Decides what is not given.
        version: Of pluginctl, for the workflow.
        dry_run: Whether to write nothing.

    Raises:
        PipelineError: the repository is no plugin's, or a value is missing or wrong. Nothing was written, unless
            `changed` says so.
    """
    repository = read_repository(root, wishes.source, wishes.manifest)

    def decided(question: Question, proposed: Value | None) -> Value | None:
        if (given := wishes.given.get(question.field)) is not None:
            return Value(given, "given")
        return decide(question, proposed)

    proposal = propose(repository, decided)
    target = _target(repository, wishes)
    kept = [repository.manifest.folder] if repository.manifest else []
    files = [*manifest_files(repository, proposal), *project_files(repository, proposal)]
    if (root / target.path).is_file():
        kept.append(target.path)
    else:
        files.append(_environment(target, wishes))
    remarks = list(_remarks(repository, proposal))
    if repository.workflow:
        kept.append(repository.workflow)
    elif repository.is_top:
        files.append(workflow.workflow_file(target, version, publish_only=proposal.publish_only))
        if not target.sandbox:
            remarks.append(
                f"The workflow needs secrets: {', '.join(workflow.SECRETS_TO_RELEASE)} for GitHub's environment "
                f"{target.name}, and for plans {', '.join(workflow.SECRETS_TO_READ)} with rights to read alone."
            )
    else:
        remarks.append(
            "No workflow is written: GitHub reads it at the top of a repository, and this is a folder of one."
        )
    lacking = missing(root, files)
    written = [file.path for file in lacking] if dry_run else write(root, lacking)
    if not dry_run:
        remarks += _in_the_image(root, repository, written)
    return Made(
        dry_run,
        proposal.values,
        tuple(files),
        frozenset(written),
        tuple(kept),
        tuple(remarks),
        _next(root, target),
    )


def _target(repository: Repository, wishes: Wishes) -> Target:
    """The environment: the given one, the only real one that is there, or the sandbox."""
    name = wishes.environment
    if name is None:
        real = [each for each in repository.environments if each not in SANDBOXES]
        name = real[0] if len(real) == 1 else "sandbox"
    if not is_environment(name):
        raise InitRefused(
            "--environment is not a word of small letters, digits and single dots or hyphens, such as prod",
            "The workflow calls it by that name: rename its file",
        )
    return Target(name, SANDBOXES.get(name))


def _environment(target: Target, wishes: Wishes) -> File:
    if target.sandbox:
        return environment_file(target, sample=(samples() / target.path).read_text(encoding="utf-8"))
    known = RegistrySettings.model_fields["type"].annotation
    if wishes.registry_type is not None and f"'{wishes.registry_type}'" not in str(known):
        raise InitRefused(
            "--registry-type is not a type that SpaceONE knows", "Give one such as HARBOR or DOCKER_HUB"
        )
    endpoints = (
        dict(read_spacectl(spacectl_file(wishes.spacectl, Path())).endpoints) if wishes.spacectl else None
    )
    return environment_file(
        target, endpoints=endpoints, registry=wishes.registry, registry_type=wishes.registry_type
    )


def _remarks(repository: Repository, proposal: Proposal) -> list[str]:
    found = []
    if old := repository.leftover:
        why = f": {old.faults.message.splitlines()[0]}" if old.faults else ""
        found.append(f"{old.folder} is not used{why}")
    if proposal.collects and proposal.publish_only:
        found.append(
            "The manifest has no service account, so the workflow ends when the plugin is registered (--publish-only). "
            "With one, remove that option: then it collects as well."
        )
    if repository.manifest and repository.manifest.references:
        names = ", ".join(repository.manifest.references)
        found.append(
            f"The manifest refers to {names}: give them to the step Release of the workflow as `env`."
        )
    found += [*repository.plugin.contents.remarks]
    return [printable(each) for each in found]


def _in_the_image(root: Path, repository: Repository, written: list[str]) -> list[str]:
    """A remark if the Dockerfile copies what was written: each change of it would be a change of the source."""
    prefix = "" if repository.source == "." else f"{repository.source}/"
    inside = {path.removeprefix(prefix) for path in written if path.startswith(prefix)}
    files = PluginSource.load(root / repository.source).listing.files
    copied = sorted(path for path in inside if path in files)
    if not copied:
        return []
    remark = (
        f"The Dockerfile copies {copied[0]} into the image, so a change there needs a new version: write deployments "
        "and .github into .dockerignore."
    )
    return [printable(remark)]


def _next(root: Path, target: Target) -> tuple[str, ...]:
    folder = str(root)
    enter = [] if Path(folder) == Path() else [f"cd {shlex.quote(folder)}"]
    start = [f"pluginctl sandbox up --generation {target.sandbox}"] if target.sandbox else []
    return (*enter, "pluginctl check", *start, f"pluginctl release {target.name} --dry-run")
