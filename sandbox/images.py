"""The images of the sandbox's parts: official ones, where they can be pulled, else ones that are built here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.engine import base_image, building, containers
from sandbox.errors import SandboxError
from sandbox.machine.layout import PACKAGE

if TYPE_CHECKING:
    from pathlib import Path

    import docker

    from sandbox.machine.progress import Progress

_CHOICE = "pluginctl.program"
_OFFICIAL, _OWN = "official", "own"
OFFICIAL = {
    "redis": "redis:7.2.4-alpine@sha256:c8bb255c3559b3e458766db810aa7b3c7af1235b204cfdb304e79ff388fe1a5a",
    "registry": "registry:2.8.3@sha256:a3d8aaa63ed8681a604f1dea0aa03f100d5895b6a58ace528858a7b332415373",
    "mongodb": "mongo:7.0.16@sha256:c630c59342c1493d50345136df2af14a76b9e827dd5316bfabee07a0880a5f3a",
}
"""The official images of the stores, by digest: the same for everybody."""
_BUILD = PACKAGE / "requirements" / "build.txt"
"""Locks what builds the packages that have no wheel."""
_USER = "useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent sandbox"
_VENV = """\
COPY requirements.txt build.txt /tmp/
# A package without a wheel is built with the locked tools of build.txt; pip would fetch others (--no-build-isolation).
# Compiled here: a container may write nowhere, and starts in half the time with bytecode.
# compileall fails for a file that is not valid for this Python, which some packages contain.
RUN python -m venv /opt/venv \\
 && install="/opt/venv/bin/python -m pip install -qq --no-input --no-cache-dir --disable-pip-version-check \\
        --no-compile --no-deps --require-hashes --no-build-isolation --use-pep517" \\
 && $install --requirement /tmp/build.txt \\
 && $install --requirement /tmp/requirements.txt \\
 && (/opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib || true) \\
 && rm /tmp/requirements.txt /tmp/build.txt
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
"""
_PROGRAMS = f"""\
ARG BASE
FROM ${{BASE}}
RUN {_USER} && install --directory --owner 10001 --group 10001 /data
{_VENV}
COPY sandbox /opt/sandbox/sandbox
RUN python -m compileall -q /opt/sandbox
ENV PYTHONPATH=/opt/sandbox
"""
_STORES = f"""\
ARG BASE
FROM ${{BASE}}
RUN apt-get update -qq \\
 && apt-get install -qq --yes --no-install-recommends redis-server docker-registry >/dev/null \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt \\
 && ln -s /usr/bin/docker-registry /usr/local/bin/registry \\
 && {_USER} && install --directory --owner 10001 --group 10001 /data /var/lib/registry
"""


@dataclass(frozen=True)
class Images:
    """The images of one sandbox.

    Attributes:
        base: the image that plugins are built on.
        services: SpaceONE's services with their Python environment, the embedded MongoDB and the stand-in for
            CoinGecko.
        stores: the images of `redis`, `registry` and `mongodb`, as far as the sandbox has them.
        official: the stores whose image is an official one.
    """

    base: str
    services: str
    stores: dict[str, str]
    official: frozenset[str]


def ensure(
    client: docker.DockerClient,
    base: str,
    generation: str,
    requirements: Path,
    volumes: dict[str, str],
    progress: Progress,
) -> Images:
    """The images of a sandbox, present on the engine.

    The choice between an official image and an own one is kept with the store's volume (`make_volumes`): another
    program could not read what the first one wrote.

    Args:
        client: the engine's client.
        base: the image that plugins are built on (`base_image.ensure`).
        generation: the name of the generation.
        requirements: the lock file of its services.
        volumes: the names of the stores' volumes, by store.
        progress: receives what is going on.

    Raises:
        SandboxError: an image cannot be built, or the one that wrote a store's data cannot be pulled.
    """
    own = services(client, base, generation, requirements, progress)
    stores: dict[str, str] = {}
    official = set()
    for store, volume in volumes.items():
        kept = (containers.volume_labels(client, volume) or {}).get(_CHOICE)
        if kept != _OWN and base_image.pull(client, OFFICIAL[store], progress):
            stores[store] = OFFICIAL[store]
            official.add(store)
        elif kept == _OFFICIAL:
            raise SandboxError(
                f"The data of {store} was written by {OFFICIAL[store]}, which cannot be pulled now.",
                "Connect this machine to the registry of the image, or load the image into the engine.",
            )
        else:
            stores[store] = own if store == "mongodb" else _stores(client, base, progress)
    return Images(base, own, stores, frozenset(official))


def make_volumes(client: docker.DockerClient, images: Images, volumes: dict[str, str], sandbox: str) -> None:
    """Make the volumes of the stores, each with the label that says which program wrote it."""
    for store, volume in volumes.items():
        choice = _OFFICIAL if store in images.official else _OWN
        containers.volume(client, volume, {containers.SANDBOX: sandbox, _CHOICE: choice})


def services(
    client: docker.DockerClient, base: str, generation: str, requirements: Path, progress: Progress
) -> str:
    """The image of a generation's services, present on the engine.

    Raises:
        SandboxError: it cannot be built.
    """
    files = {
        "Dockerfile": _PROGRAMS.encode(),
        "requirements.txt": requirements.read_bytes(),
        "build.txt": _BUILD.read_bytes(),
        "sandbox/__init__.py": (PACKAGE / "__init__.py").read_bytes(),
        **{
            f"sandbox/spaceone/{name}": (PACKAGE / "spaceone" / name).read_bytes()
            for name in ("__init__.py", "run.py", "supervisor.py")
        },
        **building.folder(PACKAGE / "mongodb", "sandbox/mongodb"),
        **building.folder(PACKAGE / "market", "sandbox/market"),
    }
    what = f"the SpaceONE {generation} services"
    return building.build(client, f"spaceone-{generation}", files, base, progress, what)


def registry(client: docker.DockerClient, base: str, progress: Progress) -> str:
    """An image with a registry, present on the engine: the official one if it can be pulled."""
    if base_image.pull(client, OFFICIAL["registry"], progress):
        return OFFICIAL["registry"]
    return _stores(client, base, progress)


def _stores(client: docker.DockerClient, base: str, progress: Progress) -> str:
    files = {"Dockerfile": _STORES.encode()}
    return building.build(client, "stores", files, base, progress, "Redis and the registry")


def prefect(client: docker.DockerClient, base: str, requirements: Path, progress: Progress) -> str:
    """The image of Prefect's server, present on the engine.

    Raises:
        SandboxError: it cannot be built.
    """
    files = {
        "Dockerfile": _PROGRAMS.encode(),
        "requirements.txt": requirements.read_bytes(),
        **{f"sandbox/{name}": (PACKAGE / name).read_bytes() for name in ("__init__.py", "one_host.py")},
        "build.txt": _BUILD.read_bytes(),
    }
    return building.build(client, "prefect", files, base, progress, "Prefect's server")
