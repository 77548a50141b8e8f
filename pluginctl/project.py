"""Where a command reads environment, source and manifest: in the current folder, else in the samples."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from flows.errors import Cause, PipelineError
from flows.manifest import Environment, load_environment
from flows.manifest.environment import is_path
from flows.steps.places import ENVIRONMENTS, MANIFEST, PROJECT, SOURCE
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
        source: The folder of the plugin's source.
        manifest: The folder of the manifest.
    """

    environment: Environment
    source: Path
    manifest: Path


def find_inputs(environment: str, source: Path | None = None, manifest: Path | None = None) -> Inputs:
    """Reads the environment and decides which source and manifest belong to it.

    A folder that holds `deployments/` is a project, and everything is looked up there. A project uses only the
    environments of the local sandboxes from the samples, and only if it declares none of that name. In any other
    folder, the samples are used if the command gives no source, no manifest and no path to an environment.
    Standard error shows which samples are used.

    Args:
        environment: A name or a path.
        source: The folder that was given; None for the usual place.
        manifest: The folder that was given; None for the usual place.

    Raises:
        ManifestError: the environment is missing or wrong.
    """
    root = Path()
    if not (_is_project() or source or manifest or is_path(environment)):
        root = samples()
        _say(f"This folder holds no {PROJECT}/: the samples in {root} are used.")
    return Inputs(_environment(environment, root), source or root / SOURCE, manifest or root / MANIFEST)


def project_root() -> Path | None:
    """The project that Prefect's flows should run in: the current folder if it is one, else the checkout."""
    return Path.cwd() if _is_project() else checkout()


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
    """A variable of the process. The sandboxes' home always has a value, so that all commands use the same one."""
    return str(default_home()) if name == HOME_VARIABLE else os.environ.get(name)


def _say(line: str) -> None:
    message_console().print(literal(line), highlight=False, soft_wrap=True)
