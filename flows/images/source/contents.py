"""What the files of a plugin source say about the plugin. Read, never run."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from flows.images.source import remarks
from flows.images.source.dockerfile import Dockerfile
from flows.images.source.reading import read_text
from flows.images.source.setup import Setup, read_package

REQUIREMENTS = "pkg/pip_requirements.txt"


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a plugin source, except its version.

    Attributes:
        requirements: How many packages pkg/pip_requirements.txt names; None without that file.
        setup: What src/setup.py or pyproject.toml says; None without such a file.
        remarks: Warnings, which do not stop a release: each names a file and what to do.
    """

    requirements: int | None
    setup: Setup | None
    remarks: tuple[str, ...] = ()


def read_contents(
    folder: Path,
    version: str,
    dockerfile: Dockerfile,
    copied: Collection[str] = (),
    tags: Collection[str] = (),
) -> Contents:
    """Read requirements, setup.py and pyproject.toml, which are optional, and look for usual mistakes.

    Args:
        folder: The plugin source.
        version: The version in src/VERSION, for comparison.
        dockerfile: Its Dockerfile.
        copied: The paths that the Dockerfile puts into the image.
        tags: The git tags of the commit that is checked out.

    Raises:
        SourceError: a file cannot be read.
    """
    found: list[str] = []
    requirements = _requirements(folder, found)
    package = read_package(folder, version)
    found += package.remarks
    found += remarks.of_tags(version, tags)
    found += remarks.of_dockerfile(dockerfile, folder / "Dockerfile")
    found += remarks.of_package_data(folder, package, copied, dockerfile)
    return Contents(requirements, package.setup, tuple(found))


def _requirements(folder: Path, found: list[str]) -> int | None:
    try:
        text = read_text(folder, REQUIREMENTS, errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = [line for text in joined.splitlines() if (line := re.sub(r"(^|\s)#.*", "", text).strip())]
    if not lines:
        found.append(f"{folder / REQUIREMENTS}: names no package; add the packages that the plugin imports.")
    return sum(not line.startswith("-") or line.startswith(("-e", "--editable")) for line in lines)
