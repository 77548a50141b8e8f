from __future__ import annotations

from pathlib import Path

import pytest

from flows.manifest import InvalidField, ManifestError
from flows.steps.project import read_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "deployments").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    return folder


def write(root: Path, text: str) -> None:
    (root / "deployments/project.yaml").write_text(text)


def test_without_a_file_the_parts_are_in_the_usual_places(root: Path):
    found = read_project(root)
    assert (found.source, found.manifest) == (root / "plugin", root / "deployments/portfolio")


def test_the_file_names_them(root: Path):
    write(root, "source: .\nmanifest: managed_resource\n")
    found = read_project(root)
    assert (found.source, found.manifest) == (root, root / "managed_resource")
    write(root, "manifest: deployments/manifest\n")
    assert read_project(root).source == root / "plugin"


@pytest.mark.parametrize(
    "value", ["/etc", "..", "../elsewhere", "a/../../elsewhere", "link", "link/x", '""', '"\\0"']
)
def test_what_is_not_below_the_project_is_refused(root: Path, value: str):
    (root / "link").symlink_to(root.parent / "elsewhere")
    write(root, f"source: {value}\n")
    with pytest.raises(
        InvalidField, match=r"project\.yaml:1: the field 'source': .* not a folder below the project"
    ):
        read_project(root)


@pytest.mark.parametrize("text", ["", "[]", "x: 1", "source: 1", "a: &a [*a]", "- - - {"])
def test_a_file_that_says_nothing_is_refused(root: Path, text: str):
    write(root, text)
    with pytest.raises(ManifestError, match=r"project\.yaml"):
        read_project(root)


def test_the_file_is_no_link_to_another_projects(root: Path):
    (root.parent / "elsewhere/project.yaml").write_text("source: .\n")
    (root / "deployments/project.yaml").symlink_to(root.parent / "elsewhere/project.yaml")
    with pytest.raises(ManifestError, match="leads out of"):
        read_project(root)
