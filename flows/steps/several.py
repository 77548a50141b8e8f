"""An image for several platforms: each is built and tried, and all are pushed as one index."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flows.images.errors import EngineError, TrialFailed
from flows.platforms import tag_of
from flows.steps.catalogue import BUILD, INSPECT, PUSH, TRIAL
from flows.steps.images import build_image, push_compared
from flows.steps.parts import Planned, PlatformImage
from flows.steps.runner import Runner, Step
from flows.steps.summaries import image_summary

if TYPE_CHECKING:
    from flows.images.engine.client import Engine
    from flows.images.engine.local import LocalImage
    from flows.images.engine.trial import Trial
    from flows.images.reference import ImageReference
    from flows.images.registry.client import Registry
    from flows.images.state import ImageState
    from flows.manifest import Environment

Images = Mapping[str, "LocalImage"]
Trials = Mapping[str, "Trial | str"]
"""By platform: the trial, or why there was none."""


def local_name(reference: ImageReference, platform: str) -> ImageReference:
    """The name that an engine gives to the image of one platform; it is never pushed."""
    return dataclasses.replace(reference, tag=tag_of(reference.require_tag(), platform))


def build_all(
    engine: Callable[[], Engine], planned: Planned, environment: Environment, runner: Runner
) -> Images:
    """Build the image for each platform of the environment, one after the other.

    Returns:
        The images by platform, the engine's own first: it is tried first.

    Raises:
        EngineError, SourceChanged, SourceError: a build failed.
    """
    source, reference = planned.source.plugin, planned.image.reference
    own = engine().platform()
    platforms = sorted(environment.settings.build.platforms, key=lambda each: each != own)

    def build() -> None:
        engine().check_platforms(source, platforms)
        for platform in reversed(platforms):  # an engine has a base image for one platform: its own at last
            runner.output(f"Building for {platform}")
            build_image(engine(), planned, environment, runner, local_name(reference, platform), platform)

    def inspect() -> Images:
        return {platform: engine().inspect(local_name(reference, platform)) for platform in platforms}

    runner.run(Step(BUILD, build, outcome=lambda _: f"{reference}, for {' and '.join(platforms)}"))
    return runner.run(
        Step(
            INSPECT,
            inspect,
            outcome=lambda images: "; ".join(
                f"{name}: {image_summary(each)}" for name, each in images.items()
            ),
        )
    )


def try_all(images: Images, attempt: Callable[[LocalImage], Trial], runner: Runner) -> Trials:
    """Try each image that the engine can run.

    Raises:
        TrialFailed: an image that the engine runs does not serve a collector, or the engine runs none of them.
    """
    from flows.images.engine.platforms import is_foreign

    def trials() -> Trials:
        found: dict[str, Trial | str] = {}
        for platform, image in images.items():
            runner.output(f"Trying {platform}")
            try:
                found[platform] = attempt(image)
            except (TrialFailed, EngineError) as error:
                if not is_foreign((error.message, *error.details)):
                    raise
                found[platform] = f"not tried: this engine cannot run {platform}"
        if all(isinstance(each, str) for each in found.values()):
            name = str(next(iter(images.values())).reference)
            raise TrialFailed(
                name,
                reason=f"the engine can run none of {', '.join(found)}",
                advice="Add the engine's own platform to build.platforms of the environment, or register an emulator",
            )
        return found

    return runner.run(
        Step(TRIAL, trials, outcome=lambda done: "; ".join(f"{name}: {each}" for name, each in done.items()))
    )


def push_all(
    engine: Callable[[], Engine], planned: Planned, registry: Registry, images: Images, runner: Runner
) -> str:
    """Push all images and their index, after a comparison with the registry.

    Returns:
        The digest of the index.
    """

    def push() -> str:
        return engine().push_index(planned.image.reference, registry, images, on_output=runner.output).digest

    def compared() -> str:
        return push_compared(
            engine(), planned, registry, images.values(), lambda state: holds(state, images), push
        )

    return runner.run(Step(PUSH, compared, outcome=str))


def holds(state: ImageState, images: Images) -> bool:
    """Whether the registry holds exactly these images."""
    return dict(state.platforms) == {platform: image.id for platform, image in images.items()}


def as_parts(images: Images, trials: Trials) -> tuple[PlatformImage, ...]:
    """For the report."""
    return tuple(
        PlatformImage(
            platform,
            image,
            None if isinstance(found := trials[platform], str) else found,
            found if isinstance(found, str) else "",
        )
        for platform, image in images.items()
    )
