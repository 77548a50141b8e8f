"""The image that plugins are built on: python:3.11-slim, else an image that is built here from Debian packages."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import docker.errors
import requests
import requests.exceptions

from flows.images.reference import LOCAL_REGISTRY
from sandbox.engine import debian_image
from sandbox.engine.building import archive, has
from sandbox.errors import SandboxError
from sandbox.machine.lock import exclusive

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress

# The same as the default of the portfolio plugin's Dockerfile.
OFFICIAL = (
    "python:3.11.13-slim-bookworm@sha256:86adf8dbadc3d6e82ee5dd2c74bec2e1c2467cdad47886280501df722372d2e1"
)
_PYTHON = f"{LOCAL_REGISTRY}/python:3.11"
BUILT = f"{_PYTHON}-bookworm"
PROBE = "https://registry-1.docker.io/v2/"  # the registry that the engine pulls from
PROBE_SECONDS = 4
PULL_SECONDS = 120
_AUTHORITY_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")
_IN_IMAGE = "/etc/ssl/certs/ca-certificates.crt"
_MARK = 12


def ensure(client: docker.DockerClient, layout: Layout, progress: Progress) -> str:
    """The name of an image that a plugin's Dockerfile can start from, present on the engine.

    The name identifies the content: it is another one for another image. So a plan sees that the base image is
    another one than that of a released image, and asks no engine for it.

    Raises:
        SandboxError: the image can neither be pulled nor be built here.
    """
    base = _present(client)
    if base is None:
        with exclusive(layout.engine, progress):  # another sandbox of the folder may be building it
            base = _present(client) or _make(client, layout.engine, progress)
    return _with_authorities(client, base, progress)


def _present(client: docker.DockerClient) -> str | None:
    return next((name for name in (OFFICIAL, BUILT) if has(client, name)), None)


def _make(client: docker.DockerClient, layout: Layout, progress: Progress) -> str:
    if pull(client, OFFICIAL, progress):
        return OFFICIAL
    layout.make()
    _build(client, layout, progress)
    return BUILT


def pull(client: docker.DockerClient, name: str, progress: Progress) -> bool:
    """Whether the engine has an official image now. It is pulled if the registry can be reached."""
    if has(client, name):
        return True
    try:
        requests.get(PROBE, timeout=PROBE_SECONDS).close()
    except requests.exceptions.RequestException:
        return False
    with progress.step(f"pulling {name.partition('@')[0]}"):
        patient = client.api.timeout
        client.api.timeout = PULL_SECONDS
        try:
            client.images.pull(name)
        except (docker.errors.APIError, requests.exceptions.RequestException):
            return False
        finally:
            client.api.timeout = patient
    return True


def _build(client: docker.DockerClient, layout: Layout, progress: Progress) -> None:
    progress.say(
        f"{OFFICIAL.partition('@')[0]} cannot be pulled: a base image is built from Debian packages instead."
    )
    folder = layout.data / "packages"
    with progress.step("building the base image from Debian packages (about a minute, once)"):
        debian_image.make(client, BUILT, folder)
    shutil.rmtree(folder, ignore_errors=True)


def authorities() -> Path | None:
    """The certificate bundle that an environment variable sets for this machine's programs, or None."""
    for variable in _AUTHORITY_VARIABLES:
        if (value := os.environ.get(variable)) and (path := Path(value)).is_file():
            return path
    return None


def _with_authorities(client: docker.DockerClient, base: str, progress: Progress) -> str:
    """If this machine has its own certificate bundle, pip inside the image needs it too."""
    bundle = authorities()
    made_from = str(client.images.get(base).id)
    if bundle is None:
        return base if base == OFFICIAL else _named(client, base, made_from.removeprefix("sha256:"))
    content = bundle.read_bytes()
    mark = hashlib.sha256(made_from.encode() + content).hexdigest()
    name = f"{_PYTHON}-{mark[:_MARK]}"
    if has(client, name):
        return name
    variables = " ".join(
        f"{name}={_IN_IMAGE}" for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    )
    dockerfile = f"FROM {base}\nCOPY bundle.crt {_IN_IMAGE}\nENV {variables}\n".encode()
    with progress.step("adding this machine's certificate authorities to the base image"):
        try:
            client.images.build(
                fileobj=archive({"Dockerfile": dockerfile, "bundle.crt": content}),
                custom_context=True,
                tag=name,
                rm=True,
                forcerm=True,
            )
        except (docker.errors.BuildError, docker.errors.APIError) as error:
            raise SandboxError(f"The base image {name} cannot be built: {error}") from error
    return name


def _named(client: docker.DockerClient, image: str, mark: str) -> str:
    client.images.get(image).tag(_PYTHON.partition(":")[0], f"3.11-{mark[:_MARK]}")
    return f"{_PYTHON}-{mark[:_MARK]}"
