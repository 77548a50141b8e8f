"""Compares a source with what a registry holds under its version, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from flows.images import versions
from flows.images.base import Base
from flows.images.errors import InvalidReference
from flows.images.labels import PLUGIN_TYPE, SOURCE_DIGEST, SOURCE_FILES
from flows.images.source.listing import ALGORITHM
from flows.images.source.started import find_server
from flows.plugin_kinds import COLLECTS, kind_of
from flows.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.images.reference import ImageReference
    from flows.images.registry.client import Registry
    from flows.images.source.plugin_source import PluginSource
    from flows.plugin_kinds import Expected


_SHOWN = 5


class ImageStatus(StrEnum):
    """What to do about an image: `absent` is built and pushed, `same` is kept, the others block a release."""

    ABSENT = "absent"
    SAME = "same"
    CONFLICT = "conflict"
    UNLABELLED = "unlabelled"
    REPLACED = "replaced"
    UNSORTABLE = "unsortable"
    MISPLACED = "misplaced"
    OF_ANOTHER_KIND = "of another kind"


@dataclass(frozen=True, slots=True)
class ImageState:
    """The outcome of `compare`.

    `digest` is the manifest that the registry holds, `source_digest` that of the source it was built from,
    both None if there is none; `message` is one sentence for a plan, with what to do if it is blocked. `base` is the
    base image that the registry's image was built on, None if that is not known. `config` is the digest of the image's
    configuration, by which an engine knows an image, and `platforms` has one for each platform. `plugin_type` is the
    type as which the registry's image was tried.
    """

    status: ImageStatus
    reference: ImageReference
    digest: str | None
    source_digest: str | None
    message: str
    base: Base | None = None
    config: str = ""
    plugin_type: str = COLLECTS
    platforms: Mapping[str, str] = field(default_factory=dict)

    def is_image(self, image_id: str) -> bool:
        """Whether the registry holds the image that an engine has under an id: a label may be copied, this may not."""
        return image_id in {self.config, self.digest}  # the second with containerd's image store

    @property
    def blocked(self) -> bool:
        """Whether a release must stop here."""
        return self.status not in {ImageStatus.ABSENT, ImageStatus.SAME}


def misplacement(reference: ImageReference, problem: str) -> ImageState:
    """The state of an image that the platform could not find: the registry is not asked.

    Args:
        reference: Where it would be pushed.
        problem: Why, and what to do.
    """
    return ImageState(ImageStatus.MISPLACED, reference, None, None, problem)


def as_released(state: ImageState, source: PluginSource, digest: str, source_digest: str) -> ImageState:
    """Compare the outcome of `compare` with what was recorded when this version was released.

    Args:
        state: What the registry holds.
        source: The source.
        digest: The image that was released.
        source_digest: The source that it was built from.
    """
    bump = f"Bump {source.version_file}"
    if state.digest not in {None, digest}:
        message = (
            f"{source.version} is not the image that was released: {state.reference} is {state.digest}, and {digest} "
            f"was released. Somebody pushed another image under this version. {bump}, or push the released one again."
        )
        return replace(state, status=ImageStatus.REPLACED, message=message)
    if state.status is ImageStatus.ABSENT and not source.is_source_of(source_digest):
        message = (
            f"VERSION {source.version} was released from another source ({source_digest}; this one is "
            f"{source.digest}), and its image is gone from the registry. {bump}."
        )
        return replace(state, status=ImageStatus.CONFLICT, source_digest=source_digest, message=message)
    return state


def sortable(state: ImageState, source: PluginSource, rule: versions.Rule, tags: Iterable[str]) -> ImageState:
    """Compare a version, and the tags that its repository holds, with what the platform can sort.

    Args:
        state: The outcome of `compare`; one that is blocked stays so.
        source: The source.
        rule: The platform's rule.
        tags: All tags of the repository.
    """
    if state.blocked:
        return state
    repository, message = state.reference.repository, ""
    if not rule.allows(source.version):
        message = (
            f"{printable(source.version)} is not a version that the platform can sort. {rule}; with one other tag in "
            f"{repository} it lists no version of the plugin any more. " + _instead(source)
        )
    elif others := [printable(tag) for tag in tags if not rule.allows(tag)]:
        more = ", …" if len(others) > _SHOWN else ""
        message = (
            f"{repository} holds {', '.join(others[:_SHOWN])}{more}. {rule}; so it lists no version of the plugin. "
            "Remove such tags from the registry, or give the plugin another image name."
        )
    return replace(state, status=ImageStatus.UNSORTABLE, message=message) if message else state


def of_kind(state: ImageState, source: PluginSource, expected: Expected) -> ImageState:
    """Compare the type that the plugin is registered as with what is known of its image before it is built.

    An image that is kept is not tried again: its label says as what it was. One that will be built is tried, but what
    its source starts may say before that it is of another kind.

    Args:
        state: The outcome of `compare`.
        source: The source.
        expected: What its image must serve.
    """
    if state.status is ImageStatus.ABSENT:
        return _of_what_is_started(state, source, expected)
    tried = kind_of(state.plugin_type)
    same = tried.type == expected.kind.type or (
        tried.known and set(tried.on(expected.generation).services) & set(expected.services)
    )
    if state.status is not ImageStatus.SAME or same:
        return state
    message = (
        f"{state.reference} was tried as {printable(tried.type)}, and the manifest registers it as "
        f"{expected.kind.type}. Write the type into the manifest that the plugin has; if it has changed, bump "
        f"{source.version_file}."
    )
    return replace(state, status=ImageStatus.OF_ANOTHER_KIND, message=message)


def _of_what_is_started(state: ImageState, source: PluginSource, expected: Expected) -> ImageState:
    server = find_server(source.folder, source.dockerfile)
    others = expected.others_in(server.package) if server and server.sure else []
    if server is None or not others:
        return state
    message = (
        f"{server.file} makes the server of {others[0]} ({server.package}), and the manifest registers the plugin as "
        f"{expected.kind.type}. Write the type {' or '.join(kind.type for kind in others)} into the manifest, or "
        "correct the source."
    )
    return replace(state, status=ImageStatus.OF_ANOTHER_KIND, message=message)


def remarks_on_kind(source: PluginSource, expected: Expected) -> tuple[str, ...]:
    """Remarks on a source that starts a package of another service than the type's."""
    server = find_server(source.folder, source.dockerfile)
    if server is None or server.sure or not (others := expected.others_in(server.package)):
        return ()
    types = " or ".join(kind.type for kind in others)
    remark = (
        f"{server.file} starts {server.package}, where plugins of the type {types} are, and the manifest registers "
        f"{expected.kind.type}: the trial run will say what it serves."
    )
    return (remark,)


