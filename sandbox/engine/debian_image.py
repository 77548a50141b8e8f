"""A Debian image with Python, made from Debian packages where no image can be pulled.

apt downloads the packages into a folder of its own and verifies them: Debian's signature of the index with the
archive's keyring, and the packages with the index. That requires no root and changes nothing else on this machine. dpkg
installs them in a container.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from docker.errors import DockerException, NotFound

from sandbox.errors import SandboxError
from sandbox.machine import debian
from sandbox.machine.execute import execute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import docker

SUITE = "bookworm"  # its python3 is 3.11
# usr-is-merged: otherwise apt chooses usrmerge, which needs all of Perl.
PACKAGES = ("apt", "usr-is-merged", "python3", "python3-venv", "ca-certificates")
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SECONDS = 600
# Whatever the configuration of this machine says. Error-Mode: otherwise apt-get ends with success and takes an older
# index if the signature of the new one is wrong.
_VERIFIED = [
    *("-o", "APT::Get::AllowUnauthenticated=false", "-o", "Acquire::AllowInsecureRepositories=false"),
    *(
        "-o",
        "Acquire::AllowDowngradeToInsecureRepositories=false",
        "-o",
        "Acquire::AllowWeakRepositories=false",
    ),
    *("-o", "APT::Update::Error-Mode=any"),
]
#: The order in which debootstrap installs these: the scripts of every other package need them.
_FIRST = ("base-passwd", "base-files", "dpkg", "libc6", "perl-base", "mawk", "debconf")
# Debian 12 has /bin, /lib and /sbin below /usr, and packages that still name the old paths.
_MERGED = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
_INSTALL = """\
set -e
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
for package in {first}; do dpkg --force-depends --install /packages/"$package"_*.deb; done
dpkg --force-depends --unpack /packages/*.deb
dpkg --force-depends --force-configure-any --configure --pending
ln -s /usr/bin/python3 /usr/local/bin/python
echo "deb $MIRROR {suite} main" >/etc/apt/sources.list
rm -rf /packages /var/cache/apt/* /var/lib/apt/lists/* /var/log/*.log /var/cache/debconf/*-old
rm -rf /usr/share/doc/* /usr/share/man/* /usr/share/info/* /usr/share/locale/*
"""
_CHANGES = ['CMD ["python3"]', "ENV LANG=C.UTF-8"]


def make(client: docker.DockerClient, name: str, folder: Path) -> None:
    """Make the image.

    Args:
        client: the engine's client.
        name: the image's name with a tag.
        folder: where the packages are downloaded to; they can be removed afterwards.

    Raises:
        SandboxError: this machine has no apt, the packages cannot be downloaded, or dpkg failed.
    """
    mirror = _mirror()
    packages = _download(folder, mirror)
    repository, tag = name.split(":")
    stage = f"{repository}:{tag}-unpacked"
    try:
        client.api.import_image_from_data(_unpacked(packages), repository=repository, tag=f"{tag}-unpacked")
        script = _INSTALL.format(first=" ".join(_FIRST), suite=SUITE)
        command = ["/usr/bin/sh", "-c", script]
        variables = {"MIRROR": mirror}
        container = client.containers.create(stage, command, environment=variables, network_mode="none")
        try:
            container.start()
            if container.wait(timeout=_SECONDS)["StatusCode"]:
                lines = container.logs(tail=15).decode(errors="replace").splitlines()
                raise SandboxError(
                    "The base image for plugins cannot be built: dpkg failed in the container.", details=lines
                )
            exported: Any = container.export()
            system = b"".join(exported)
        finally:
            container.remove(force=True)
        client.api.import_image_from_data(system, repository=repository, tag=tag, changes=_CHANGES)
    except DockerException as error:
        raise SandboxError(f"The base image for plugins cannot be built: {error}") from error
    finally:
        with suppress(NotFound):
            client.images.remove(stage, force=True)


def _mirror() -> str:
    mirror = debian.mirror() if debian.find("apt-get") else None
    if mirror is None or not _KEYRING.exists():
        raise SandboxError(
            "No image can be pulled, and none can be built: this machine has no apt with a mirror of Debian.",
            "Load an image with Python 3.11 into this engine: `docker pull`, `docker save` on a machine that can pull "
            "it, and `docker load` here.",
        )
    return mirror


def _download(folder: Path, mirror: str) -> list[Path]:
    shutil.rmtree(folder, ignore_errors=True)  # what an interrupted start left there is not taken
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    sources = folder / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYRING}] {mirror} {SUITE} main\n")
    apt = [
        *("-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-"),
        *("-o", f"Dir::State={folder}/state", "-o", f"Dir::State::status={folder}/status"),
        *("-o", f"Dir::Cache={folder}/cache", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="),
        *("-o", "Acquire::Languages=none", "-o", "APT::Install-Recommends=false"),
        *_VERIFIED,
    ]
    failure = "The packages of the base image cannot be downloaded and verified"
    advice = (
        f"Check that the Debian mirror of this machine, {mirror}, can be reached. If a signature is wrong, the mirror "
        "does not hold what Debian signed: use another one."
    )
    execute(["apt-get", *apt, "--quiet", "update"], failure, advice, seconds=_SECONDS)
    listed = execute(["apt-cache", *apt, "dumpavail"], failure, seconds=_SECONDS)
    wanted = [*_required(listed), *PACKAGES]
    command = ["apt-get", *apt, "--quiet", "--yes", "--download-only", "install", *wanted]
    execute(command, failure, advice, seconds=_SECONDS)
    return sorted((folder / "cache/archives").glob("*.deb"))


def _required(listed: str) -> Iterator[str]:
    for paragraph in listed.split("\n\n"):
        if "\nPriority: required" in paragraph:
            yield paragraph.partition("\n")[0].removeprefix("Package: ")


def _unpacked(packages: Iterable[Path]) -> bytes:
    """A system in which dpkg runs, and the packages that it will install properly."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as system:
        for name in _MERGED:
            system.addfile(_link(name, f"usr/{name}"))
        for name in ("var/lib/dpkg/status", "var/lib/dpkg/available"):
            system.addfile(tarfile.TarInfo(name))
        written = set(_MERGED)
        for package in packages:
            system.add(package, f"packages/{package.name}")
            for entry, data in _content(package):
                if entry.name not in written:  # two packages have the same folder; the engine accepts it once
                    written.add(entry.name)
                    system.addfile(entry, data)
    return content.getvalue()


def _content(package: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    """The files of a package, below /usr where Debian 12 has them."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    raw: bytes = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(raw)) as files:
        for entry in files:
            entry.name = _below_usr(entry.name.removeprefix("./"))
            if entry.islnk():
                entry.linkname = _below_usr(entry.linkname.removeprefix("./"))
            if entry.name not in {"", "."}:
                yield entry, files.extractfile(entry) if entry.isfile() else None


def _below_usr(path: str) -> str:
    return f"usr/{path}" if path.partition("/")[0] in _MERGED and "/" in path else path


def _link(name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry
