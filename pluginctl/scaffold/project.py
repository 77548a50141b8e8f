"""Makes a project: reads the repository, decides, writes what is missing, and says what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.images.source.plugin_source import PluginSource
from flows.manifest.models import Provider
from flows.spaceone import read_spacectl, spacectl_file
from flows.steps.places import ENVIRONMENTS
from flows.text import printable
from pluginctl.project import samples, sandboxes
from pluginctl.scaffold import workflow
from pluginctl.scaffold.documents import manifest_files, project_files
from pluginctl.scaffold.environment import Target, environment_file
from pluginctl.scaffold.proposal import (
    ENVIRONMENT,
    REGISTRY,
    REGISTRY_TYPE,
    SPACECTL,
    Decide,
    Proposal,
    Value,
    answer_to,
    propose,
)
from pluginctl.scaffold.repository import Repository, read_repository
from pluginctl.scaffold.writing import File, missing, write


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


def make(
    root: Path,
    decide: Decide,
    *,
    source: str | None = None,
    manifest: str | None = None,
    version: str,
    dry_run: bool = False,
) -> Made:
    """Makes a project of a repository.

    Args:
        root: The repository's folder: nothing outside of it is read or written.
        decide: Decides each value.
        source: The folder of the plugin's source below the repository; None to look for it.
        manifest: The folder of the manifest below the repository; None to look for it.
        version: Of pluginctl, for the workflow.
        dry_run: Whether to write nothing.

    Raises:
        PipelineError: the repository is no plugin's, or a value is missing or wrong. Nothing was written, unless
            `changed` says so.
    """
    repository = read_repository(root, source, manifest)
    proposal = propose(repository, decide)
    target = _target(repository, decide)
    kept = [repository.manifest.folder] if repository.manifest else []
    files = [*manifest_files(repository, proposal), *project_files(repository, proposal)]
    if (root / target.path).is_file():
        kept.append(target.path)
    else:
        files.append(_environment(target, decide))
    remarks = [*_remarks(repository, proposal), *_of_provider(proposal, files)]
    if repository.workflow:
        kept.append(repository.workflow)
    elif repository.is_top:
        files.append(workflow.workflow_file(target, version, publish_only=proposal.publish_only))
        if not target.sandbox:
            remarks.append(
                f"The workflow needs secrets: {', '.join(workflow.SECRETS_TO_RELEASE)} for GitHub's environment "
                f"{target.name}, and for plans {', '.join(workflow.SECRETS_TO_READ)} with rights to read alone. If "
                f"{target.path} names other variables, write those into the workflow."
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


def _target(repository: Repository, decide: Decide) -> Target:
    """The environment: by default the only real one that is there, or the sandbox."""
    real = [each for each in repository.environments if each not in sandboxes()]
    proposed = Value(real[0], f"in {ENVIRONMENTS}") if len(real) == 1 else Value("sandbox", "on this machine")
    value = answer_to(decide, ENVIRONMENT, proposed)
    assert value is not None  # noqa: S101 - it is required
    return Target(value.text, sandboxes().get(value.text))


def _environment(target: Target, decide: Decide) -> File:
    if target.sandbox:
        return environment_file(target, sample=(samples() / target.path).read_text(encoding="utf-8"))
    named = spacectl_file(target.name, Path()).is_file()
    spacectl = answer_to(decide, SPACECTL, Value(target.name, "of the same name") if named else None)
    registry = answer_to(decide, REGISTRY, None)
    registry_type = answer_to(decide, REGISTRY_TYPE, None)
    assert spacectl is not None  # noqa: S101 - it is required
    return environment_file(
        target,
        endpoints=read_spacectl(spacectl_file(spacectl.text, Path())).endpoints,
        registry=registry.text if registry else None,
        registry_type=registry_type.text if registry_type else None,
    )


def _remarks(repository: Repository, proposal: Proposal) -> list[str]:
    found = []
    if proposal.image and "/" not in proposal.image:
        found.append(
            f"The image {proposal.image} has no team or project before its name, which most registries need: --image "
            f"TEAM/{proposal.image}."
        )
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


def _of_provider(proposal: Proposal, files: Sequence[File]) -> list[str]:
    """A remark on a provider that is declared anew: another plugin's release may have made it."""
    path = f"{proposal.folder}/{Provider.file_name()}"
    if not any(file.path == path for file in files):
        return []
    remark = (
        f"{path} declares the provider {proposal.provider}. Where a platform has it from another plugin, remove the "
        "file: a release would change that provider."
    )
    return [remark]


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
