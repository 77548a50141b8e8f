"""The Docker engine's API: what the engine says of its images, and streams of what it does.

Every failure is one of our errors, with the engine's address.
"""

from __future__ import annotations

import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException, ImageNotFound

from flows.images.engine.connection import LOST, answering, unreachable
from flows.images.engine.local import LocalImage
from flows.images.errors import EngineError, EngineUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import docker

    from flows.images.engine.output import Output
    from flows.images.reference import ImageReference


class Api:
    """The API of one engine.

    Attributes:
        client: Docker's own client.
        address: The engine's address, for messages.
        calls: Its calls, one method each.

    Raises (every method):
        EngineUnreachable: the engine does not respond, or the connection broke.
    """

    def __init__(self, client: docker.DockerClient, address: str) -> None:
        self.client = client
        self.address = address
        self.calls = client.api

    def engine_id(self) -> str:
        """Return the engine's own id, the same for all that use it."""
        with answering(self.address, "asking for the engine's id"):
            return str(self.calls.info()["ID"])

    def find(self, reference: ImageReference) -> LocalImage | None:
        """Return the engine's image of that name and tag, or None."""
        found = self.inspect(f"{reference.name}:{reference.require_tag()}")
        return None if found is None else LocalImage.of(reference, found)

    def inspect(self, name: str) -> dict[str, Any] | None:
        """Return what the engine says of an image, as `docker inspect` shows it; None if it has none of that name.

        Raises:
            EngineError: it is not a name.
        """
        with answering(self.address, f"looking for {name}"):
            try:
                return dict(self.calls.inspect_image(name))  # type: ignore[no-untyped-call]  # docker's own
            except ImageNotFound:
                return None

    def image(self, name: str) -> dict[str, Any] | None:
        """What the engine says of an image; None also for what is not a name, as the build will say."""
        try:
            return self.inspect(name)
        except EngineUnreachable:
            raise
        except EngineError:
            return None

    def layers(self, name: str) -> list[str]:
        """Return the digests of an image's layers (`diff_ids`), the lowest first; none if there is no such image."""
        found = self.inspect(name) or {}
        return list((found.get("RootFS") or {}).get("Layers") or ())

    def digest(self, name: str, *, made_here: bool = True) -> str | None:
        """Return the digest of an image, as a Dockerfile names it; None if it is not known.

        It is the one in the name, or that of the registry from which the engine has the image.

        Args:
            name: The image's name.
            made_here: Whether the digest of its configuration, which is its id, is returned for an image that is from
                no registry. Nobody can pull by it.
        """
        if "@" in name:
            return name.partition("@")[2]
        found = self.image(name)
        if found is None:
            return None
        digests = [str(each).rpartition("@") for each in found.get("RepoDigests") or []]
        repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
        own = str(found["Id"]) if made_here else None
        return next((digest for held, _, digest in digests if held == repository), own)

    def remove(self, name: str) -> None:
        """Remove a name of an image, and the image if that was its last one; nothing if a container needs it."""
        with suppress(APIError):
            self.calls.remove_image(name, noprune=True)

    def remove_untagged(self, image_id: str) -> None:
        """Remove an image that has no name any more and that no container runs."""
        found = self.inspect(image_id)
        if found is None or found.get("RepoTags"):
            return
        try:
            self.calls.remove_image(image_id)
        except APIError:
            return  # a container still runs it: `docker image prune` removes it later

    def follow(
        self, start: Callable[[], Iterator[dict[str, Any]]], output: Output, seconds: float, what: str
    ) -> None:
        """Read all events of a stream. If the stream is closed early, the engine cancels its work and cleans up.

        Args:
            start: Begins the work and gives its events.
            output: Receives them, and the engine's own error.
            seconds: How long it may take.
            what: For messages, such as `building NAME`.

        Raises:
            EngineError: it took longer, or Docker's client failed before it asked the engine.
        """
        until = time.monotonic() + seconds
        with closing(self._events(start, output, what)) as events:
            for event in events:
                output.take(event)
                if time.monotonic() > until:
                    raise EngineError(
                        f"{what[0].upper()}{what[1:]} took longer than {seconds:g} s and was cancelled",
                        "Is the engine busy?",
                    )
        output.close()

    def _events(
        self, start: Callable[[], Iterator[dict[str, Any]]], output: Output, what: str
    ) -> Generator[dict[str, Any]]:
        try:
            with closing(start()) as events:  # type: ignore[type-var]  # a generator
                yield from events
        except APIError as error:
            output.error = error.explanation or str(error)
        except LOST as error:
            raise unreachable(self.address, f"while {what}: {error}") from error
        except (DockerException, StoreError) as error:
            # Docker's client calls every credential helper that its configuration names, for a build too.
            raise EngineError(
                f"{what[0].upper()}{what[1:]} failed before the engine received the request: {error}",
                "If a credential helper fails, install it, or remove credsStore and credHelpers from "
                "~/.docker/config.json",
            ) from error
