"""Where an environment is looked up by its name: in the project, then in the user's own folder, or in a given one.

A project is somebody's repository, perhaps that of a pull request: its environments extend files of the project alone.
The user's own folder is as trusted as a path that the user types.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.manifest.environment import (
    Environment,
    is_name,
    is_path,
    known_environments,
    load_environment,
)
from flows.manifest.errors import FileMissing
from flows.manifest.reading import exists
from flows.text import printable, quoted

VARIABLE = "PLUGINCTL_ENVIRONMENTS"
"""Names a folder that is looked at in place of all others, as `--environments` does."""

_SHOWN = 20  # names in a message

Variables = Callable[[str], str | None]


@dataclass(frozen=True)
class EnvironmentFolder:
    """A folder of environments.

    Attributes:
        path: The folder, which need not exist.
        own: Whether it is the user's own: its files may extend any file.
    """

    path: Path
    own: bool = False

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return is_name(name) and exists(self.path / f"{name}.yaml")

    def __str__(self) -> str:
        """The folder with the names that it has, for messages."""
        names = known_environments(self.path)
        more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
        return f"{self.path} ({', '.join(map(printable, [*names[:_SHOWN], *more])) or 'none'})"


def user_folder(variables: Variables = os.environ.get) -> Path | None:
    """The folder of the user's own environments: `pluginctl/environments` in the XDG configuration folder.

    See https://specifications.freedesktop.org/basedir-spec/; a relative XDG_CONFIG_HOME is ignored, as it says. None
    for a user without a home.
    """
    configured = Path(variables("XDG_CONFIG_HOME") or "")
    if not configured.is_absolute():
        home = Path(variables("HOME") or "")
        if not home.is_absolute():
            return None
        configured = home / ".config"
    return configured / "pluginctl" / "environments"


def environment_folders(
    project: Path | None, given: Path | None = None, variables: Variables = os.environ.get
) -> tuple[EnvironmentFolder, ...]:
    """The folders that are looked at, in this order.

    Args:
        project: The folder of the project's environments; None where there is no project.
        given: A folder to look at in place of all others. Its files extend only files of their own project, so that it
            may be a checkout of somebody else's repository.
        variables: Returns the value of a variable; by default from this process.
    """
    own = user_folder(variables)
    if given is not None:
        return (EnvironmentFolder(given, own=own is not None and given.absolute() == own),)
    return (
        *([EnvironmentFolder(project)] if project is not None else []),
        *([EnvironmentFolder(own, own=True)] if own is not None else []),
    )


def names_in(folders: Iterable[EnvironmentFolder]) -> list[str]:
    """The names of all environments that these folders have and that can be looked up."""
    return sorted({name for each in folders for name in known_environments(each.path) if not is_path(name)})


def look_up(
    name: str, folders: Sequence[EnvironmentFolder], variables: Variables = os.environ.get
) -> Environment:
    """Reads the environment of a name from the first folder that has it, or the file at a path.

    Raises:
        FileMissing: no folder has it; the advice lists what was looked at.
        ManifestError: a file is wrong.
    """
    if is_path(name):
        return load_environment(name, Path(), variables)
    for each in folders:
        if each.has(name):
            return load_environment(name, each.path, variables, own=each.own)
    looked = "; ".join(map(str, folders)) or "no folder"
    raise FileMissing(
        f"There is no environment {quoted(name)}.",
        f"Looked in {looked}. Give another folder with --environments, or the path of a file",
    )
