"""The image that plugins are built on: python:3.11-slim, else an image that is built here from Debian packages."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import docker.errors
import requests
import requests.exceptions

from sandbox.errors import SandboxError
from sandbox.machine import debian
from sandbox.machine.execute import execute
from sandbox.machine.lock import exclusive

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress

OFFICIAL = "python:3.11-slim"
BUILT = "pluginctl/python:3.11-bookworm"
WITH_AUTHORITIES = "pluginctl/python:3.11"  # one of the two, plus this machine's certificate authorities
SUITE = "bookworm"  # its python3 is 3.11
PROBE = "https://registry-1.docker.io/v2/"  # the registry that the engine pulls from
PROBE_SECONDS = 4
PULL_SECONDS = 120
DEBOOTSTRAP_SECONDS = 900
_DEBOOTSTRAP = [debian.Program("debootstrap", "debootstrap", "to build the plugins' base image")]
_AUTHORITY_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")
_IN_IMAGE = "/etc/ssl/certs/ca-certificates.crt"
_LABEL = "pluginctl.authorities"
# Files that the base image of a plugin does not need.
_SUPERFLUOUS = (
    "var/lib/apt/lists/*",
    "var/cache/apt/*.bin",
    "var/cache/apt/archives/*.deb",
    "var/cache/debconf/*-old",
    "var/log/*.log",
    "usr/share/doc/*",
    "usr/share/man/*",
    "usr/share/info/*",
    "usr/share/locale/*",
)


def ensure(client: docker.DockerClient, layout: Layout, progress: Progress) -> str:
    """The name of an image that a plugin's Dockerfile can start from, present on the engine.

    Raises:
        SandboxError: the image can neither be pulled nor be built here.
    """
    base = _present(client)
    if base is None:
        with exclusive(layout.engine, progress):  # another sandbox of the folder may be building it
            base = _present(client) or _make(client, layout.engine, progress)
    return _with_authorities(client, base, progress)


def _present(client: docker.DockerClient) -> str | None:
    return next((name for name in (OFFICIAL, BUILT) if _has(client, name)), None)


def _make(client: docker.DockerClient, layout: Layout, progress: Progress) -> str:
    if _pull(client, progress):
        return OFFICIAL
    layout.make()
    _build(client, layout, progress)
    return BUILT


def _has(client: docker.DockerClient, name: str) -> bool:
    try:
        client.images.get(name)
    except docker.errors.ImageNotFound:
        return False
    return True


def _pull(client: docker.DockerClient, progress: Progress) -> bool:
    try:
        requests.get(PROBE, timeout=PROBE_SECONDS).close()
    except requests.exceptions.RequestException:
        return False
    with progress.step(f"pulling {OFFICIAL}"):
        patient = client.api.timeout
        client.api.timeout = PULL_SECONDS
        try:
            client.images.pull(OFFICIAL)
        except (docker.errors.APIError, requests.exceptions.RequestException):
            return False
        finally:
            client.api.timeout = patient
    return True


def _build(client: docker.DockerClient, layout: Layout, progress: Progress) -> None:
    archive = layout.data / f"python-{SUITE}.tar.gz"
    if not archive.exists():
        progress.say(f"{OFFICIAL} cannot be pulled: a base image is built from Debian packages instead.")
        if debian.missing(_DEBOOTSTRAP):
            with progress.step("installing debootstrap"):
                debian.ensure(_DEBOOTSTRAP)
        with progress.step("building the plugins' base image (about a minute, once)"):
            _bootstrap(archive)
    with progress.step("loading the plugins' base image"), archive.open("rb") as data:
        name, tag = BUILT.split(":")
        client.api.import_image_from_data(
            data.read(), repository=name, tag=tag, changes=['CMD ["python3"]', "ENV LANG=C.UTF-8"]
        )


def _bootstrap(archive: Path) -> None:
    if os.geteuid() != 0:
        raise SandboxError(
            f"{OFFICIAL} cannot be pulled, and only root can build a base image from Debian packages.",
            f"Load the image into this engine, then try again: `docker pull {OFFICIAL}` on a machine that can "
            "pull it, `docker save` there, and `docker load` here.",
        )
    root = archive.with_suffix("").with_suffix(".root")
    shutil.rmtree(root, ignore_errors=True)
    command = [
        debian.find("debootstrap") or "debootstrap",
        *("--variant=minbase", "--include=python3,python3-venv,ca-certificates"),
        *(SUITE, str(root)),
    ]
    if address := debian.mirror(SUITE):
        command.append(address)
    try:
        execute(
            command,
            "The base image for plugins cannot be built",
            f"Check that the Debian mirror can be reached, or load {OFFICIAL} into this engine.",
            seconds=DEBOOTSTRAP_SECONDS,
        )
        for pattern in _SUPERFLUOUS:
            for path in root.glob(pattern):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        python = root / "usr" / "local" / "bin" / "python"  # as in the official image
        python.symlink_to("/usr/bin/python3")
        draft = archive.with_suffix(".part")
        subprocess.run(["tar", "--create", "--gzip", "--file", draft, "--directory", root, "."], check=True)
        draft.replace(archive)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def authorities() -> Path | None:
    """The certificate bundle that an environment variable sets for this machine's programs, or None."""
    for variable in _AUTHORITY_VARIABLES:
        if (value := os.environ.get(variable)) and (path := Path(value)).is_file():
            return path
    return None


def _with_authorities(client: docker.DockerClient, base: str, progress: Progress) -> str:
    """If this machine has its own certificate bundle, pip inside the image needs it too."""
    bundle = authorities()
    if bundle is None:
        return base
    content = bundle.read_bytes()
    mark = hashlib.sha256(base.encode() + content).hexdigest()[:16]
    try:
        if client.images.get(WITH_AUTHORITIES).labels.get(_LABEL) == mark:
            return WITH_AUTHORITIES
    except docker.errors.ImageNotFound:
        pass
    variables = " ".join(
        f"{name}={_IN_IMAGE}" for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    )
    dockerfile = (
        f"FROM {base}\nCOPY bundle.crt {_IN_IMAGE}\nENV {variables}\nLABEL {_LABEL}={mark}\n".encode()
    )
    with progress.step("adding this machine's certificate authorities to the base image"):
        try:
            client.images.build(
                fileobj=_context({"Dockerfile": dockerfile, "bundle.crt": content}),
                custom_context=True,
                tag=WITH_AUTHORITIES,
                rm=True,
                forcerm=True,
            )
        except (docker.errors.BuildError, docker.errors.APIError) as error:
            raise SandboxError(f"The base image {WITH_AUTHORITIES} cannot be built: {error}") from error
    return WITH_AUTHORITIES


def _context(files: dict[str, bytes]) -> io.BytesIO:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(content))
    archive.seek(0)
    return archive
