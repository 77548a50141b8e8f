"""What the wheel holds; tests/integration/test_wheel.py installs it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from flows.images.source import PluginSource
from tests.wheels import build_sdist, build_wheel, copy, sources

PACKAGES = ("flows/", "pluginctl/", "sandbox/")
SAMPLES = "pluginctl/samples/"
PLUGIN = ("Dockerfile", ".dockerignore", "pkg/", "src/")


@pytest.fixture(scope="module")
def clone(checkout, tmp_path_factory):
    """A clone in which the programs have run, so that caches lie about."""
    folder = copy(checkout, tmp_path_factory.mktemp("clone"))
    for name in ("flows", "plugin/src/plugin", "sandbox/spaceone/requirements"):
        cache = folder / name / "__pycache__" / "module.cpython-311.pyc"
        cache.parent.mkdir()
        cache.touch()
    (folder / "deployments/environments/prod.yaml").write_text("description: nobody else's\n")
    return folder


@pytest.fixture(scope="module")
def wheel(clone, tmp_path_factory):
    return build_wheel(clone, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel):
    return held_by(wheel)


def held_by(wheel: Path) -> set[str]:
    """The files of a wheel but those that describe it."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_it_holds_the_three_packages_and_the_samples_and_nothing_else(names, checkout):
    packages = {name for name in sources(checkout) if name.startswith(PACKAGES) and not name.endswith(".md")}
    plugin = {
        name for name in sources(checkout) if name.startswith(tuple(f"plugin/{each}" for each in PLUGIN))
    }
    deployments = {
        name
        for name in sources(checkout)
        if name.startswith(("deployments/environments/sandbox", "deployments/portfolio/"))
    }
    assert {f"{package}py.typed" for package in PACKAGES} <= packages
    assert {"sandbox/spaceone/requirements/spaceone-2.txt", "sandbox/requirements/prefect.txt"} <= packages
    assert names == packages | {SAMPLES + name for name in plugin | deployments}


def test_a_source_distribution_gives_the_same_wheel(clone, names, tmp_path):
    sdist = build_sdist(clone, tmp_path / "sdist")
    assert held_by(build_wheel(sdist, tmp_path / "wheel")) == names


def test_the_packed_plugin_is_the_checkouts_to_the_registry(checkout, wheel, tmp_path):
    """Else a version that was released from a checkout could not be released again from a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    packed, own = (
        PluginSource.load(folder) for folder in (tmp_path / SAMPLES / "plugin", checkout / "plugin")
    )
    assert (packed.version, packed.digest) == (own.version, own.digest)
