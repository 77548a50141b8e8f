"""A plugin's source: a folder in SpaceONE's layout."""

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
from flows.images.source.contents import DOCKERFILE, VERSION_FILE, Contents, read_contents
from flows.images.source.dockerfile import base_image, declares
from flows.images.source.reading import VERSION_BYTES, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class PluginSource:
    """A plugin source as it was when it was loaded.

    `digest` covers the Docker build context after .dockerignore, except src/VERSION. A release is the pair of version
    and digest, and a version is immutable. If the digest covered VERSION, every new version would change it, two
    versions with the same code would not be recognised, and one more line break in that file would be a conflict.
    The version is not lost: it is the image's tag and one of its labels. Build arguments (BASE_IMAGE) belong to the
    environment, not to the source, and are not in the digest.
    """

    folder: Path
    version: str
    digest: str
    revision: str | None
    """The last git commit that changed the folder, `-dirty` if it was changed since; None without git."""
    created: datetime
    """The time of the source, in UTC: see `load`."""
    contents: Contents
    """What its other files declare, with warnings."""
    url: str | None = None
    """The git remote, without credentials."""
    given: str | None = None
    """The version that was given in the place of the one in src/VERSION; the image has it in that file."""

    @classmethod
    def load(cls, folder: Path | str, choose: Callable[[str], str] | None = None) -> PluginSource:
        """Read and check the plugin source in `folder`.

        `choose` gives the version that is to be released, for the one in src/VERSION.

        `created` depends only on the source, so that the same source always has the same labels: the time in
        SOURCE_DATE_EPOCH (https://reproducible-builds.org) if set, otherwise the time of the commit if the
        folder is unchanged since, otherwise the time of the newest file.

        Raises:
            SourceError: the folder, its Dockerfile, src or src/VERSION is missing, the version is not a valid tag,
                or the Dockerfile copies a file that does not exist.
        """
        folder = Path(folder)
        written = _check(folder)
        version = check_version(choose(written), folder) if choose else written
        contents = read_contents(folder, written)
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
            given=version if version != written else None,
        )

    @property
    def replaced(self) -> dict[str, bytes]:
        """Files of the build context that have another content than in the folder."""
        return {VERSION_FILE: f"{self.given}\n".encode()} if self.given else {}

    def write_version(self) -> None:
        """Write a given version into src/VERSION.

        Raises:
            SourceError: it cannot be written.
        """
        if self.given:
            try:
                self.version_file.write_text(f"{self.given}\n", encoding="utf-8")
            except OSError as error:
                advice = f"Write {self.given} into it"
                raise SourceError(
                    self.version_file, f"cannot be written ({error.strerror})", advice
                ) from error

    @property
    def version_file(self) -> Path:
        """The file to change for a new version."""
        return self.folder / VERSION_FILE

    def base(self, build_args: Mapping[str, str]) -> str:
        """Return the base image of the Dockerfile's last stage, or `scratch`.

        Raises:
            SourceError: with these build arguments, the Dockerfile names no base image.
        """
        base = base_image(read_text(self.folder, DOCKERFILE, errors="replace"), build_args)
        if base is None:
            advice = "Name one in a FROM line, or set its argument in the environment's build.args"
            raise SourceError(self.folder / DOCKERFILE, "names no base image", advice)
        return base

    def declares(self, argument: str) -> bool:
        """Whether the Dockerfile declares a build argument."""
        return declares(read_text(self.folder, DOCKERFILE, errors="replace"), argument)

    def caches(self) -> list[str]:
        """Python's caches in the build context: the usual reason for a digest that changes by itself."""
        return [
            entry.path
            for entry in context.entries(self.folder)
            if entry.path.endswith(".pyc") or entry.path.rpartition("/")[2] == "__pycache__"
        ]

    def check_unchanged(self) -> None:
        """Make sure that the folder has not changed since it was loaded.

        Raises:
            SourceChanged: it has changed.
        """
        if not self.given and _check(self.folder) != self.version:
            raise SourceChanged(self.version_file, "changed since the release was planned", "Start it again")
        if context.digest(self.folder, without={VERSION_FILE}) != self.digest:
            raise SourceChanged(self.folder, "changed since the release was planned", "Start it again")


_WRITE_VERSION = "Write the plugin's version into it, such as 0.1.0"


def _check(folder: Path) -> str:
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise SourceError(
            folder, problem, "Give the folder of a plugin, which contains Dockerfile, pkg/ and src/"
        )
    try:
        read_text(folder, DOCKERFILE, errors="replace")
    except FileNotFoundError:
        advice = "Write one: a plugin's image is built from it"
        raise SourceError(folder / DOCKERFILE, "is missing", advice) from None
    if not (folder / "src").is_dir():
        raise SourceError(folder / "src", "is missing", "Put VERSION, setup.py and plugin/ into this folder")
    return _version(folder)


def _version(folder: Path) -> str:
    path = folder / VERSION_FILE
    try:
        version = read_text(folder, VERSION_FILE, VERSION_BYTES).strip()
    except FileNotFoundError:
        raise SourceError(path, "is missing", _WRITE_VERSION) from None
    if not version:
        raise SourceError(path, "is empty", _WRITE_VERSION)
    return check_version(version, folder)


def check_version(version: str, folder: Path) -> str:
    """Return `version` if an image may have it as its tag.

    Raises:
        SourceError: it is no tag, or one that no plugin may have.
    """
    path = folder / VERSION_FILE
    try:
        check_tag(version)
    except InvalidReference as error:
        raise SourceError(path, str(error), "Write a version such as 0.1.0") from None
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
