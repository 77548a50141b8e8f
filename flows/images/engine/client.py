"""A Docker engine: building, running and pushing images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.errors import Cause
from flows.images.advice import is_outage, is_temporary, push_advice
from flows.images.engine import building, container
from flows.images.engine.api import Api
from flows.images.engine.building import BUILD_SECONDS
from flows.images.engine.connection import connect
from flows.images.engine.filesystem import exported
from flows.images.engine.index import Pushed, push_index
from flows.images.engine.output import Output
from flows.images.engine.platforms import check_platforms, native
from flows.images.engine.plugins import PluginContainer, plugin_containers
from flows.images.engine.restrictions import NONE
from flows.images.errors import ImageChanged, InvalidReference, PushFailed, PushUnverified, RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    import docker

    from flows.images.engine.container import Container
    from flows.images.engine.local import LocalImage
    from flows.images.engine.restrictions import Restriction
    from flows.images.reference import ImageReference
    from flows.images.registry.client import Registry
    from flows.images.source.plugin_source import PluginSource

PUSH_SECONDS = 900.0


class Engine:
    """A Docker engine; a context manager that keeps the connection.

    Attributes:
        address: Where it is.
        api: Its API.

    Raises (every method):
        EngineUnreachable: the engine does not respond, or the connection broke.
    """

    def __init__(self, client: docker.DockerClient, address: str) -> None:
        self.address = address
        self.api = Api(client, address)

    @classmethod
    def connect(cls, address: str | None = None) -> Engine:
        """Connect to the engine at `address` (`unix:///...`, `tcp://...`), or at DOCKER_HOST, or on this machine.

        Raises:
            EngineUnreachable: no engine responds there; the message says what to do.
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
        self.api.client.close()

    def find(self, reference: ImageReference) -> LocalImage | None:
        """Return the engine's image of that name and tag, or None."""
        return self.api.find(reference)

    def inspect(self, reference: ImageReference) -> LocalImage:
        """Return the engine's image of that name and tag.

        Raises:
            ImageChanged: it has no image of that name.
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
        plugin_type: str | None = None,
        on_output: Callable[[str], None] | None = None,
        seconds: float = BUILD_SECONDS,
        platform: str | None = None,
    ) -> str:
        """Build the image of a plugin source, name it, and return its id: see `building.build`."""
        return building.build(
            self.api,
            source,
            reference,
            build_args=build_args,
            plugin_type=plugin_type,
            on_output=on_output,
            seconds=seconds,
            platform=platform,
        )

    def check_platforms(self, source: PluginSource, platforms: Iterable[str]) -> None:
        """Refuse a source that the engine cannot build for a platform: see `platforms.check_platforms`."""
        check_platforms(self.api, source, platforms)

    def platform(self) -> str:
        """The engine's own platform, such as `linux/amd64`."""
        return native(self.api)

    def builds_with_buildkit(self, source: PluginSource) -> bool:
        """Whether a source needs BuildKit: see `building.builds_with_buildkit`."""
        return building.builds_with_buildkit(self.api, source)

    def digest(self, name: str, *, made_here: bool = True) -> str | None:
        """Return the digest of an image, as a Dockerfile names it: see `Api.digest`."""
        return self.api.digest(name, made_here=made_here)

    def running(
        self, image: LocalImage, seconds: float, restrictions: frozenset[Restriction] = NONE
    ) -> AbstractContextManager[Container]:
        """Run an image in a new container for some seconds: see `container.running`."""
        return container.running(self.api.client, self.address, image, seconds, restrictions)

    def plugin_containers(self, network: str, plugin_id: str, version: str) -> list[PluginContainer]:
        """The containers in which a platform on this machine runs a plugin: see `plugins.plugin_containers`."""
        return plugin_containers(self.api.client, self.address, network, plugin_id, version)

    def push(
        self,
        reference: ImageReference,
        registry: Registry,
        *,
        on_output: Callable[[str], None] | None = None,
        seconds: float = PUSH_SECONDS,
    ) -> str:
        """Push an image, and make sure that the registry holds what was pushed.

        Uses the registry's credentials, or those that `docker login` stored if it has none.

        Returns:
            The digest under which the registry holds it, `sha256:<hex>`.

        Raises:
            PushFailed: the push failed; quotes the registry's message. `temporary` if the same push may succeed later.
            PushUnverified: the push was accepted, but the registry was not seen to hold the image.
            InvalidReference: the image is not of this registry.
        """
        tag = reference.require_tag()
        name = f"{reference.name}:{tag}"
        if reference.registry != registry.address:
            raise InvalidReference(name, f"is not in registry {registry}")
        credentials = registry.credentials
        auth = {"username": credentials.username, "password": credentials.password} if credentials else None
        output = Output(on_output)
        self.api.follow(
            lambda: self.api.calls.push(reference.name, tag=tag, auth_config=auth, stream=True, decode=True),
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
            advice = "The image may be stored. Run the release again: it compares first"
            raise PushUnverified(
                name,
                reason=f"what the registry holds now cannot be checked: {error}",
                advice=advice,
                cause=Cause.UNAVAILABLE,
                temporary=True,
            ) from error
        if held != output.digest:
            advice = (
                "Somebody else may have pushed this version, or engine and pipeline use different registries"
            )
            raise PushUnverified(
                name,
                reason=f"{output.digest} was pushed, but {registry} holds {held or 'nothing'}",
                advice=advice,
                cause=Cause.FAILED,
            )
        return output.digest

    def push_index(
        self,
        reference: ImageReference,
        registry: Registry,
        images: Mapping[str, LocalImage],
        *,
        on_output: Callable[[str], None],
    ) -> Pushed:
        """Push the images of several platforms and their index, and make sure that the registry holds it.

        Raises:
            PushUnverified: the registry was not seen to hold the index.
            RegistryError: the registry does not respond or refuses.
        """
        artifacts, tag = registry.artifacts(reference.repository), reference.require_tag()
        pushed = push_index(self.api, artifacts, tag, images, on_output)
        held = registry.manifest_digest(reference.repository, tag)
        if held != pushed.digest:
            raise PushUnverified(
                str(reference),
                reason=f"{pushed.digest} was pushed, but {registry} holds {held or 'nothing'}",
                advice="Somebody else may have pushed this version",
                cause=Cause.FAILED,
            )
        return pushed

    def files(self, image: LocalImage) -> AbstractContextManager[Iterator[bytes]]:
        """Give the files of an image without running it: see `filesystem.exported`."""
        return exported(self.api.client, self.address, image.id)
