"""Building the image of a plugin source."""

from __future__ import annotations

import tempfile
from collections import deque
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from docker.utils import parse_repository_tag

from flows.images.advice import build_advice, is_denied, is_local, is_temporary
from flows.images.engine import reproducible
from flows.images.engine.buildkit import PARAMETERS, Trace, engine_with, frontend, is_podman
from flows.images.engine.connection import answering
from flows.images.engine.logins import without_login
from flows.images.engine.output import Output
from flows.images.errors import BuildFailed, SourceError
from flows.images.labels import BASE_DIGEST, SOURCE_DIGEST, TITLE, VERSION
from flows.images.source.buildkit import needs
from flows.images.source.context import DOCKERFILE
from flows.images.source.dockerfile import SCRATCH
from flows.images.source.labels import image_labels
from flows.images.source.stages import copies_everything
from flows.platforms import normalise, platform_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from flows.images.engine.api import Api
    from flows.images.reference import ImageReference
    from flows.images.source.plugin_source import PluginSource

BUILD_SECONDS = 1800.0
LOAD_SECONDS = 120.0
_KEPT = "Cannot overwrite digest"
"""What an engine says of the digest of an index, of which it has the image for another platform."""
EPOCH = "SOURCE_DATE_EPOCH"
"""The build argument with the source's time (https://reproducible-builds.org). Given only to a Dockerfile that
declares it: the builder warns of any other."""


