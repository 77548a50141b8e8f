"""The image of a release: its source, and its way into the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flows.images import (
    Engine,
    EngineError,
    ImageReference,
    ImageState,
    ImageStatus,
    LocalImage,
    Login,
    PluginSource,
    PushUnverified,
    Registry,
    Trial,
    compare,
    run_trial,
)
from flows.resources import Action, FieldChange, Verb
from flows.steps.changes import Changes
from flows.steps.errors import PlanBlocked
from flows.steps.runner import Runner, Step
from flows.steps.summaries import image_words, source_words

_VERBS = {
    ImageStatus.ABSENT: Verb.CREATE,
    ImageStatus.SAME: Verb.KEEP,
    ImageStatus.CONFLICT: Verb.BLOCKED,
    ImageStatus.UNLABELLED: Verb.BLOCKED,
}


@dataclass(frozen=True)
class Delivery:
    """An image that was built, tried and pushed.

    Attributes:
        login: How the registry let the pipeline in.
        image: What was built.
        trial: How it served.
        digest: Under which the registry holds it.
    """

    login: Login
    image: LocalImage
    trial: Trial
    digest: str


def read_source(folder: Path, build_args: Mapping[str, str], runner: Runner) -> PluginSource:
    """Looks at VERSION, requirements, setup.py and Dockerfile, before anybody is called.

    Raises:
        SourceError: something is missing or contradictory; names the file and what to do.
    """

    def read() -> PluginSource:
        source = PluginSource.load(folder)
        source.base(build_args)
        return source

    def outcome(source: PluginSource) -> str:
        return source_words(source.version, source.contents, source.base(build_args))

    return runner.run(Step("read source", read, outcome=outcome))


def image_action(state: ImageState, source: PluginSource) -> Action:
    """The image's line in the plan."""
    verb = _VERBS[state.status]
    changes: tuple[FieldChange, ...] = ()
    if verb in {Verb.CREATE, Verb.BLOCKED}:
        changes = (FieldChange("source_digest", state.source_digest, source.digest),)
    return Action("image", str(state.reference), verb, changes, state.message if state.blocked else "")


def deliver(
    source: PluginSource,
    reference: ImageReference,
    registry: Registry,
    build_args: Mapping[str, str],
    runner: Runner,
    changes: Changes,
) -> Delivery:
    """Logs in, builds, inspects, tries and pushes, in this order: what can refuse comes before what takes minutes.

    Raises:
        RegistryError, EngineError, SourceChanged, PlanBlocked: what stopped it.
    """
    check = partial(registry.check_push, reference)
    build = partial(_build, source, reference, build_args, runner)
    inspect = partial(_inspect, reference)
    login = runner.run(
        Step(
            "log in to registry", check, retries=2, timeout=120, outcome=lambda login: f"{registry}, {login}"
        )
    )
    runner.run(Step("build image", build, retries=1, timeout=1800, outcome=lambda _: str(reference)))
    image = runner.run(Step("inspect image", inspect, retries=2, timeout=120, outcome=image_words))
    trial = runner.run(Step("trial run", partial(_try, image), retries=1, timeout=300, outcome=str))
    push = partial(_push, source, reference, registry, image, runner)
    try:
        digest = runner.run(Step("push image", push, retries=3, timeout=900, outcome=str))
    except PushUnverified:
        changes.write()
        raise
    changes.write()
    return Delivery(login, image, trial, digest)


def _push(
    source: PluginSource, reference: ImageReference, registry: Registry, tried: LocalImage, runner: Runner
) -> str:
    # The plan is minutes old: somebody may have released this version meanwhile, and a version is immutable.
    state = compare(source, registry, reference)
    if state.blocked:
        raise PlanBlocked([image_action(state, source)])
    if state.digest:
        return state.digest
    with Engine.connect() as engine:
        # An engine pushes by name, and another release on it may build this version, too.
        if engine.inspect(reference).id != tried.id:
            raise EngineError(
                f"{reference} is another image now than the one that was tried; nothing was pushed. "
                "Is another release of this version running on the same engine? Run this one again after it."
            )
        digest = engine.push(reference, registry, on_output=runner.output)
    if compare(source, registry, reference).status is not ImageStatus.SAME:
        raise PushUnverified(
            str(reference),
            reason=f"the registry holds {digest}, which was made from another source",
            advice="another release of this version runs on the same engine: raise VERSION, and release again",
        )
    return digest


def _build(
    source: PluginSource, reference: ImageReference, build_args: Mapping[str, str], runner: Runner
) -> str:
    with Engine.connect() as engine:
        return engine.build(source, reference, build_args=build_args, on_output=runner.output)


def _inspect(reference: ImageReference) -> LocalImage:
    with Engine.connect() as engine:
        return engine.inspect(reference)


def _try(image: LocalImage) -> Trial:
    with Engine.connect() as engine:
        return run_trial(engine, image)
