"""Building, running and pushing with the Docker engine."""

from __future__ import annotations

import tempfile
import time
from collections import deque
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException, ImageNotFound
from docker.utils import parse_repository_tag

from flows.errors import Cause
from flows.images.advice import build_advice, is_local, is_outage, is_temporary, push_advice
from flows.images.engine import container, reproducible
from flows.images.engine.buildkit import PARAMETERS, Trace, engine_with, frontend, is_podman
from flows.images.engine.connection import LOST, answering, connect, unreachable
from flows.images.engine.filesystem import exported
from flows.images.engine.local import LocalImage
from flows.images.engine.output import Output
from flows.images.engine.plugins import PluginContainer, plugin_containers
from flows.images.engine.restrictions import NONE
from flows.images.errors import (
    BuildFailed,
    EngineError,
    EngineUnreachable,
    ImageChanged,
    InvalidReference,
    PushFailed,
    PushUnverified,
    RegistryError,
    SourceError,
)
from flows.images.labels import BASE_DIGEST, SOURCE_DIGEST, TITLE, VERSION
from flows.images.source.buildkit import needs
from flows.images.source.context import DOCKERFILE
from flows.images.source.dockerfile import SCRATCH
from flows.images.source.labels import image_labels
from flows.images.source.stages import copies_everything

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from types import TracebackType

    import docker

    from flows.images.engine.container import Container
    from flows.images.engine.restrictions import Restriction
    from flows.images.reference import ImageReference
    from flows.images.registry.client import Registry
    from flows.images.source.plugin_source import PluginSource

BUILD_SECONDS = 1800.0
PUSH_SECONDS = 900.0
LOAD_SECONDS = 120.0
EPOCH = "SOURCE_DATE_EPOCH"
"""The build argument with the source's time (https://reproducible-builds.org). Given only to a Dockerfile that
declares it: the builder warns of any other."""


