"""A plugin's source: a folder in SpaceONE's layout."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from flows.images.errors import InvalidReference, SourceChanged, SourceError
from flows.images.reference import check_tag
from flows.images.source import context
from flows.images.source.buildkit import foreign_frontend
from flows.images.source.checkout import read_checkout
from flows.images.source.contents import Contents, read_contents
from flows.images.source.context import DOCKERFILE, VERSION_FILE
from flows.images.source.dockerfile import Dockerfile, DockerfileError
from flows.images.source.listing import ALGORITHM, Listing
from flows.images.source.reading import VERSION_BYTES, read_text
from flows.images.source.stages import bases
from flows.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class PluginSource:
    """A plugin source as it was when it was loaded.

    A release is the pair of version and digest, and a version is immutable. The digest covers what the Dockerfile
    puts into the image, and its instructions. It does not cover src/VERSION: every new version would change it, two
    versions with the same code would not be recognised, and one more line break in that file would be a conflict.
    The version is not lost: it is the image's tag and one of its labels. Build arguments (BASE_IMAGE) belong to the
    environment, not to the source, and are not in the digest.
    """

    folder: Path
    version: str
    dockerfile: Dockerfile = field(repr=False)
    listing: Listing = field(repr=False)
    """The files that reach the image."""
    revision: str | None
    """The last git commit that changed them, `-dirty` if one was changed since; None without git."""
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
        SOURCE_DATE_EPOCH (https://reproducible-builds.org) if set, otherwise the time of the commit if its files
        are unchanged since, otherwise the time of the newest one.

        Raises:
            SourceError: the folder, its Dockerfile, src or src/VERSION is missing, the version is not a valid tag,
                or the Dockerfile copies a file that does not exist.
        """
        folder = Path(folder)
        written = _check(folder)
        version = check_version(choose(written), folder) if choose else written
        read = context.read(folder)
        if foreign := foreign_frontend(read.dockerfile):
            raise SourceError(
                folder / DOCKERFILE,
                f"line {foreign[0]} names another frontend than Docker's own: {quoted(foreign[1])}",
                "Remove the line, and write what only that frontend reads in another way",
            )
        checkout = read_checkout(folder, read.roots)
        commit_time = checkout.time if checkout and not checkout.dirty else None
        return cls(
            folder=folder,
            version=version,
            dockerfile=read.dockerfile,
            listing=read.listing,
            revision=checkout.revision if checkout else None,
            created=_epoch() or (commit_time or _newest(folder, read.listing)).astimezone(UTC),
            contents=read_contents(
                folder, written, read.dockerfile, read.listing.files, checkout.tags if checkout else ()
            ),
            url=checkout.url if checkout else None,
            given=version if version != written else None,
        )

    @property
    def digest(self) -> str:
        """`sha256-files:<hex>`, see `listing`."""
        return self.listing.digest

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

    def is_source_of(self, label: str) -> bool:
        """Whether an image with this digest of its source was built from this source.

        Raises:
            SourceError: a file cannot be read, which is necessary for an image of an earlier version of the pipeline.
        """
        if label.startswith(f"{ALGORITHM}:"):
            return label == self.digest
        return label == context.whole_digest(self.folder, without={VERSION_FILE})

    def base(self, build_args: Mapping[str, str]) -> str:
        """Return the base image of the Dockerfile's last stage, or `scratch`.

        Raises:
            SourceError: with these build arguments, the Dockerfile names no base image.
        """
        found = self.bases(build_args)
        if not found or not found[-1]:
            advice = "Name one in a FROM line, or set its argument in the environment's build.args"
            raise SourceError(self.folder / DOCKERFILE, "names no base image", advice)
        return found[-1]

    def bases(self, build_args: Mapping[str, str]) -> list[str]:
        """Return the base image of each stage.

        Raises:
            SourceError: a FROM line cannot be read with these build arguments.
        """
        try:
            return bases(self.dockerfile, build_args)
        except DockerfileError as error:
            raise SourceError(
                self.folder / DOCKERFILE, f"line {error.line} {error}", "Correct it, or set its arguments"
            ) from None

    def caches(self) -> list[str]:
        """Python's caches among the files: the usual reason for a digest that changes by itself."""
        return [
            path
            for path in sorted(self.listing.files)
            if path.endswith(".pyc") or path.rpartition("/")[2] == "__pycache__"
        ]

    def archive(self, *, for_buildkit: bool = False) -> IO[bytes]:
        """Return what the Dockerfile reads as an open tar file, at its start; closing it removes it.

        The digest is compared with that of the bytes in the archive: nothing that changes meanwhile is built.

        Args:
            for_buildkit: See `context.archive`.

        Raises:
            SourceChanged: the folder is not what was loaded.
            SourceError: a file cannot be read.
        """
        file, read = context.archive(
            self.folder, time=self.created, for_buildkit=for_buildkit, version=self.given
        )
        try:
            if not self.given and _version_of(self.folder, read) != self.version:
                raise SourceChanged(
                    self.version_file, "changed since the release was planned", "Start it again"
                )
            if read.listing.digest != self.digest:
                raise SourceChanged(self.folder, "changed since the release was planned", "Start it again")
        except BaseException:  # also Ctrl-C: nobody else closes it
            file.close()
            raise
        return file


def _version_of(folder: Path, read: context.Context) -> str:
    return _check(folder) if read.version is None else read.version.decode("utf-8-sig", "replace").strip()


_WRITE_VERSION = "Write the plugin's version into it, such as 0.1.0"


def _check(folder: Path) -> str:
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise SourceError(
            folder, problem, "Give the folder of a plugin, which contains Dockerfile, pkg/ and src/"
        )
    if not os.path.lexists(folder / DOCKERFILE):
        advice = "Write one: a plugin's image is built from it"
        raise SourceError(folder / DOCKERFILE, "is missing", advice)
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


def _newest(folder: Path, listing: Listing) -> datetime:
    times = [0.0]
    for path in {*listing.files, VERSION_FILE}:
        with contextlib.suppress(OSError):
            status = (folder / path).lstat()
            if not stat.S_ISDIR(status.st_mode):
                times.append(status.st_mtime)
    return datetime.fromtimestamp(int(max(times)), UTC)
