"""What the parameters of a flow may name: files of the checkout that the worker runs in, and no others.

Whoever may start a run fills in a form; the worker has files of its own. `pluginctl`, which runs as the person who
types, takes any path.
"""

from __future__ import annotations

import os
from pathlib import Path

from flows.manifest import Environment, environment_folders, look_up, names_in
from flows.manifest.lookup import VARIABLE
from flows.steps.errors import InputRefused
from flows.steps.places import ENVIRONMENTS, MANIFEST, SOURCE
from flows.steps.project import read_project
from flows.steps.repositories import PREFIX, GitAddress, Place, is_allowed
from flows.text import printable, quoted

SOURCES = "PLUGINCTL_SOURCES"
"""A variable of the worker: more folders in which sources and manifests may lie, separated like those of PATH."""
REPOSITORIES = "PLUGINCTL_REPOSITORIES"
"""A variable of the worker: the git repositories that it may fetch, with spaces between them."""
_EXAMPLES = {"source": SOURCE, "manifest": MANIFEST}


def environment(name: str, checkout: Path = Path()) -> Environment:
    """Read an environment by its name.

    Args:
        name: A file in deployments/environments, or in the folder of the worker's own environments, without its
            ending; with the variable PLUGINCTL_ENVIRONMENTS, in the folder that it names. A path is refused.
        checkout: The folder that the worker runs flows in.

    Raises:
        InputRefused: there is no environment of that name.
        ManifestError: its file is wrong.
    """
    given = os.environ.get(VARIABLE)
    folders = environment_folders(checkout / ENVIRONMENTS, Path(given) if given else None)
    known = names_in(folders)
    if name not in known:
        where = VARIABLE if given else f"{ENVIRONMENTS} and the worker's own"
        raise InputRefused(
            f"There is no environment {quoted(name)} in {where}",
            f"The environments there are: {', '.join(map(printable, known)) or 'none'}",
        )
    return look_up(name, folders)


def source(value: str, checkout: Path = Path(), revision: str = "") -> Place:
    """Return the place of a source: the project's own for an empty value, otherwise as `place`."""
    return place(value, "source", checkout, revision) if value else read_project(checkout).source


def manifest(value: str, checkout: Path = Path(), revision: str = "") -> Place:
    """Return the place of a manifest: the project's own for an empty value, otherwise as `place`."""
    return place(value, "manifest", checkout, revision) if value else read_project(checkout).manifest


def place(value: str, what: str, checkout: Path = Path(), revision: str = "") -> Place:
    """Return a folder as `folder` does, or a repository that the worker's variable PLUGINCTL_REPOSITORIES allows.

    Args:
        value: A path, or `git+https://HOST/PATH@REVISION#FOLDER`.
        what: `source` or `manifest`, for the message.
        checkout: The folder that the worker runs flows in.
        revision: Overrides the revision of a repository; empty to keep it.

    Raises:
        InputRefused: it is no such folder, and no repository that this worker may fetch.
    """
    if not value.startswith(PREFIX):
        return folder(value, what, checkout)
    address = GitAddress.parse(value)
    if not is_allowed(address.url, os.environ.get(REPOSITORIES, "")):
        raise InputRefused(
            f"This worker may not fetch {quoted(address.url)}",
            f"Declare it in deployments/plugins and run `pluginctl deploy`, or name it in the worker's {REPOSITORIES}: "
            "see docs/operating.md",
        )
    return address.at(revision) if revision else address


def folder(value: str, what: str, checkout: Path = Path()) -> Path:
    """Return the folder of a source or a manifest, with its symbolic links resolved.

    Args:
        value: A path below the checkout, or below a folder that the worker's variable PLUGINCTL_SOURCES lists.
        what: `source` or `manifest`, for the message.
        checkout: The folder that the worker runs flows in. Relative paths start there.

    Raises:
        InputRefused: it is no such folder. The message is the same whether there is something at the path or not.
    """
    root = os.path.realpath(checkout)
    real = _real(root, value)
    if real and os.path.isdir(real):  # noqa: PTH112 - false also for a name that is too long
        inside = _below(real, root)
        if inside and inside.parts:  # not the checkout itself, which holds folders that are hidden
            return checkout / inside
        if any(_below(real, os.path.realpath(each)) for each in _sources()):
            return Path(real)
    raise InputRefused(
        f"The {what} {quoted(value)} is not a folder of the checkout",
        f"Give a path such as {_EXAMPLES[what]}. For other folders, the worker needs {SOURCES}: "
        "see docs/production.md",
    )


def _sources() -> list[str]:
    # A relative or empty entry would be the folder that the worker was started in.
    return [each for each in os.environ.get(SOURCES, "").split(os.pathsep) if Path(each).is_absolute()]


def _real(root: str, value: str) -> str | None:
    try:
        return os.path.realpath(os.path.join(root, value)) if value else None  # noqa: PTH118 - keeps what Path would drop
    except ValueError:  # a null character
        return None


def _below(real: str, root: str) -> Path | None:
    """The path from one folder to another below it, which must not be hidden: such folders hold tokens."""
    if os.path.commonpath([root, real]) != root:
        return None
    inside = Path(real).relative_to(root)
    return None if any(part.startswith(".") for part in inside.parts) else inside
