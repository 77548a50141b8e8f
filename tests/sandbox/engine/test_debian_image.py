from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from sandbox.engine import debian_image
from sandbox.errors import SandboxError
from sandbox.machine import debian


def test_only_required_packages_are_added():
    listed = (
        "Package: dash\nEssential: yes\nPriority: required\nVersion: 1\n\n"
        "Package: vim\nPriority: optional\n\n"
        "Package: tar\nPriority: required\n"
    )
    assert list(debian_image._required(listed)) == ["dash", "tar"]


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("bin/sh", "usr/bin/sh"),
        ("lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"),
        ("usr/bin/python3", "usr/bin/python3"),
        ("bin", "bin"),
        ("etc/passwd", "etc/passwd"),
        ("library/x", "library/x"),
    ],
)
def test_debian_12_has_everything_below_usr(path: str, below: str):
    assert debian_image._below_usr(path) == below


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="this machine has no dpkg")
def test_the_packages_of_a_system_are_unpacked_together(tmp_path: Path):
    packages = []
    for name in ("one", "two"):
        root = tmp_path / name
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: none\nDescription: {name}\n"
        )
        (root / "bin").mkdir()
        (root / "bin" / name).write_text(name)
        packages.append(tmp_path / f"{name}_1_all.deb")
        subprocess.run(["dpkg-deb", "--build", root, packages[-1]], check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(debian_image._unpacked(packages))) as system:
        names = system.getnames()
        assert len(names) == len(set(names)), "the engine refuses a path that is there twice"
        assert {"usr/bin/one", "usr/bin/two", "packages/one_1_all.deb", "var/lib/dpkg/status"} <= set(names)
        assert system.getmember("bin").linkname == "usr/bin"
        content = system.extractfile("usr/bin/one")
        assert content is not None
        assert content.read() == b"one"


@pytest.mark.parametrize("lacks", ["apt", "mirror", "keys"])
def test_a_machine_that_cannot_build_one_is_told_how_to_load_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacks: str
):
    keys = tmp_path / "keys.gpg"
    if lacks != "keys":
        keys.touch()
    monkeypatch.setattr(debian_image, "_KEYRING", keys)
    monkeypatch.setattr(debian, "find", lambda name: None if lacks == "apt" else f"/usr/bin/{name}")
    monkeypatch.setattr(
        debian, "mirror", lambda: None if lacks == "mirror" else "http://mirror.example/debian"
    )
    with pytest.raises(SandboxError, match="none can be built") as caught:
        debian_image._mirror()
    assert "docker load" in caught.value.advice
