"""Sources and manifests that lie in a git repository: `git+https://HOST/PATH@REVISION#FOLDER`.

The repository is cloned with the whole history, because the labels of an image name the last commit that changed its
source. Nothing of the repository is run: no hooks, no submodules, and no protocol but https and ssh.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from flows.steps.catalogue import FETCH
from flows.steps.errors import InputRefused, NotFetched
from flows.steps.project import is_below, read_project
from flows.steps.runner import Runner, Step
from flows.text import quoted

PREFIX = "git+"
_EXAMPLE = "git+https://git.example.com/team/plugin-x.git@v0.3.1#plugin"
_REVISION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9+_-]|[./](?=[A-Za-z0-9+_-]))*")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_URL = re.compile(
    r"(?:https|ssh)://(?:[A-Za-z0-9][A-Za-z0-9_.-]*@)?"
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:/[^\s\\?#\x00-\x20\x7f]+)"
)
#: A password, or a user of https, which is often a token.
_LOGIN = re.compile(r"https?://[^/]*@|[a-z]+://[^/@]*:[^/@]*@")
#: What git says when the network or the server failed, and not the request.
_TEMPORARY = re.compile(
    r"could not resolve|failed to connect|couldn't connect|connection (?:refused|reset|timed out)|timed out"
    r"|error: 5\d\d|early eof|temporary failure|no route to host|unexpected disconnect",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class GitAddress:
    """A folder of a git repository at a revision.

    Attributes:
        url: What git clones, such as https://git.example.com/team/plugin-x.git.
        revision: A tag, a branch, or a commit.
        folder: A path in the repository; empty for the place that its deployments/project.yaml names.
    """

    url: str
    revision: str
    folder: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `git+https://HOST/PATH@REVISION#FOLDER`, also with ssh and a user: `git+ssh://git@HOST/PATH@…`.

        Raises:
            InputRefused: it is no such address, or has a password in it.
        """
        address, _, folder = text.removeprefix(PREFIX).partition("#")
        if _LOGIN.match(address):  # first, because other refusals quote the text
            raise InputRefused(
                "The address of a repository contains a user or a password, which runs and logs would show",
                "Leave it out. Git takes it from a credential helper, or use ssh with a key",
            )
        url, separator, revision = address.rpartition("@")
        if not separator or "/" not in url.partition("://")[2]:  # the only @ is that of a user
            raise _refused(text, "names no revision: a tag, a branch or a commit after an @")
        if not _URL.fullmatch(url):
            raise _refused(text, "is none of a repository, by https or ssh")
        if not _REVISION.fullmatch(revision):
            raise _refused(text, f"names a revision that git does not allow: {quoted(revision)}")
        return cls(url, revision, folder.removeprefix("subdirectory="))

    def at(self, revision: str) -> GitAddress:
        """The same folder at another revision.

        Raises:
            InputRefused: git does not allow such a name.
        """
        return replace(self.parse(f"{PREFIX}{self.url}@{revision}"), folder=self.folder)

    def whole(self) -> GitAddress:
        """The same repository and revision, without a folder."""
        return replace(self, folder="")

    def __str__(self) -> str:
        return f"{PREFIX}{self.url}@{self.revision}" + (f"#{self.folder}" if self.folder else "")


Place = Path | GitAddress
"""Where a source or a manifest is: a folder, or a folder of a git repository."""


def parse_place(text: str) -> Place:
    """A folder, or a repository if the text begins with `git+`.

    Raises:
        InputRefused: the address of a repository is wrong.
    """
    return GitAddress.parse(text) if text.startswith(PREFIX) else Path(text)


def is_allowed(url: str, allowed: str) -> bool:
    """Whether a list of repositories contains an address.

    Args:
        url: The address, without revision and folder.
        allowed: Addresses with spaces between them; one that ends with `/` allows everything below it.
    """
    steps = urlsplit(url).path.split("/")
    if ".." in steps or "." in steps or "%" in url:
        return False
    return any(url == each or (each.endswith("/") and url.startswith(each)) for each in allowed.split())


Fetch = Callable[[Place, str], Path]
"""Gives the folder of a place; the second argument is `source` or `manifest`."""


