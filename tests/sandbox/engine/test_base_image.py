from __future__ import annotations

import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import docker.errors
import pytest

from sandbox.engine import base_image, debian_image
from sandbox.machine.layout import Layout

if TYPE_CHECKING:
    from tests.sandbox.conftest import Steps

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")


class Engine:
    """An engine's images, by name."""

    def __init__(self, *names: str) -> None:
        self.present = {name: f"sha256:{number:0<64}" for number, name in enumerate(names)}
        self.images = self
        self.api = SimpleNamespace(timeout=60)
        self.builds: list[dict[str, bytes]] = []

    def get(self, name: str) -> Any:
        if name not in self.present:
            raise docker.errors.ImageNotFound(name)
        found = self.present[name]
        return SimpleNamespace(id=found, tag=lambda name, tag: self.present.update({f"{name}:{tag}": found}))

    def build(self, *, fileobj: Any, tag: str, **_: Any) -> None:
        with tarfile.open(fileobj=fileobj) as context:
            files = {name: context.extractfile(name).read() for name in context.getnames()}
        self.builds.append(files)
        self.present[tag] = f"sha256:built-{len(self.builds)}"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_image, "PROBE", "http://127.0.0.1:9/")
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """An image that is made from packages, without the packages; the folders that it was made in."""
    folders: list[Path] = []

    def make(client: Engine, name: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        folders.append(folder)
        client.present[name] = f"sha256:{len(folders):012}"

    monkeypatch.setattr(debian_image, "make", make)
    return folders


def test_what_the_engine_has_is_used(layout: Layout, steps: Steps):
    assert base_image.ensure(Engine(base_image.OFFICIAL), layout, steps) == base_image.OFFICIAL
    name = base_image.ensure(Engine(base_image.BUILT), layout, steps)
    assert name == "pluginctl.invalid/python:3.11-000000000000"
    assert steps.steps == []


def test_another_image_has_another_name(layout: Layout, steps: Steps):
    """A plan compares the names."""
    one, two = Engine(base_image.BUILT), Engine("other", base_image.BUILT)
    assert base_image.ensure(one, layout, steps) != base_image.ensure(two, layout, steps)


@pytest.mark.parametrize("name", [base_image.BUILT, base_image.OFFICIAL])
def test_no_name_is_one_that_a_registry_may_have(name: str):
    """An engine asks the registry for an image that is gone."""
    assert name.startswith("pluginctl.invalid/") or "@sha256:" in name


def test_without_the_official_image_one_is_built_once(layout: Layout, steps: Steps, made: list[Path]):
    engine = Engine()
    name = base_image.ensure(engine, layout, steps)
    assert engine.present[name] == engine.present[base_image.BUILT]
    assert "python:3.11.13-slim-bookworm cannot be pulled" in steps.said[0], "why this takes a minute"
    assert base_image.ensure(engine, Layout.of(layout.root.parent, "1.12"), steps) == name
    assert len(made) == 1
    assert not made[0].exists(), "the packages are removed"


def test_a_machine_with_authorities_of_its_own_gives_them_to_the_image(
    layout: Layout, steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bundle = tmp_path / "bundle.crt"
    bundle.write_text("CERTIFICATE")
    monkeypatch.setenv("PIP_CERT", str(bundle))
    engine = Engine(base_image.OFFICIAL)
    name = base_image.ensure(engine, layout, steps)
    assert name.startswith("pluginctl.invalid/python:3.11-")
    assert engine.builds[0]["bundle.crt"] == b"CERTIFICATE"
    assert base_image.ensure(engine, layout, steps) == name
    assert len(engine.builds) == 1, "made once"
    bundle.write_text("ANOTHER")
    assert base_image.ensure(engine, layout, steps) != name
    engine.present[base_image.OFFICIAL] = "sha256:another"
    base_image.ensure(engine, layout, steps)
    assert len(engine.builds) == 3, "made again for another bundle, and for another image below"


def test_a_variable_that_names_no_file_is_no_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere"))
    assert base_image.authorities() is None
