"""The image of a release on the engine and in the registry: its action in the plan, its build, and its push.

Minutes pass between the plan and the push, and a version is immutable. So the registry is asked again before and after
the push, and the engine whether it still has what was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flows.errors import Cause
from flows.images.errors import ImageChanged, PushUnverified
from flows.images.state import ImageState, ImageStatus, compare
from flows.resources import Action, FieldChange, Verb
from flows.steps.errors import PlanBlocked
from flows.steps.parts import Planned

if TYPE_CHECKING:
    from flows.images.engine.client import Engine
    from flows.images.engine.local import LocalImage
    from flows.images.reference import ImageReference
    from flows.images.registry.client import Registry
    from flows.images.source.plugin_source import PluginSource
    from flows.manifest import Environment
    from flows.steps.runner import Runner

_VERBS = {ImageStatus.ABSENT: Verb.CREATE, ImageStatus.SAME: Verb.KEEP}  # the others are blocked


def image_action(state: ImageState, source: PluginSource, notes: tuple[str, ...] = ()) -> Action:
    """The image's action in the plan, with notes about it and its repository."""
    verb = _VERBS.get(state.status, Verb.BLOCKED)
    changes: tuple[FieldChange, ...] = ()
    if state.status in {ImageStatus.ABSENT, ImageStatus.CONFLICT, ImageStatus.UNLABELLED}:
        changes = (FieldChange("source_digest", state.source_digest, source.digest),)
    reason = state.message if state.blocked else ""
    return Action("image", str(state.reference), verb, changes, reason, notes)


def build_image(
    engine: Engine,
    planned: Planned,
    environment: Environment,
    runner: Runner,
    name: ImageReference | None = None,
    platform: str | None = None,
) -> str:
    """Build what is planned, with the environment's build arguments, and return the image's id.

    Args:
        engine: The engine.
        planned: What is released.
        environment: Where to.
        runner: Receives the builder's lines.
        name: What the image is called on the engine; None for the name that is pushed.
        platform: Such as `linux/arm64`; None for the engine's own.

    Raises:
        EngineError, SourceChanged, SourceError: the build failed.
    """
    return engine.build(
        planned.source.plugin,
        name or planned.image.reference,
        build_args=environment.settings.build.args,
        plugin_type=planned.expected.kind.label,
        on_output=runner.output,
        platform=platform,
    )


def push_compared(
    engine: Engine,
    planned: Planned,
    registry: Registry,
    tried: Iterable[LocalImage],
    is_held: Callable[[ImageState], bool],
    push: Callable[[], str],
) -> str:
    """Push what was tried, unless the registry holds it already, and return its digest.

    Args:
        engine: The engine that has the images.
        planned: What is released.
        registry: Where to.
        tried: The images that were tried.
        is_held: Whether the registry's image is exactly what was tried.
        push: Pushes it, and returns its digest.

    Raises:
        PlanBlocked: somebody has released this version from another source since.
        ImageChanged: somebody has pushed another image, or built one under this name on this engine.
        PushUnverified: the registry holds another image after the push.
    """
    source, reference = planned.source.plugin, planned.image.reference
    state = compare(source, registry, reference)
    if state.blocked:
        raise PlanBlocked([image_action(state, source)])
    if state.digest:
        if is_held(state):  # a try before this one pushed it, or somebody who built the same
            return state.digest
        raise ImageChanged(
            f"Somebody pushed another image as {reference} while this release was built; nothing was pushed",
            "If that was a release of the same source, run this one again. Otherwise, delete the tag from the registry "
            "first",
        )
    for image in tried:
        # An engine pushes by name, and another release on it may build this version too.
        if engine.inspect(image.reference).id != image.id:
            raise ImageChanged(
                f"{image.reference} is no longer the image that was tried; nothing was pushed",
                "Is another release of this version running on the same engine? Run this one again after it",
            )
    digest = push()
    if compare(source, registry, reference).status is not ImageStatus.SAME:
        raise PushUnverified(
            str(reference),
            reason=f"the registry holds {digest}, which was built from another source",
            advice="Another release of this version runs on the same engine: raise VERSION, and release again",
            cause=Cause.FAILED,
        )
    return digest
