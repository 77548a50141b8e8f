"""Building, running and pushing with the Docker engine."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException, ImageNotFound

from flows.errors import Cause
from flows.images.advice import build_advice, is_outage, is_temporary, push_advice
from flows.images.engine import container
from flows.images.engine.connection import LOST, answering, connect, unreachable
from flows.images.engine.local import LocalImage
from flows.images.engine.output import Output
from flows.images.errors import (
    BuildFailed,
    EngineError,
    ImageChanged,
    InvalidReference,
    PushFailed,
    PushUnverified,
    RegistryError,
)
from flows.images.labels import SOURCE_DIGEST
from flows.images.source import context
from flows.images.source.labels import image_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    import docker

    from flows.images.engine.container import Container
    from flows.images.reference import ImageReference
    from flows.images.registry.client import Registry
    from flows.images.source.plugin_source import PluginSource

BUILD_SECONDS = 1800.0
PUSH_SECONDS = 900.0


class Engine:
    """A Docker engine; a context manager that holds the connection.

    Raises (every method):
        EngineUnreachable: the engine does not answer, or stopped doing so.
    """

    def __init__(self, client: docker.DockerClient, address: str) -> None:
        self.address = address
        self._client = client
        self._api = client.api

    @classmethod
    def connect(cls, address: str | None = None) -> Engine:
        """Connect to the engine at `address` (`unix:///...`, `tcp://...`), else to DOCKER_HOST, else here.

        Raises:
            EngineUnreachable: none answers there; the message says what to do.
        """
        return cls(*connect(address))

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def find(self, reference: ImageReference) -> LocalImage | None:
        """Return the engine's own image of that name and tag, or None."""
        found = self._inspect(f"{reference.name}:{reference.require_tag()}")
        return None if found is None else LocalImage.of(reference, found)

    def inspect(self, reference: ImageReference) -> LocalImage:
        """Return what the engine holds under that name and tag.

        Raises:
            EngineError: it holds nothing of that name.
        """
        if found := self.find(reference):
            return found
        raise ImageChanged(
            f"The Docker engine has no image {reference} any more", "Was it removed? Build it again"
        )

    def build(
        self,
        source: PluginSource,
        reference: ImageReference,
        *,
        build_args: Mapping[str, str] | None = None,
        on_output: Callable[[str], None] | None = None,
        seconds: float = BUILD_SECONDS,
    ) -> str:
        """Build the image of a plugin source and name it `reference`.

        The classic builder runs, whose cache makes a build without changes a matter of milliseconds. An older
        image of this pipeline that loses its name to the new one is removed; so are the containers of the
        steps, of a failed or interrupted build too.

        Args:
            source: What to build; refused if the folder changed since it was loaded.
            reference: The image's name, with a tag.
            build_args: Arguments of the Dockerfile. They stay readable in the image: no secrets.
            on_output: Takes the builder's output, a line at a time.
            seconds: How long it may take.

        Returns:
            The image's id, `sha256:<hex>`.

        Raises:
            SourceChanged: the folder is not any more what was loaded.
            BuildFailed: a step failed; with the step and its last lines.
        """
        name = f"{reference.name}:{reference.require_tag()}"
        arguments = dict(build_args or {})
        before = self.find(reference)
        output = Output(on_output)
        with context.archive(source.folder, time=source.created) as archive:
            source.check_unchanged()
            labels = image_labels(source, reference, arguments)
            self._follow(
                lambda: self._api.build(
                    fileobj=archive,
                    custom_context=True,
                    tag=name,
                    buildargs=dict(arguments),  # docker adds its proxies to it
                    rm=True,
                    forcerm=True,
                    labels=labels,
                    timeout=max(1, int(seconds)),
                    decode=True,
                ),
                output,
                seconds,
                f"building {name}",
            )
        if output.error or not output.image_id:
            reason = output.error or "the engine ended without an image"
            raise BuildFailed(
                name,
                reason=reason,
                step=output.step,
                output=output.tail,
                advice=build_advice(reason, output.step),
                # A package index that does not answer shows in the step's own output alone.
                temporary=is_temporary("\n".join((reason, *output.tail))),
            )
        if before and before.id != output.image_id and SOURCE_DIGEST in before.labels:
            self._remove_untagged(before.id)
        return output.image_id

    def running(self, image: LocalImage, seconds: float) -> AbstractContextManager[Container]:
        """Run an image in a container of its own for some seconds: see `container.running`."""
        return container.running(self._client, self.address, image, seconds)

    def push(
        self,
        reference: ImageReference,
        registry: Registry,
        *,
        on_output: Callable[[str], None] | None = None,
        seconds: float = PUSH_SECONDS,
    ) -> str:
        """Push an image, and make sure that the registry holds what was pushed.

        The registry's credentials are used; where it has none, what `docker login` stored.

        Returns:
            The digest under which the registry holds it, `sha256:<hex>`.

        Raises:
            PushFailed: in the registry's own words, with what to do; `temporary` if it may pass later.
            PushUnverified: it was accepted, and what the registry holds now is not known to be it.
            InvalidReference: the image is not of this registry.
        """
        tag = reference.require_tag()
        name = f"{reference.name}:{tag}"
        if reference.registry != registry.address:
            raise InvalidReference(name, f"is not in registry {registry}")
        credentials = registry.credentials
        auth = {"username": credentials.username, "password": credentials.password} if credentials else None
        output = Output(on_output)
        self._follow(
            lambda: self._api.push(reference.name, tag=tag, auth_config=auth, stream=True, decode=True),
            output,
            seconds,
            f"pushing {name}",
        )
        if output.error or not output.digest:
            reason = output.error or "the engine ended without a digest"
            advice = push_advice(reason, reference)
            cause = Cause.UNAVAILABLE if is_outage(reason) else Cause.REFUSED
            raise PushFailed(name, reason=reason, advice=advice, cause=cause, temporary=is_temporary(reason))
        try:
            held = registry.manifest_digest(reference.repository, tag)
        except RegistryError as error:
            advice = "The image may be there: run the release again, which compares first"
            raise PushUnverified(
                name,
                reason=f"what the registry holds now cannot be checked: {error}",
                advice=advice,
                cause=Cause.UNAVAILABLE,
                temporary=True,
            ) from error
        if held != output.digest:
            advice = "Somebody else may push this version, or the engine and the pipeline see two registries"
            raise PushUnverified(
                name,
                reason=f"{output.digest} was pushed, {registry} holds {held or 'nothing'}",
                advice=advice,
                cause=Cause.FAILED,
            )
        return output.digest

    def _follow(
        self, start: Callable[[], Iterator[dict[str, Any]]], output: Output, seconds: float, what: str
    ) -> None:
        """Take all events of a stream; left early, the engine gives up what it does and cleans up."""
        until = time.monotonic() + seconds
        with closing(self._events(start, output, what)) as events:
            for event in events:
                output.take(event)
                if time.monotonic() > until:
                    raise EngineError(
                        f"{what[0].upper()}{what[1:]} took longer than {seconds:g} s and was given up",
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
            # Docker's client asks every credential helper that its configuration names, for a build, too.
            raise EngineError(
                f"{what[0].upper()}{what[1:]} failed before the engine was asked: {error}",
                "Where a credential helper fails, install it, or take credsStore and credHelpers out of "
                "~/.docker/config.json",
            ) from error

    def _inspect(self, name: str) -> dict[str, Any] | None:
        with answering(self.address, f"looking for {name}"):
            try:
                return dict(self._api.inspect_image(name))  # type: ignore[no-untyped-call]  # docker's own
            except ImageNotFound:
                return None

    def _remove_untagged(self, image_id: str) -> None:
        found = self._inspect(image_id)
        if found is None or found.get("RepoTags"):
            return
        try:
            self._api.remove_image(image_id)
        except APIError:
            return  # a container still runs it: it goes with `docker image prune` later