class Engine:
    """A Docker engine; a context manager that keeps the connection.

    Raises (every method):
        EngineUnreachable: the engine does not respond, or the connection broke.
    """

    def __init__(self, client: docker.DockerClient, address: str) -> None:
        self.address = address
        self._client = client
        self._api = client.api

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
        self._client.close()

    def find(self, reference: ImageReference) -> LocalImage | None:
        """Return the engine's image of that name and tag, or None."""
        found = self._inspect(f"{reference.name}:{reference.require_tag()}")
        return None if found is None else LocalImage.of(reference, found)

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
        on_output: Callable[[str], None] | None = None,
        seconds: float = BUILD_SECONDS,
    ) -> str:
        """Build the image of a plugin source and name it `reference`.

        The classic builder is used; with its cache, a build without changes takes milliseconds. A Dockerfile that needs
        BuildKit is built with the engine's own. An older image of this pipeline that had the same name is removed.
        The containers of the steps are removed too, also after a failed or interrupted build. Two builds with equal
        layers give the same image (`reproducible`).

        Args:
            source: What to build; rejected if the folder changed since it was loaded.
            reference: The image's name, with a tag.
            build_args: Arguments of the Dockerfile. They are readable in the image: no secrets.
            on_output: Called with each line of the builder's output.
            seconds: How long it may take.

        Returns:
            The image's id, `sha256:<hex>`.

        Raises:
            SourceChanged: the folder changed since it was loaded.
            SourceError: the Dockerfile needs a builder that the engine does not have, or its base image copies files.
            BuildFailed: a step failed; the error has the step and its last lines.
        """
        name = f"{reference.name}:{reference.require_tag()}"
        arguments = dict(build_args or {})
        if source.dockerfile.declares(EPOCH):
            arguments.setdefault(EPOCH, str(int(source.created.timestamp())))
        before = self.find(reference)
        output = Output(on_output)
        with_buildkit = self.builds_with_buildkit(source)
        self._check_triggers(source, arguments)
        if with_buildkit:
            self._pull_bases(source.bases(arguments), output, seconds)
        with source.archive(for_buildkit=with_buildkit) as archive:
            labels = image_labels(source, reference, arguments, self.digest(source.base(arguments)))
            build = partial(
                self._build,
                with_buildkit=with_buildkit,
                fileobj=archive,
                custom_context=True,
                tag=name,
                buildargs=dict(arguments),  # docker adds its proxies to it
                rm=True,
                forcerm=True,
                labels=labels,
                timeout=max(1, int(seconds)),
                decode=True,
            )
            if not output.error:
                self._follow(build, output, seconds, f"building {name}")
        if output.error or not output.image_id:
            reason = output.error or "the engine ended without an image"
            raise BuildFailed(
                name,
                reason=reason,
                step=output.step,
                output=output.tail,
                advice=build_advice(reason, output.step),
                # If a package index does not respond, only the step's output shows it.
                temporary=not is_local(reason) and is_temporary("\n".join((reason, *output.tail))),
            )
        if BASE_DIGEST not in labels and self.digest(source.base(arguments)):
            # The engine did not have the base image before. With its cache, the second build adds the label alone.
            return self.build(source, reference, build_args=build_args, on_output=on_output, seconds=seconds)
        image_id = self._make_reproducible(
            output.image_id, source.base(arguments), reference, source.created, output
        )
        if with_buildkit and image_id != output.image_id:
            self._remove_untagged(output.image_id)  # BuildKit's cache is not made of images
        if before and before.id != image_id and SOURCE_DIGEST in before.labels:
            self._remove_untagged(before.id)
        self._remove_older_builds(labels)
        return image_id

    def builds_with_buildkit(self, source: PluginSource) -> bool:
        """Whether a source needs BuildKit: see `source.buildkit`.

        Raises:
            SourceError: the engine has none, or an older one. The error names the line and what to do.
        """
        found = needs(source.dockerfile)
        if not found:
            return False
        with answering(self.address, "reading its version"):
            version = self._api.version()
        if is_podman(version):
            return False
        has = frontend(version)
        for need in found:
            if has is not None and need.since <= has:
                continue
            newer = engine_with(need.since)
            use = f", or use an engine with Docker {newer} or later" if newer else ""
            remedy = need.remedy
            raise SourceError(
                source.folder / DOCKERFILE,
                f"line {need.line} has {need.what}, which the builder of the Docker engine does not have "
                f"({self.address}, version {version.get('Version')})",
                f"{remedy[0].upper()}{remedy[1:]}{use}",
            )
        return True

    def _check_triggers(self, source: PluginSource, arguments: Mapping[str, str]) -> None:
        """Refuse a base image that copies files by itself: the digest of the source would not cover them."""
        for base in set(source.bases(arguments)) - {"", SCRATCH}:
            later = ((self._image(base) or {}).get("Config") or {}).get("OnBuild") or ()
            copies = any(str(each).upper().startswith(("ADD", "COPY")) for each in later)
            if copies and not copies_everything(source.dockerfile):
                raise SourceError(
                    source.folder / DOCKERFILE,
                    f"its base image {base} copies files by ONBUILD, which the Dockerfile does not show",
                    "Use a base image without ONBUILD, and write COPY into the Dockerfile",
                )

    def _pull_bases(self, bases: Iterable[str], output: Output, seconds: float) -> None:
        """Pull what the engine does not have: only a client that stays connected may give BuildKit credentials."""
        for base in set(bases) - {"", SCRATCH}:
            if self._image(base) is None:
                repository, tag = parse_repository_tag(base)
                pull = partial(self._api.pull, repository, tag=tag or "latest", stream=True, decode=True)
                self._follow(pull, output, seconds, f"pulling {base}")
                if output.error:
                    output.step = f"1/1 : FROM {base}"
                    return

    def _build(self, *, with_buildkit: bool, **options: Any) -> Iterator[dict[str, Any]]:
        if not with_buildkit:
            yield from self._api.build(**options)
            return
        trace = Trace()
        before, self._api.params = self._api.params, PARAMETERS  # of every request of this session
        try:
            events = self._api.build(**options)
        finally:
            self._api.params = before
        with closing(events):
            for event in events:
                yield from map(dict, trace.events(event))

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
        found = self._image(name)
        if found is None:
            return None
        digests = [str(each).rpartition("@") for each in found.get("RepoDigests") or []]
        repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
        own = str(found["Id"]) if made_here else None
        return next((digest for held, _, digest in digests if held == repository), own)

    def running(
        self, image: LocalImage, seconds: float, restrictions: frozenset[Restriction] = NONE
    ) -> AbstractContextManager[Container]:
        """Run an image in a new container for some seconds: see `container.running`."""
        return container.running(self._client, self.address, image, seconds, restrictions)

    def plugin_containers(self, network: str, plugin_id: str, version: str) -> list[PluginContainer]:
        """The containers in which a platform on this machine runs a plugin: see `plugins.plugin_containers`."""
        return plugin_containers(self._client, self.address, network, plugin_id, version)

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

    def files(self, image: LocalImage) -> AbstractContextManager[Iterator[bytes]]:
        """Give the files of an image without running it: see `filesystem.exported`."""
        return exported(self._client, self.address, image.id)

    def _make_reproducible(
        self, built: str, base: str, reference: ImageReference, created: datetime, output: Output
    ) -> str:
        """Give a built image's name to its reproducible form: see `reproducible`.

        Returns:
            The new image's id; that of the built image if the engine has containerd's image store, whose ids are other
            digests, or cannot load the new one.
        """
        name = f"{reference.name}:{reference.require_tag()}"
        layers = self._layers(built)
        below = self._layers(base) if base != SCRATCH else []
        own = layers[len(below) :] if layers[: len(below)] == below else []
        with tempfile.TemporaryFile() as archive:
            with answering(self.address, f"reading {name}"):
                saved = self._api.get_image(built)
                image_id = reproducible.repack(saved, built, own, created, name, archive)
                deque(saved, maxlen=0)  # what follows the archive's end: else the connection stays open
            if image_id is None:
                return built
            if self._inspect(image_id) is None:
                archive.seek(0)
                loading = Output(None)
                self._follow(
                    lambda: self._api.load_image(archive),  # type: ignore[no-untyped-call]  # docker's own
                    loading,
                    LOAD_SECONDS,
                    f"loading {name}",
                )
                if self._inspect(image_id) is None:
                    why = loading.error or "the engine did not load it"
                    output.take({"stream": f"The image is not reproducible: {why}\n"})
                    return built
        with answering(self.address, f"naming {name}"):
            self._api.tag(image_id, reference.name, reference.tag)
        return image_id

    def _layers(self, name: str) -> list[str]:
        found = self._inspect(name) or {}
        return list((found.get("RootFS") or {}).get("Layers") or ())

    def _remove_older_builds(self, labels: Mapping[str, str]) -> None:
        """Remove what builds of other sources left of this version; that of this source is the builder's cache."""
        wanted = [f"{key}={labels[key]}" for key in (TITLE, VERSION)]
        with answering(self.address, "looking for older builds"):
            found = self._api.images(filters={"dangling": True, "label": wanted})
        for image in found:
            if (image.get("Labels") or {}).get(SOURCE_DIGEST) not in {None, labels[SOURCE_DIGEST]}:
                self._remove_untagged(image["Id"])

    def _follow(
        self, start: Callable[[], Iterator[dict[str, Any]]], output: Output, seconds: float, what: str
    ) -> None:
        """Read all events of a stream. If the stream is closed early, the engine cancels its work and cleans up."""
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

    def _inspect(self, name: str) -> dict[str, Any] | None:
        with answering(self.address, f"looking for {name}"):
            try:
                return dict(self._api.inspect_image(name))  # type: ignore[no-untyped-call]  # docker's own
            except ImageNotFound:
                return None

    def _image(self, name: str) -> dict[str, Any] | None:
        """What the engine says of an image; None also for what is not a name, as the build will say."""
        try:
            return self._inspect(name)
        except EngineUnreachable:
            raise
        except EngineError:
            return None

    def _remove_untagged(self, image_id: str) -> None:
        found = self._inspect(image_id)
        if found is None or found.get("RepoTags"):
            return
        try:
            self._api.remove_image(image_id)
        except APIError:
            return  # a container still runs it: `docker image prune` removes it later
