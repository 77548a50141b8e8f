"""A plugin's source: a folder in SpaceONE's own layout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.images.errors import InvalidReference, SourceChanged, SourceError
from flows.images.reference import check_tag
from flows.images.source import context
from flows.images.source.checkout import read_checkout
from flows.images.source.contents import DOCKERFILE, VERSION_FILE, Contents, read_contents, read_text
from flows.images.source.dockerfile import base_image

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class PluginSource:
    """A plugin source as it was when it was loaded.

    `digest` covers what the Docker build context holds after .dockerignore, except src/VERSION. A release is the
    pair of version and digest, and a version is immutable. With VERSION in the digest, every bump would change it,
    nobody could see that two versions hold the same code, and a line break more in that file would make a conflict.
    Nothing is lost without it: the version is the image's tag and a label of its own. Build arguments (BASE_IMAGE) are
    the environment's, not the source's, and are not in it.
    """

    folder: Path
    version: str
    digest: str
    revision: str | None
    """The last git commit that changed the folder, `-dirty` if it was changed since; None without git."""
    created: datetime
    """The source's own time, in UTC: see `load`."""
    contents: Contents
    """What its other files say, and what looks wrong in them."""
    url: str | None = None
    """The git remote, without credentials."""

    @classmethod
    def load(cls, folder: Path | str) -> PluginSource:
        """Read and check the plugin source in `folder`.

        `created` is a property of the source, so that one source always gives the same labels: the time in
        SOURCE_DATE_EPOCH (https://reproducible-builds.org) if set, else that of the commit where the
        folder is unchanged since, else that of the newest file.

        Raises:
            SourceError: the folder, its Dockerfile, src or src/VERSION is missing, the version is no tag, or the
                Dockerfile copies what is not there.
        """
        folder = Path(folder)
        version = _check(folder)
        contents = read_contents(folder, version)
        digest = context.digest(folder, without={VERSION_FILE})
        checkout = read_checkout(folder)
        commit_time = checkout.time if checkout and not checkout.dirty else None
        return cls(
            folder=folder,
            version=version,
            digest=digest,
            revision=checkout.revision if checkout else None,
            created=_epoch() or (commit_time or _newest(folder)).astimezone(UTC),
            contents=contents,
            url=checkout.url if checkout else None,
        )

    @property
    def version_file(self) -> Path:
        """The file to bump."""
        return self.folder / VERSION_FILE

    def base(self, build_args: Mapping[str, str]) -> str:
        """Return the image that the Dockerfile's last stage stands on, or `scratch`.

        Raises:
            SourceError: the Dockerfile names none, with these build arguments.
        """
        dockerfile = self.folder / DOCKERFILE
        base = base_image(read_text(dockerfile), build_args)
        if base is None:
            advice = "Write one into a FROM, or its argument into the environment's build.args"
            raise SourceError(dockerfile, "names no base image", advice)
        return base

    def caches(self) -> list[str]:
        """Paths in the build context that Python wrote itself: the usual reason for a digest that wanders."""
        return [
            entry.path
            for entry in context.entries(self.folder)
            if entry.path.endswith(".pyc") or entry.path.rpartition("/")[2] == "__pycache__"
        ]

    def check_unchanged(self) -> None:
        """Make sure that the folder still holds what was loaded.

        Raises:
            SourceChanged: it does not.
        """
        if _check(self.folder) != self.version:
            raise SourceChanged(self.version_file, "changed since the release was planned", "Start it again")
        if context.digest(self.folder, without={VERSION_FILE}) != self.digest:
            raise SourceChanged(self.folder, "changed since the release was planned", "Start it again")


_WRITE_VERSION = "Write the plugin's version into it, such as 0.1.0"


def _check(folder: Path) -> str:
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise SourceError(
            folder, problem, "Give the folder of a plugin, which holds Dockerfile, pkg/ and src/"
        )
    dockerfile = folder / DOCKERFILE
    if not dockerfile.is_file():
        raise SourceError(dockerfile, "is missing", "Write one: a plugin's image is built from it")
    if not (folder / "src").is_dir():
        raise SourceError(folder / "src", "is missing", "Put VERSION, setup.py and plugin/ into this folder")
    return _version(folder / VERSION_FILE)


def _version(path: Path) -> str:
    try:
        version = path.read_text("utf-8-sig").strip()
    except FileNotFoundError:
        raise SourceError(path, "is missing", _WRITE_VERSION) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            path, f"cannot be read ({error})", "It must be a text file that holds a version"
        ) from error
    if not version:
        raise SourceError(path, "is empty", _WRITE_VERSION)
    try:
        check_tag(version)
    except InvalidReference as error:
        raise SourceError(path, str(error), "Write a version such as 0.1.0") from error
    if version == "latest":
        # A repository with this tag makes SpaceONE's get_versions fail with ERROR_NO_PLUGIN.
        raise SourceError(path, "'latest' is not a version that SpaceONE can use", "Write one such as 0.1.0")
    return version


def _epoch() -> datetime | None:
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else None


def _newest(folder: Path) -> datetime:
    times = (
        (folder / entry.path).lstat().st_mtime for entry in context.entries(folder) if entry.kind == "file"
    )
    return datetime.fromtimestamp(int(max(times, default=0)), UTC)
