"""A project: a repository with the folder `deployments/`, which says where its source and its manifest are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from flows.manifest import InvalidField
from flows.manifest.documents import Document, parse
from flows.manifest.reading import exists, read_document
from flows.steps.places import MANIFEST, PROJECT_FILE, SOURCE
from flows.text import quoted


class ProjectFile(Document):
    """The fields of deployments/project.yaml."""

    source: str = Field(default=SOURCE, description="The folder of the plugin's source, below the project.")
    manifest: str = Field(default=MANIFEST, description="The folder of the manifest, below the project.")


@dataclass(frozen=True)
class Project:
    """Where a project has its parts.

    Attributes:
        source: The folder of the plugin's source.
        manifest: The folder of the manifest.
    """

    source: Path
    manifest: Path


def read_project(root: Path = Path()) -> Project:
    """Returns the parts of a project, as deployments/project.yaml names them, or where they usually are.

    Raises:
        ManifestError: the file is wrong, or names a folder outside of the project.
    """
    file = root / PROJECT_FILE
    if not exists(file):
        return Project(root / SOURCE, root / MANIFEST)
    part = read_document(file, root)
    fields = parse(ProjectFile, part)
    found = {}
    for name in ("source", "manifest"):
        value = getattr(fields, name)
        if not is_below(root, value):
            raise InvalidField(
                f"{part.where(name)}: the field {name!r}: {quoted(value)} is not a folder below the project."
            )
        found[name] = root / value
    return Project(**found)


def is_below(root: Path, value: str) -> bool:
    """Whether a path stays in a folder, also if its links are followed."""
    if not value or "\0" in value or Path(value).is_absolute():
        return False
    top = os.path.realpath(root)
    return os.path.commonpath([top, os.path.realpath(os.path.join(top, value))]) == top  # noqa: PTH118 - keeps `..`
