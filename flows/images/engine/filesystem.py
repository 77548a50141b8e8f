"""The files of an image, without running it."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections import deque
from typing import TYPE_CHECKING

from docker.errors import APIError

from flows.images.engine.connection import LOST, answering
from flows.images.labels import TRIAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

_KEPT_SECONDS = 900
"""A container that is older was left behind by a pipeline that was killed; the next trial removes it."""


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
    name = f"pluginctl-trial-{uuid.uuid4().hex[:12]}"
    api = client.api
    try:
        with answering(address, "reading the files of the image"):
            # An image without ENTRYPOINT and CMD needs a command here.
            api.create_container(
                image_id,
                command=["none"],
                name=name,
                labels={TRIAL: str(int(time.time() + _KEPT_SECONDS))},
                network_disabled=True,
            )
            pieces = api.export(name)
            yield pieces
            deque(pieces, maxlen=0)  # what follows the archive's end: else the connection stays open
    finally:
        with contextlib.suppress(APIError, *LOST):
            api.remove_container(name, v=True, force=True)