@contextmanager
def fetching(runner: Runner) -> Iterator[Fetch]:
    """Gives a function that returns the folder of a place. What it clones exists until the context ends.

    A repository is fetched once for each revision. An address without a folder leads to the source or to the manifest
    that deployments/project.yaml of the repository names.

    Args:
        runner: Runs the step `fetch`.

    Raises:
        NotFetched: by the function: a repository or a revision cannot be had, or has no such folder.
        ManifestError: by the function: deployments/project.yaml of a repository is wrong.
    """
    clones: dict[tuple[str, str], Path] = {}
    with ExitStack() as stack:

        def fetch(place: Place, what: str) -> Path:
            if isinstance(place, Path):
                return place
            key = place.url, place.revision
            if key not in clones:
                root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pluginctl-")))
                step = Step(
                    FETCH, lambda: clone(place, root), outcome=lambda commit: f"{place}, commit {commit}"
                )
                runner.run(step)
                clones[key] = root / _CLONE
            return _folder(clones[key], place, what)

        yield fetch


def _folder(root: Path, place: GitAddress, what: str) -> Path:
    if not place.folder:
        project = read_project(root)
        return project.source if what == "source" else project.manifest
    if not is_below(root, place.folder) or not (root / place.folder).is_dir():
        raise NotFetched(
            f"{place.url} at {place.revision} has no folder {quoted(place.folder)}",
            f"Correct what stands after the # of the {what}'s address",
        )
    return root / place.folder


ALLOWED = "https:ssh"
_CLONE = "repository"
#: What a hook of git gives to the programs that it starts: they would work on the hook's repository.
_OF_ANOTHER = {
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
}


def clone(place: GitAddress, folder: Path) -> str:
    """Clones a repository into `folder`/repository and checks the revision out.

    Returns:
        The commit.

    Raises:
        NotFetched: git is not installed, or the server, the repository or the revision cannot be had.
    """
    with tempfile.TemporaryDirectory(dir=folder) as fresh:  # a second try starts in an empty folder
        target = Path(fresh) / _CLONE
        _git(
            place,
            Path(fresh),
            "clone",
            "--quiet",
            "--no-checkout",
            "--template=",
            "--",
            place.url,
            str(target),
        )
        commit = _commit(place, target)
        _git(place, target, "checkout", "--quiet", "--detach", commit)
        target.rename(folder / _CLONE)
    return commit


def _commit(place: GitAddress, target: Path) -> str:
    """The commit of a revision: of a tag before a branch, as git itself chooses."""
    known = [f"refs/tags/{place.revision}", f"refs/remotes/origin/{place.revision}"]
    if _COMMIT.fullmatch(place.revision):
        known = [place.revision]
    for name in known:
        found = _run(target, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
        if found.returncode == 0:
            return found.stdout.strip()
    raise NotFetched(
        f"{place.url} has no tag and no branch {quoted(place.revision)}"
        if known[0] != place.revision
        else f"No branch and no tag of {place.url} contains the commit {place.revision}",
        "Correct the revision, or push it. A commit is named by all of its digits",
    )


def _git(place: GitAddress, folder: Path, *arguments: str) -> None:
    done = _run(folder, *arguments)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise NotFetched(
            f"Git cannot fetch {place.url} at {place.revision}",
            "Check the address, and that this machine's git may read it: by a credential helper, or by a key of ssh",
            temporary=bool(_TEMPORARY.search(done.stderr)),
            details=said[-5:],
        )


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    quiet = (
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "advice.detachedHead=false",
        "-c",
        "submodule.recurse=false",
    )
    variables = {
        **{name: value for name, value in os.environ.items() if name not in _OF_ANOTHER},
        "GIT_ALLOW_PROTOCOL": ALLOWED,
        "GIT_TERMINAL_PROMPT": "0",  # nobody is there to answer
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        "LC_ALL": "C",
    }
    try:
        return subprocess.run(
            ["git", *quiet, *arguments],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise NotFetched("Git is not installed on this machine", "Install git") from None


def _refused(text: str, why: str) -> InputRefused:
    return InputRefused(f"The address {quoted(text)} {why}", f"Write it as {_EXAMPLE}")