def build(
    api: Api,
    source: PluginSource,
    reference: ImageReference,
    *,
    build_args: Mapping[str, str] | None = None,
    plugin_type: str | None = None,
    on_output: Callable[[str], None] | None = None,
    seconds: float = BUILD_SECONDS,
    platform: str | None = None,
) -> str:
    """Build the image of a plugin source and name it `reference`.

    The classic builder is used; with its cache, a build without changes takes milliseconds. A Dockerfile that needs
    BuildKit is built with the engine's own. An older image of this pipeline that had the same name is removed.
    The containers of the steps are removed too, also after a failed or interrupted build. Two builds with equal
    layers give the same image (`reproducible`).

    Args:
        api: The engine.
        source: What to build; rejected if the folder changed since it was loaded.
        reference: The image's name, with a tag.
        build_args: Arguments of the Dockerfile. They are readable in the image: no secrets.
        plugin_type: What the plugin is registered as, for a label; None for an inventory collector.
        on_output: Called with each line of the builder's output.
        seconds: How long it may take.
        platform: Such as `linux/arm64`; None for the engine's own.

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
    before = api.find(reference)
    output = Output(on_output)
    with_buildkit = builds_with_buildkit(api, source)
    _check_triggers(api, source, arguments)
    if with_buildkit or platform:
        _pull_bases(api, source.bases(arguments), output, seconds, platform)
    with source.archive(for_buildkit=with_buildkit) as archive:
        base = api.digest(source.base(arguments))
        labels = image_labels(source, reference, arguments, base, plugin_type)
        start = partial(
            _events,
            api,
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
            **_for_platform(platform, with_buildkit=with_buildkit, bases=source.bases(arguments)),
        )
        if not output.error:
            api.follow(start, output, seconds, f"building {name}")
    if output.error or not output.image_id:
        reason = output.error or "the engine ended without an image"
        raise BuildFailed(
            name,
            reason=reason,
            step=output.step,
            output=output.tail,
            advice=_advice(reason, output.step, source.bases(arguments)),
            # If a package index does not respond, only the step's output shows it.
            temporary=not is_local(reason) and is_temporary("\n".join((reason, *output.tail))),
        )
    if BASE_DIGEST not in labels and api.digest(source.base(arguments)):
        # The engine did not have the base image before. With its cache, the second build adds the label alone.
        return build(
            api,
            source,
            reference,
            build_args=build_args,
            plugin_type=plugin_type,
            on_output=on_output,
            seconds=seconds,
            platform=platform,
        )
    if platform:
        _check_platform(api, output.image_id, name, platform, source.base(arguments))
    image_id = make_reproducible(
        api, output.image_id, source.base(arguments), reference, source.created, output
    )
    if with_buildkit and image_id != output.image_id:
        api.remove_untagged(output.image_id)  # BuildKit's cache is not made of images
    if before and before.id != image_id and SOURCE_DIGEST in before.labels:
        api.remove_untagged(before.id)
    _remove_older_builds(api, labels)
    return image_id


def _advice(reason: str, step: str | None, bases: Iterable[str]) -> str:
    if is_denied(reason) and (helper := without_login(set(bases) - {"", SCRATCH})):
        return helper
    return build_advice(reason, step)


def builds_with_buildkit(api: Api, source: PluginSource) -> bool:
    """Whether a source needs BuildKit: see `source.buildkit`.

    Raises:
        SourceError: the engine has none, or an older one. The error names the line and what to do.
    """
    found = needs(source.dockerfile)
    if not found:
        return False
    with answering(api.address, "reading its version"):
        version = api.calls.version()
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
            f"({api.address}, version {version.get('Version')})",
            f"{remedy[0].upper()}{remedy[1:]}{use}",
        )
    return True


def _check_triggers(api: Api, source: PluginSource, arguments: Mapping[str, str]) -> None:
    """Refuse a base image that copies files by itself: the digest of the source would not cover them."""
    for base in set(source.bases(arguments)) - {"", SCRATCH}:
        later = ((api.image(base) or {}).get("Config") or {}).get("OnBuild") or ()
        copies = any(str(each).upper().startswith(("ADD", "COPY")) for each in later)
        if copies and not copies_everything(source.dockerfile):
            raise SourceError(
                source.folder / DOCKERFILE,
                f"its base image {base} copies files by ONBUILD, which the Dockerfile does not show",
                "Use a base image without ONBUILD, and write COPY into the Dockerfile",
            )


def _for_platform(platform: str | None, *, with_buildkit: bool, bases: Iterable[str]) -> dict[str, Any]:
    """The arguments of a build for a platform.

    The classic builder's cache knows an image by its parent and its instructions: on no parent, it would give the image
    of another platform.
    """
    if platform is None:
        return {}
    return {"platform": platform, "nocache": not with_buildkit and SCRATCH in set(bases)}


def _check_platform(api: Api, image_id: str, name: str, platform: str, base: str) -> None:
    """Refuse an image of another platform: an engine takes a base image that it has, whatever platform that has."""
    built = _platform(api.inspect(image_id) or {})
    if built != normalise(platform):
        raise BuildFailed(
            name,
            reason=f"the engine built {built or 'no platform'} for {platform}",
            step=None,
            output=(),
            advice=f"The base image {base} has no {platform}, or the engine has it as {built} alone: name an image "
            "that its registry has for both, by the digest of its index",
        )


def _platform(found: Mapping[str, Any]) -> str | None:
    """The platform of an image, as the engine describes it."""
    names = {"os": "Os", "architecture": "Architecture", "variant": "Variant"}
    return platform_of({name: found.get(key) for name, key in names.items()})


def _pull_bases(api: Api, bases: Iterable[str], output: Output, seconds: float, platform: str | None) -> None:
    """Pull what the engine does not have: only a client that stays connected may give BuildKit credentials.

    For a platform, that is also what the engine has for another one: the classic builder would take it.
    """
    for base in set(bases) - {"", SCRATCH}:
        found = api.image(base)
        if found is not None and (platform is None or _platform(found) == normalise(platform)):
            continue
        repository, tag = parse_repository_tag(base)
        pull = partial(
            api.calls.pull, repository, tag=tag or "latest", stream=True, decode=True, platform=platform
        )
        api.follow(pull, output, seconds, f"pulling {base}")
        if output.error and _KEPT in output.error:
            output.error = None
            api.remove(base)
            api.follow(pull, output, seconds, f"pulling {base}")
        elif output.error and found is not None:  # in no registry: the check of the built image says so
            output.error = None
        if output.error:
            output.step = f"1/1 : FROM {base}"
            return


def _events(api: Api, *, with_buildkit: bool, **options: Any) -> Iterator[dict[str, Any]]:
    if not with_buildkit:
        yield from api.calls.build(**options)
        return
    trace = Trace()
    before, api.calls.params = api.calls.params, PARAMETERS  # of every request of this session
    try:
        events = api.calls.build(**options)
    finally:
        api.calls.params = before
    with closing(events):
        for event in events:
            yield from map(dict, trace.events(event))


def make_reproducible(
    api: Api, built: str, base: str, reference: ImageReference, created: datetime, output: Output
) -> str:
    """Give a built image's name to its reproducible form: see `reproducible`.

    Returns:
        The new image's id; that of the built image if the engine has containerd's image store, whose ids are other
        digests, or cannot load the new one.
    """
    name = f"{reference.name}:{reference.require_tag()}"
    layers = api.layers(built)
    below = api.layers(base) if base != SCRATCH else []
    own = layers[len(below) :] if layers[: len(below)] == below else []
    # A large image takes a while, and the builder's last line says that all is done.
    output.take({"stream": "Reading the image, so that equal layers give an equal image\n"})
    with tempfile.TemporaryFile() as archive:
        with answering(api.address, f"reading {name}"):
            saved = api.calls.get_image(built)
            image_id = reproducible.repack(saved, built, own, created, name, archive)
            deque(saved, maxlen=0)  # what follows the archive's end: else the connection stays open
        if image_id is None:
            return built
        if api.inspect(image_id) is None:
            archive.seek(0)
            loading = Output(None)
            api.follow(
                lambda: api.calls.load_image(archive),  # type: ignore[no-untyped-call]  # docker's own
                loading,
                LOAD_SECONDS,
                f"loading {name}",
            )
            if api.inspect(image_id) is None:
                why = loading.error or "the engine did not load it"
                output.take({"stream": f"The image is not reproducible: {why}\n"})
                return built
    with answering(api.address, f"naming {name}"):
        api.calls.tag(image_id, reference.name, reference.tag)
    return image_id


def _remove_older_builds(api: Api, labels: Mapping[str, str]) -> None:
    """Remove what builds of other sources left of this version; that of this source is the builder's cache."""
    wanted = [f"{key}={labels[key]}" for key in (TITLE, VERSION)]
    with answering(api.address, "looking for older builds"):
        found = api.calls.images(filters={"dangling": True, "label": wanted})
    for image in found:
        if (image.get("Labels") or {}).get(SOURCE_DIGEST) not in {None, labels[SOURCE_DIGEST]}:
            api.remove_untagged(image["Id"])
