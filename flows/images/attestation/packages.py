"""The packages of an image, read out of its files: Debian's, Alpine's and Python's. Nothing of the image runs.

The image may be hostile. Only regular files of known names are read, no link is followed, nothing is written, and sizes
and numbers have limits.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flows.images.errors import PackagesUnreadable
from flows.images.streams import Pieces
from flows.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_ENTRIES = 1_000_000
"""Paths in an image."""
MAX_FILE = 32 * 2**20
"""Bytes of one list of packages."""
MAX_TOTAL = 256 * 2**20
"""Bytes of all files that are read."""
MAX_METADATA = 256 * 2**10
"""Bytes of a Python package's METADATA that are read: its fields are before the long description."""
MAX_PACKAGES = 50_000
MAX_WORD = 256
"""Characters in a name, a version or an architecture."""

_DPKG = "var/lib/dpkg/status"
_DPKG_FOLDER = "var/lib/dpkg/status.d/"  # distroless images
_APK = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_RELEASE = ("usr/lib/os-release", "etc/os-release")
# `setup.py install` leaves an egg: a folder, or a zip file whose name says what it is. An older one leaves a file.
_PYTHON = re.compile(r"(?:.*/)?[^/]+\.(?:dist-info/METADATA|egg-info(?:/PKG-INFO)?|egg/EGG-INFO/PKG-INFO)")
_ZIPPED = re.compile(r"(?:.*/)?([^/-]+)-([^/-]+)(?:-py[^/]*)?\.egg")


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One installed package.

    Attributes:
        kind: `deb`, `apk` or `pypi`.
        name: Its name; of a Python package normalised as in PEP 503.
        version: Its version.
        architecture: As the distribution writes it; empty for Python.
        path: Where a Python package's metadata is; otherwise empty.
    """

    kind: str
    name: str
    version: str
    architecture: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What an image contains: its distribution's os-release and its packages, sorted."""

    release: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[Package, ...] = ()

    def __str__(self) -> str:
        counts = Counter(package.kind for package in self.packages)
        return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "no packages"


class _Excess(Exception):
    """A limit is exceeded."""


def read_packages(archive: Iterable[bytes], image: str = "The image") -> Contents:
    """Read the packages out of the archive of an image's files.

    Args:
        archive: A tar file in pieces, which are read once and not kept.
        image: Its name, for messages.

    Raises:
        PackagesUnreadable: it is not such an archive, or exceeds a limit.
    """
    release: dict[str, str] = {}
    packages: set[Package] = set()
    try:
        with tarfile.open(fileobj=io.BufferedReader(Pieces(archive), 2**20), mode="r|") as tar:
            for path, text in _wanted(tar):
                if path in _RELEASE:
                    release.update(_assignments(text))
                else:
                    packages.update(_packages(path, text))
                if len(packages) > MAX_PACKAGES:
                    raise _Excess(f"lists more than {MAX_PACKAGES} packages")
    except (_Excess, tarfile.TarError) as error:
        problem = str(error) if isinstance(error, _Excess) else f"has files that cannot be read ({error})"
        raise PackagesUnreadable(problem, image) from error
    return Contents(release, tuple(sorted(packages)))


def _wanted(tar: tarfile.TarFile) -> Iterator[tuple[str, str]]:
    total = 0
    for number, member in enumerate(tar):
        tar.members.clear()  # type: ignore[attr-defined]  # it would keep every entry
        if number >= MAX_ENTRIES:
            raise _Excess(f"has more than {MAX_ENTRIES} files")
        path = member.name.removeprefix("./").lstrip("/")
        limit = _limit(path) if member.isreg() else 0
        if not limit:
            continue
        if member.size > limit and limit == MAX_FILE:
            raise _Excess(f"has {quoted(path)} with more than {MAX_FILE // 2**20} MiB")
        file = tar.extractfile(member)
        content = file.read(limit) if file else b""
        total += len(content)
        if total > MAX_TOTAL:
            raise _Excess(f"has lists of packages with more than {MAX_TOTAL // 2**20} MiB")
        yield path, content.decode("utf-8", "replace")


def _limit(path: str) -> int:
    """How many bytes of a file are read; 0 for none."""
    if path == _DPKG or path in _APK or path in _RELEASE:
        return MAX_FILE
    if path.startswith(_DPKG_FOLDER) or _PYTHON.fullmatch(path):
        return MAX_METADATA
    return 1 if _ZIPPED.fullmatch(path) else 0  # its name is enough


def _packages(path: str, text: str) -> Iterator[Package]:
    if path == _DPKG or path.startswith(_DPKG_FOLDER):
        for fields in _stanzas(text, ("Package", "Version", "Architecture", "Status")):
            if fields.get("Status", "installed").endswith("installed"):
                yield from _package("deb", fields, "Package", "Version", "Architecture")
    elif path in _APK:
        for fields in _stanzas(text, ("P", "V", "A")):
            yield from _package("apk", fields, "P", "V", "A")
    else:
        # The first stanza holds the fields; after it comes the description.
        zipped = _ZIPPED.fullmatch(path)
        fields = (
            {"Name": zipped[1], "Version": zipped[2]}
            if zipped
            else next(_stanzas(text, ("Name", "Version")), {})
        )
        for each in _package("pypi", fields, "Name", "Version", ""):
            name = re.sub(r"[-_.]+", "-", each.name).lower()
            yield Package(each.kind, name, each.version, path=path[:1024])


def _package(
    kind: str, fields: Mapping[str, str], name: str, version: str, machine: str
) -> Iterator[Package]:
    """A package, unless it lacks its name or version or one of them is not a word."""
    found, number, architecture = (fields.get(key, "") for key in (name, version, machine))
    if _is_word(found) and _is_word(number):
        yield Package(kind, found, number, architecture if _is_word(architecture) else "")


def _is_word(text: str) -> bool:
    return 0 < len(text) <= MAX_WORD and text.isprintable()


def _stanzas(text: str, names: Iterable[str]) -> Iterator[dict[str, str]]:
    """The named fields of each block of `Name: value` lines; blocks are separated by empty lines."""
    wanted, found = frozenset(names), dict[str, str]()
    for line in (*text.split("\n"), ""):
        if not line.strip():
            if found:
                yield found
            found = {}
            continue
        name, colon, value = line.partition(":")
        if colon and name in wanted:
            found.setdefault(name, value.strip())


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    """The fields ID and VERSION_ID of an os-release file, as the file format of systemd's os-release(5) has them."""
    for line in text.split("\n"):
        name, _, value = line.strip().partition("=")
        value = value.strip("\"'")
        if name in {"ID", "VERSION_ID"} and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):
            yield name, value
