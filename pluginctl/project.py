"""Where a command reads environment, source and manifest: in the current folder, else among the samples."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from flows.errors import Cause, PipelineError
from flows.manifest import Environment, load_environment
from flows.manifest.environment import is_path
from flows.steps.places import ENVIRONMENTS, MANIFEST, PROJECT, SOURCE
from pluginctl.output import message_console
from sandbox.machine.layout import HOME_VARIABLE, checkout, default_home


class NoCheckout(PipelineError):
    """A command needs the repository, and pluginctl was installed without it."""

    code = "no-checkout"
    cause = Cause.REFUSED


@dataclass(frozen=True)
class Inputs:
    """What a command reads.

    Attributes:
        environment: Read and merged.
        source: The folder of the plugin's source.
        manifest: The folder of the manifest.
    """

    environment: Environment
    source: Path
    manifest: Path


def find_inputs(environment: str, source: Path | None = None, manifest: Path | None = None) -> Inputs:
    """Reads the environment and decides which source and manifest belong to it.

    A folder that holds `deployments/` is a project, and everything is looked up there. Of the samples only the
    environments of the local sandboxes are used, where the project declares none of that name. In any other
    folder the samples stand in for a command that names nothing of its own: neither a source nor a manifest,
    nor its environment by a path. Standard error shows what of the samples is used.

    Args:
        environment: A name or a path.
        source: As it was given; None for the usual place.
        manifest: As it was given; None for the usual place.

    Raises:
        ManifestError: the environment is missing or wrong.
    """
    root = Path()
    if not (_is_project() or source or manifest or is_path(environment)):
        root = samples()
        _say(f"This folder holds no {PROJECT}/: the samples in {root} are used.")
    return Inputs(_environment(environment, root), source or root / SOURCE, manifest or root / MANIFEST)


def project_root() -> Path | None:
    """The project that Prefect's flows should run in: the current folder where it is one, else the checkout."""
    return Path.cwd() if _is_project() else checkout()


def require_checkout(command: str) -> Path:
    """The repository's folder, for a command that works there alone.

    Raises:
        NoCheckout: pluginctl was installed from a wheel.
    """
    root = checkout()
    if root is None:
        raise NoCheckout(
            f"`{command}` works in a checkout of spaceone-plugin-pipeline alone, and pluginctl was installed "
            "without one.",
            "Clone the repository and run `make demo` there. To see a release without Prefect: "
            "pluginctl sandbox up, then pluginctl release sandbox.",
        )
    return root


def samples() -> Path:
    """The folder of the samples, laid out as a project is: the checkout itself, else what the wheel holds."""
    return checkout() or Path(__file__).resolve().parent / "samples"


def _is_project() -> bool:
    return Path(PROJECT).is_dir()


def _environment(name: str, root: Path) -> Environment:
    folder = root / ENVIRONMENTS
    own = folder / f"{name}.yaml"
    if not is_path(name) and not own.exists() and _is_sandbox(name):
        folder = samples() / ENVIRONMENTS
        _say(f"There is no {own} here: {folder / own.name} is used.")
    return load_environment(name, folder, _variable)


def _is_sandbox(name: str) -> bool:
    from sandbox.spaceone.generations import GENERATIONS

    return name in {generation.environment for generation in GENERATIONS.values()}


def _variable(name: str) -> str | None:
    """A variable of the process; the sandboxes' home always has a value, so that all commands mean the same."""
    return str(default_home()) if name == HOME_VARIABLE else os.environ.get(name)


def _say(line: str) -> None:
    message_console().print(escape(line), highlight=False, soft_wrap=True)
