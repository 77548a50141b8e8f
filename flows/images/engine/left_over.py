"""Removes what a killed pipeline left on an engine: containers and networks of trial runs, and nothing else."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from typing import TYPE_CHECKING

from docker.errors import APIError, NotFound

from flows.images.labels import TRIAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import docker
    from docker.models.containers import Container

PREFIX = "pluginctl-trial-"
"""The name of every trial's container begins so, and its network's name. An image cannot give a name."""

_SECOND = re.compile("[0-9]{1,12}")
MARGIN_SECONDS = 600
"""Seconds after its planned end at which another trial treats a container as left over."""


def name() -> str:
    """A new name for a trial's container and its network."""
    return f"{PREFIX}{uuid.uuid4().hex[:12]}"


def labels(seconds: float) -> dict[str, str]:
    """The labels of a container that is needed for some seconds, and of its network."""
    return {TRIAL: str(int(time.time() + seconds + MARGIN_SECONDS))}


def remove(client: docker.DockerClient) -> None:
    """Remove the containers of trial runs that ended long ago, and their networks.

    A container has the labels of its image as well, and whoever made the image chose those. Only a label that was
    given to the container itself counts: one that the image does not have with the same value.
    """
    for container in client.containers.list(all=True, filters={"label": TRIAL}, ignore_removed=True):
        if _is_over(str(container.name), container.labels) and _is_given(client, container):
            with contextlib.suppress(NotFound):
                container.remove(v=True, force=True)
    for network in client.networks.list(filters={"label": TRIAL}):
        if _is_over(str(network.name), network.attrs.get("Labels") or {}):
            with contextlib.suppress(APIError):  # it is gone, or a container is still removed
                network.remove()


def _is_over(called: str, labelled: Mapping[str, str]) -> bool:
    until = labelled.get(TRIAL, "")
    return called.startswith(PREFIX) and bool(_SECOND.fullmatch(until)) and int(until) < time.time()


def _is_given(client: docker.DockerClient, container: Container) -> bool:
    """Whether the label is the container's own. Of an image that is gone nobody can tell: then it is not."""
    try:
        image = client.api.inspect_image(container.attrs["Image"])  # type: ignore[no-untyped-call]  # docker's own
    except NotFound:
        return False
    inherited = ((image.get("Config") or {}).get("Labels") or {}).get(TRIAL)
    return bool(inherited != container.labels[TRIAL])
