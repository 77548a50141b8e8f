from __future__ import annotations

import os
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import docker.errors
import pytest

from sandbox.errors import SandboxError
from sandbox.machine import base_image, debian
from sandbox.machine.layout import Layout

if TYPE_CHECKING:
    from tests.sandbox.conftest import Steps

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")


class Engine:
    """An engine's images, by name."""

    def __init__(self, *names: str) -> None:
        self.present: dict[str, dict[str, str]] = {name: {} for name in names}
        self.images = self
        self.api = SimpleNamespace(timeout=60, import_image_from_data=self.take)
        self.builds: list[dict[str, bytes]] = []

    def get(self, name: str) -> Any:
        if name not in self.present:
            raise docker.errors.ImageNotFound(name)
        return SimpleNamespace(labels=self.present[name])

    def take(self, data: bytes, repository: str, tag: str, changes: list[str]) -> None:
        assert data
        self.present[f"{repository}:{tag}"] = {}

    def build(self, *, fileobj: Any, tag: str, **_: Any) -> None:
        with tarfile.open(fileobj=fileobj) as context:
            files = {name: context.extractfile(name).read() for name in context.getnames()}
        label = files["Dockerfile"].decode().partition("LABEL ")[2].strip()
        self.present[tag] = dict([label.split("=")])
        self.builds.append(files)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_image, "PROBE", "http://127.0.0.1:9/")
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def debootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A debootstrap that makes a small root, and tells its arguments."""
    told = tmp_path / "arguments"
    script = tmp_path / "debootstrap"
    script.write_text(
        f'#!/bin/sh\necho "$@" > {told}\n'
        "for word; do case $word in */*) root=${root:-$word};; esac; done\n"
        "mkdir -p $root/usr/local/bin $root/usr/bin $root/usr/share/doc/python3 $root/var/lib/apt/lists\n"
        "echo python > $root/usr/bin/python3; echo list > $root/var/lib/apt/lists/one\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(debian, "find", lambda _: str(script))
    monkeypatch.setattr(debian, "mirror", lambda _: "http://mirror.example/debian/")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return told


@pytest.mark.parametrize("name", [base_image.OFFICIAL, base_image.BUILT])
def test_what_the_engine_has_is_used(layout: Layout, steps: Steps, name: str):
    assert base_image.ensure(Engine(name), layout, steps) == name
    assert steps.steps == []


def test_without_the_official_image_one_is_built(layout: Layout, steps: Steps, debootstrap: Path):
    engine = Engine()
    assert base_image.ensure(engine, layout, steps) == base_image.BUILT
    words = debootstrap.read_text().split()
    assert words[:2] == ["--variant=minbase", "--include=python3,python3-venv,ca-certificates"]
    assert words[2] == "bookworm"
    assert words[4] == "http://mirror.example/debian/"
    assert base_image.OFFICIAL in steps.said[0], "the reader is told why this takes a minute"
    with tarfile.open(layout.engine.data / "python-bookworm.tar.gz") as tar:
        names = tar.getnames()
    assert "./usr/local/bin/python" in names
    assert "./usr/share/doc/python3" not in names
    assert "./var/lib/apt/lists/one" not in names
    assert not list(layout.engine.data.glob("*.root")), "the unpacked root is removed"


def test_it_is_built_once_for_all_sandboxes_and_its_archive_kept(
    layout: Layout, steps: Steps, debootstrap: Path
):
    base_image.ensure(Engine(), layout, steps)
    debootstrap.unlink()
    another = Engine()
    assert base_image.ensure(another, Layout.of(layout.root.parent, "1.12"), steps) == base_image.BUILT
    assert not debootstrap.exists()


def test_a_failed_build_quotes_debootstrap_and_leaves_nothing(
    layout: Layout, steps: Steps, debootstrap: Path, tmp_path: Path
):
    (tmp_path / "debootstrap").write_text("#!/bin/sh\necho 'E: Failed getting release file'; exit 1\n")
    with pytest.raises(SandboxError, match=r"ended with 1[\s\S]*Failed getting release file"):
        base_image.ensure(Engine(), layout, steps)
    assert list(layout.engine.data.iterdir()) == []


def test_only_root_can_build_one(
    layout: Layout, steps: Steps, debootstrap: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SandboxError, match="docker pull python:3.11-slim"):
        base_image.ensure(Engine(), layout, steps)


def test_a_machine_with_authorities_of_its_own_gives_them_to_the_image(
    layout: Layout, steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bundle = tmp_path / "bundle.crt"
    bundle.write_text("CERTIFICATE")
    monkeypatch.setenv("PIP_CERT", str(bundle))
    engine = Engine(base_image.OFFICIAL)
    assert base_image.ensure(engine, layout, steps) == base_image.WITH_AUTHORITIES
    assert engine.builds[0]["bundle.crt"] == b"CERTIFICATE"
    base_image.ensure(engine, layout, steps)
    assert len(engine.builds) == 1, "made once"
    bundle.write_text("ANOTHER")
    base_image.ensure(engine, layout, steps)
    assert len(engine.builds) == 2, "made again for another bundle"


def test_a_variable_that_names_no_file_is_no_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere"))
    assert base_image.authorities() is None
