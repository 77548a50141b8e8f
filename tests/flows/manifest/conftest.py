import shutil

import pytest


@pytest.fixture
def folder(checkout, tmp_path):
    """A copy of the portfolio's manifest that a test may spoil."""
    return shutil.copytree(checkout / "deployments/portfolio", tmp_path / "portfolio")


@pytest.fixture
def write(tmp_path):
    """Writes a manifest of one's own: paths with their texts, in a folder that is given back."""

    def write(files):
        folder = tmp_path / "manifest"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder

    return write


@pytest.fixture
def documents(checkout):
    """The portfolio's documents as texts, by kind."""
    folder = checkout / "deployments/portfolio"
    return {path.stem.partition("_")[2]: path.read_text() for path in sorted(folder.glob("*.yaml"))}
