"""The files of an image, without running it."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING

from docker.errors import APIError

from flows.images.engine import left_over
from flows.images.engine.connection import LOST, answering

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

_SECONDS = 300
"""How long the container is needed, at most."""


@contextlib.contextmanager
def exported(client: docker.DockerClient, address: str, image_id: str) -> Iterator[Iterator[bytes]]:
    """Give all files of an image as the pieces of one tar archive.

    The engine makes the archive from a container that is never started, so no code of the image runs. Links are
    entries of the archive; nothing follows them.

    Args:
        client: The engine's client.
        address: The engine's address.
        image_id: The image.

    Raises:
        EngineError, EngineUnreachable: the engine cannot make the container or the archive.
    """
    name = left_over.name()
    api = client.api
    try:
        with answering(address, "reading the files of the image"):
            # An image without ENTRYPOINT and CMD needs a command here.
            api.create_container(
                image_id,
                command=["none"],
                name=name,
                labels=left_over.labels(_SECONDS),
                network_disabled=True,
            )
            pieces = api.export(name)
            yield pieces
            deque(pieces, maxlen=0)  # what follows the archive's end: else the connection stays open
    finally:
        with contextlib.suppress(APIError, *LOST):
            api.remove_container(name, v=True, force=True)
