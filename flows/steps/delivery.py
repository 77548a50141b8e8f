"""The image of a release: reads the source, builds and pushes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from flows.images.errors import EngineError, PushUnverified
from flows.images.registry.client import Registry
from flows.images.source.buildkit import needs
from flows.images.source.plugin_source import PluginSource
from flows.images.state import ImageStatus
from flows.manifest import Environment
from flows.steps.attesting import Attestor, signing_key
from flows.steps.catalogue import BUILD, INSPECT, LOG_IN, PUSH, READ_SOURCE, TRIAL
from flows.steps.changes import Changes
from flows.steps.images import build_image, push_compared
from flows.steps.parts import Attested, Delivered, Planned, Source
from flows.steps.runner import Runner, Step
from flows.steps.several import as_parts, build_all, push_all, try_all
from flows.steps.summaries import image_summary, source_summary

if TYPE_CHECKING:
    from flows.images.engine.client import Engine
    from flows.images.engine.local import LocalImage
    from flows.images.engine.trial import Trial
    from flows.images.registry.auth import Login


def read_source(
    folder: Path, environment: Environment, runner: Runner, choose: Callable[[str], str] | None = None
) -> Source:
    """Reads VERSION, requirements, setup.py and Dockerfile, before any service is called.

    Args:
        folder: The plugin's source.
        environment: Its build arguments name the base image.
        runner: Runs the step.
        choose: Gives the version to release for the one in VERSION; None to release that.

    Raises:
        SourceError: something is missing or contradictory, or the engine's builder lacks what the Dockerfile needs; the
            error names the file and what to do.
    """

    def read() -> Source:
        plugin = PluginSource.load(folder, choose)
        platforms = environment.settings.build.platforms
        if needs(plugin.dockerfile) or platforms:
            with suppress(EngineError), _engine() as engine:  # without one, the build says so
                engine().builds_with_buildkit(plugin)
                engine().check_platforms(plugin, platforms)
        return Source(plugin, plugin.base(environment.settings.build.args))

    return runner.run(Step(READ_SOURCE, read, outcome=source_summary))


def deliver(
    planned: Planned, registry: Registry, environment: Environment, runner: Runner, changes: Changes
) -> tuple[Delivered | None, Attested | None]:
    """Builds, tries, pushes and attests the image. Refusals come before the steps that take minutes.

    Returns:
        What was pushed, and its documents. Both are None if the registry holds them already: then nothing is done.

    Raises:
        RegistryError, EngineError, SourceChanged, PlanBlocked, SigningKeyError, PackagesUnreadable: a step failed.
    """
    if planned.image.status is not ImageStatus.ABSENT and not planned.missing:
        return None, None
    attestor = Attestor(planned, registry, environment, runner, changes)
    if planned.image.status is not ImageStatus.ABSENT:
        with _engine() as engine:
            return None, attestor.complete(engine)
    wanted = environment.settings.attestations
    if wanted:
        signing_key(environment)  # a key that cannot be used is refused before the build
    reference = planned.image.reference
    with _engine() as engine:

        def log_in() -> Login:
            login = registry.check_push(reference)
            if wanted:
                registry.check_push(attestor.repository)
            return login

        login = runner.run(Step(LOG_IN, log_in, outcome=lambda login: f"{registry}, {login}"))
        if environment.settings.build.platforms:
            return _deliver_index(engine, planned, registry, environment, runner, changes, login)
        build = partial(_build, engine, planned, environment, runner)
        runner.run(Step(BUILD, build, outcome=lambda _: str(reference)))
        image = runner.run(Step(INSPECT, lambda: engine().inspect(reference), outcome=image_summary))
        trial = runner.run(
            Step(TRIAL, lambda: _try(engine(), image, planned, environment, runner), outcome=str)
        )
        contents = attestor.list_packages(engine, image) if wanted else None
        push = partial(_push, engine, planned, registry, image, runner)
        try:
            digest = runner.run(Step(PUSH, push, outcome=str))
        except PushUnverified:
            changes.note()
            raise
        changes.note()
        attested = attestor.attest(engine, contents, digest) if contents else None
    return Delivered(login, image, trial, digest), attested


def _deliver_index(
    engine: Callable[[], Engine],
    planned: Planned,
    registry: Registry,
    environment: Environment,
    runner: Runner,
    changes: Changes,
    login: Login,
) -> tuple[Delivered, Attested | None]:
    attestor = Attestor(planned, registry, environment, runner, changes)
    images = build_all(engine, planned, environment, runner)
    trials = try_all(images, lambda image: _try(engine(), image, planned, environment, runner), runner)
    wanted = environment.settings.attestations
    contents = attestor.list_packages(engine, *images.values()) if wanted else None
    try:
        digest = push_all(engine, planned, registry, images, runner)
    except PushUnverified:
        changes.note()
        raise
    changes.note()
    attested = attestor.attest(engine, contents, digest, images) if contents else None
    platforms = as_parts(images, trials)
    first, trial = next((each.image, each.trial) for each in platforms if each.trial)
    return Delivered(login, first, trial, digest, platforms), attested


@contextmanager
def _engine() -> Iterator[Callable[[], Engine]]:
    """The Docker engine; connected at first use, and once for all steps."""
    from flows.images.engine.client import Engine

    connected = cache(Engine.connect)
    try:
        yield connected
    finally:
        if connected.cache_info().currsize:
            connected().close()


def _try(
    engine: Engine, image: LocalImage, planned: Planned, environment: Environment, runner: Runner
) -> Trial:
    from flows.images.engine.trial import run_trial
    from flows.steps.collector_support import check_collector

    return run_trial(
        engine,
        image,
        planned.expected,
        seconds=environment.settings.start_seconds,
        on_output=runner.output,
        on_served=partial(check_collector, planned, environment),
    )


def _build(engine: Callable[[], Engine], planned: Planned, environment: Environment, runner: Runner) -> str:
    return build_image(engine(), planned, environment, runner)


def _push(
    engine: Callable[[], Engine], planned: Planned, registry: Registry, tried: LocalImage, runner: Runner
) -> str:
    def push() -> str:
        return engine().push(planned.image.reference, registry, on_output=runner.output)

    return push_compared(engine(), planned, registry, [tried], lambda state: state.is_image(tried.id), push)
