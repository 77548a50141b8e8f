from __future__ import annotations

import gzip
import hashlib
import io
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.engine import debian_image
from sandbox.errors import SandboxError
from sandbox.machine import debian

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What a machine's own configuration may say.
CARELESS = """
APT::Get::AllowUnauthenticated "true";
Acquire::AllowInsecureRepositories "true";
Acquire::AllowWeakRepositories "true";
Acquire::AllowDowngradeToInsecureRepositories "true";
"""


@pytest.fixture(scope="module")
def sign() -> Iterator[Callable[..., bytes]]:
    """Signs a text with a key of an archive, or with a stranger's. Exports the archive's key without a text."""
    if not shutil.which("gpg") or not shutil.which("apt-get"):
        pytest.skip("this machine has no gpg or no apt")
    with tempfile.TemporaryDirectory(prefix="gpg") as home:  # short: gpg's agent has its socket there

        def gpg(*words: str, text: bytes = b"") -> bytes:
            command = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "", *words]
            done = subprocess.run(command, input=text, check=True, capture_output=True)
            return done.stdout

        for name in ("archive", "stranger"):
            gpg("--pinentry-mode", "loopback", "--quick-generate-key", name, "rsa2048", "sign", "never")
        yield (
            lambda text=None, name="archive": (
                gpg("--export", name) if text is None else gpg("--local-user", name, "--clearsign", text=text)
            )
        )
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


@pytest.fixture
def mirror(tmp_path: Path, sign: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror with an index that names no package that is wanted, signed by the archive."""
    keyring = tmp_path / "keyring.gpg"
    keyring.write_bytes(sign())
    monkeypatch.setattr(debian_image, "_KEYRING", keyring)
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    index = b"Package: nothing\nVersion: 1\nArchitecture: all\nFilename: none.deb\nSize: 1\n\n"
    suite = tmp_path / "mirror/dists" / debian_image.SUITE
    name = f"main/binary-{architecture}/Packages.gz"
    (suite / name).parent.mkdir(parents=True)
    (suite / name).write_bytes(packed := gzip.compress(index))
    files = "".join(
        f" {hashlib.sha256(data).hexdigest()} {len(data)} {path}\n"
        for path, data in ((name, packed), (name.removesuffix(".gz"), index))
    )
    release = (
        f"Origin: Debian\nSuite: oldstable\nCodename: {debian_image.SUITE}\nDate: Sat, 17 May 2025 09:00:00 UTC\n"
        f"Architectures: {architecture}\nComponents: main\nSHA256:\n{files}"
    )
    (suite / "Release").write_text(release)
    (suite / "InRelease").write_bytes(sign(release.encode()))
    return tmp_path / "mirror"


def refusal(mirror: Path) -> str:
    with pytest.raises(SandboxError) as caught:
        debian_image._download(mirror.parent / "packages", f"file:{mirror}")
    return "\n".join((caught.value.message, *caught.value.details))


def test_what_the_archive_signed_is_taken(mirror: Path):
    assert "Unable to locate package apt" in refusal(mirror), "the index was taken; it names nothing"


def tampered(suite: Path) -> None:
    signed = suite / "InRelease"
    signed.write_text(signed.read_text().replace("Origin: Debian", "Origin: Debiam"))


def unsigned(suite: Path) -> None:
    (suite / "InRelease").unlink()


def another_index(suite: Path) -> None:
    for each in suite.rglob("Packages.gz"):
        each.write_bytes(gzip.compress(b"Package: apt\nVersion: 6\nArchitecture: all\nFilename: x.deb\n"))


FORGERIES = {
    tampered: "BADSIG|invalid signature|not signed|couldn't be verified",
    unsigned: "not signed|does not have a Release file",
    another_index: "Hash Sum mismatch|unexpected size",
}


@pytest.mark.parametrize("careless", [False, True], ids=["usual", "careless"])
@pytest.mark.parametrize(("forge", "words"), FORGERIES.items(), ids=[each.__name__ for each in FORGERIES])
def test_what_the_archive_did_not_sign_is_refused_whatever_the_machine_allows(
    mirror: Path, monkeypatch: pytest.MonkeyPatch, forge: Callable[[Path], None], words: str, careless: bool
):
    if careless:
        (mirror.parent / "apt.conf").write_text(CARELESS)
        monkeypatch.setenv("APT_CONFIG", str(mirror.parent / "apt.conf"))
    forge(mirror / "dists" / debian_image.SUITE)
    assert re.search(words, refusal(mirror), re.IGNORECASE)


@pytest.mark.parametrize("careless", [False, True], ids=["usual", "careless"])
def test_what_a_stranger_signed_is_refused(
    mirror: Path, sign: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch, careless: bool
):
    if careless:
        (mirror.parent / "apt.conf").write_text(CARELESS)
        monkeypatch.setenv("APT_CONFIG", str(mirror.parent / "apt.conf"))
    suite = mirror / "dists" / debian_image.SUITE
    (suite / "InRelease").write_bytes(sign((suite / "Release").read_bytes(), "stranger"))
    assert re.search("NO_PUBKEY|not signed|couldn't be verified", refusal(mirror))


def test_an_index_that_was_taken_before_is_not_taken_instead(mirror: Path):
    refusal(mirror)
    tampered(mirror / "dists" / debian_image.SUITE)
    assert "Unable to locate package" not in refusal(mirror)


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
