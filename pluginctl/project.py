"""Where a command reads environment, source and manifest: in the current folder, else in the samples."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.errors import Cause, PipelineError
from flows.manifest import (
    Environment,
    EnvironmentFolder,
    FileMissing,
    Manifest,
    Secrets,
    environment_folders,
    look_up,
)
from flows.manifest.environment import is_path
from flows.steps.places import ENVIRONMENTS, MANIFEST, PROJECT, SOURCE
from flows.steps.project import Project, read_project
from flows.steps.repositories import GitAddress, Place, fetching, parse_place
from flows.steps.runner import Runner
from pluginctl.output import literal, message_console
from sandbox.machine.layout import HOME_VARIABLE, checkout, default_home


class NoCheckout(PipelineError):
    """A command needs the repository, and pluginctl was installed without it."""

    code = "no-checkout"
    cause = Cause.REFUSED


@dataclass(frozen=True)
class Inputs:
    """What a command reads.

    Attributes:
        environment: The environment, read and merged.
        source: Where the plugin's source is.
        manifest: Where the manifest is.
    """

    environment: Environment
    source: Place
    manifest: Place


def find_inputs(
    environment: str,
    source: str | None = None,
    manifest: str | None = None,
    environments: Path | None = None,
) -> Inputs:
    """Reads the environment and decides which source and manifest belong to it.

    A folder that holds `deployments/` is a project: its environments come first, then the user's own, and its
    deployments/project.yaml says where source and manifest are. The environments of the local sandboxes are taken from
    the samples if nobody has one of that name. In a folder that is no project, they come with the source and the
    manifest of the samples, unless the command gives one. Standard error shows what is used of the samples.

    Args:
        environment: A name or a path.
        source: The folder or the git address that was given; None for the usual place.
        manifest: The same of the manifest. The usual place of a source in a repository is that repository.
        environments: The only folder in which a name is looked up; None for the usual ones.

    Raises:
        ManifestError: the environment is missing or wrong, or deployments/project.yaml is.
        InputRefused: a git address is wrong.
    """
    usual = Path(ENVIRONMENTS) if _is_project() else None
    folders = environment_folders(usual, environments)
    project = None
    if not (environments or is_path(environment) or any(each.has(environment) for each in folders)):
        if environment in sandboxes():
            folders = (EnvironmentFolder(samples() / ENVIRONMENTS),)
            project = _sample(environment, given=source is not None or manifest is not None)
        elif not folders:
            folders = (EnvironmentFolder(Path(ENVIRONMENTS)),)
    read = look_up(environment, folders, _variable)
    project = project or read_project()
    from_source = parse_place(source) if source else project.source
    usual_manifest = from_source.whole() if isinstance(from_source, GitAddress) else project.manifest
    return Inputs(read, from_source, parse_place(manifest) if manifest else usual_manifest)


def find_folders(source: Path | None = None, manifest: Path | None = None) -> Project:
    """Decides which source and manifest a command without an environment reads: those of the current folder.

    Raises:
        FileMissing: it is no project, and none was given.
        ManifestError: deployments/project.yaml is wrong.
    """
    if not (_is_project() or source or manifest):
        raise FileMissing(
            f"This folder holds no {PROJECT}/.",
            "Make a project of it: pluginctl init. Or give --source and --manifest",
        )
    project = read_project()
    return Project(source or project.source, manifest or project.manifest)


def _sample(name: str, *, given: bool) -> Project | None:
    """The source and the manifest of the samples where they belong to a sandbox's environment, which is used."""
    root = samples()
    if _is_project() or given:
        _say(f"There is no {ENVIRONMENTS}/{name}.yaml here: {root / ENVIRONMENTS / name}.yaml is used.")
        return None
    plugin = " `pluginctl init` makes a project of this plugin." if Path("Dockerfile").is_file() else ""
    _say(f"This folder holds no {PROJECT}/: the samples in {root} are used.{plugin}")
    return Project(root / SOURCE, root / MANIFEST)


def require_checkout(command: str) -> Path:
    """The repository's folder, for a command that works only there.

    Raises:
        NoCheckout: pluginctl was installed from a wheel.
    """
    root = checkout()
    if root is None:
        raise NoCheckout(
            f"`{command}` works only in a checkout of spaceone-plugin-pipeline, and pluginctl was installed "
            "without one.",
            "Clone the repository and run `make demo` there. To see a release without Prefect, run "
            "`pluginctl sandbox up` and then `pluginctl release sandbox`.",
        )
    return root


def this_command() -> str:
    """What to type to run `pluginctl` again: its name, or its path if it was called by that."""
    called = sys.argv[0]
    by_path = Path(called).name == "pluginctl" and shutil.which("pluginctl") != called
    return called if by_path else "pluginctl"


def samples() -> Path:
    """The folder of the samples, which has the layout of a project: the checkout, else a folder in the wheel."""
    return checkout() or Path(__file__).resolve().parent / "samples"


def _is_project() -> bool:
    return Path(PROJECT).is_dir()


def sandboxes() -> dict[str, str]:
    """The environments of the local sandboxes, with their generations."""
    from sandbox.spaceone.generations import GENERATIONS

    return {generation.environment: name for name, generation in GENERATIONS.items()}


def _variable(name: str) -> str | None:
    """A variable of the process. The sandboxes' home always has a value, so that all commands use the same one."""
    return str(default_home()) if name == HOME_VARIABLE else os.environ.get(name)


def _say(line: str) -> None:
    message_console().say(literal(line))


def read_released(
    environment: str,
    manifest: str | None,
    parameters: Sequence[str] | None,
    environments: Path | None,
    runner: Runner,
) -> tuple[Environment, Manifest]:
    """Reads what the commands need that look at, or go on with, what was released.

    Args:
        environment: A name or a path.
        manifest: The folder or the git address that was given; None for the usual place.
        parameters: Those that it was released with.
        environments: The only folder in which a name is looked up; None for the usual ones.
        runner: Runs the step that clones a repository.
    """
    inputs = find_inputs(environment, manifest=manifest, environments=environments)
    with fetching(runner) as fetch:
        folder = fetch(inputs.manifest, "manifest")
        return inputs.environment, Manifest.load(folder, parameters or (), Secrets(files=True), written=False)