def _instead(source: PluginSource) -> str:
    other = versions.suggestion(source.version)
    return f"Give {other} with --version." if source.given else f"Write {other} into {source.version_file}."


def compare(source: PluginSource, registry: Registry, reference: ImageReference) -> ImageState:
    """Compare a source with what `registry` holds as `reference` (whose tag is the source's version).

    A version is immutable: the same version from another source is a conflict, whatever the difference is. The base
    image is no part of the source (`flows.images.base`).
    It only reads; two requests if the version exists.

    Raises:
        RegistryError: the registry cannot be read.
        InvalidReference: the reference has another registry or version.
    """
    if reference.registry != registry.address:
        raise InvalidReference(str(reference), f"is not in registry {registry}")
    if reference.tag != source.version:
        raise InvalidReference(str(reference), f"is not version {source.version} of {source.version_file}")
    image = registry.image(reference.repository, source.version)
    if image is None:
        return ImageState(ImageStatus.ABSENT, reference, None, None, f"{reference} will be built and pushed")
    made_from = image.labels.get(SOURCE_DIGEST)
    if made_from is not None and source.is_source_of(made_from):
        message = f"{reference} already exists, built from this source ({image.digest})"
        base = Base.of(image.labels)
        tried_as = image.labels.get(PLUGIN_TYPE) or COLLECTS
        return ImageState(
            ImageStatus.SAME,
            reference,
            image.digest,
            made_from,
            message,
            base,
            image.config,
            tried_as,
            image.platforms,
        )
    bump = f"Bump {source.version_file}"
    if made_from is None:
        message = (
            f"VERSION {source.version} is already used by an image that this pipeline did not build "
            f"({image.digest} in {reference}). {bump}, or delete that tag from the registry."
        )
        return ImageState(ImageStatus.UNLABELLED, reference, image.digest, None, message)
    message = (
        f"VERSION {source.version} was released from another source ({made_from} in {reference}; "
        f"this one is {source.digest}). {_differences(source, made_from, image.labels)}{bump}, or go back to the "
        f"source of {source.version}."
    )
    if caches := source.caches():
        message += (
            f" The build context contains {len(caches)} Python caches ({caches[0]}): "
            "name `**/__pycache__` and `**/*.pyc` in .dockerignore."
        )
    return ImageState(ImageStatus.CONFLICT, reference, image.digest, made_from, message)


def _differences(source: PluginSource, made_from: str, labels: Mapping[str, str]) -> str:
    """A sentence that names the files that changed, as far as the released image says what they were."""
    if not made_from.startswith(f"{ALGORITHM}:"):
        return (
            "That digest was made by a version of the pipeline before 0.4.0 and covers all files of the folder, also "
            "those that are not in the image. "
        )
    found = source.listing.differences(labels.get(SOURCE_FILES, ""))
    return f"Since then: {found}. " if found and str(found) else ""
