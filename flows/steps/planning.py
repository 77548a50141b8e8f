"""Planning: compares the registry and the platform with what is declared. Nothing is changed."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from flows.images import versions
from flows.images.base import Base, remarks
from flows.images.errors import EngineError, RegistryError
from flows.images.reference import ImageReference
from flows.images.registry.client import Registry
from flows.images.registry.helpers import missing_helper
from flows.images.source.docs import Guides, read_guides
from flows.images.source.plugin_source import PluginSource
from flows.images.state import (
    ImageState,
    ImageStatus,
    as_released,
    compare,
    misplacement,
    of_kind,
    remarks_on_kind,
    sortable,
)
from flows.manifest import Manifest, RegistrySettings
from flows.resources import (
    Action,
    Plan,
    Resource,
    Target,
    declared_resources,
    plan_resources,
    released,
)
from flows.spaceone import Generation, UnknownField
from flows.steps.attesting import documents_of
from flows.steps.catalogue import PLAN
from flows.steps.images import image_action
from flows.steps.parts import Planned, Source
from flows.steps.registration import check_endpoints
from flows.steps.runner import Runner, Step
from flows.steps.session import Session, placement_of

_NOT_RECORDED = (
    "This image was in the registry before, and the platform has no record of its release: its label says that it was "
    "built from this source. The release records its digest."
)


def plan(
    session: Session,
    registry: Registry,
    source: Source,
    manifest: Manifest,
    runner: Runner,
    *,
    publish_only: bool,
) -> Planned:
    """Compares the image and every declared resource with what exists.

    Args:
        session: The environment's services.
        registry: The environment's registry.
        source: What is released.
        manifest: What is declared for it.
        runner: Runs the steps and receives the plan.
        publish_only: Whether to plan only what a plugin needs to be listed, as for a plugin that is no collector.

    Raises:
        RegistryError, SpaceoneError: something cannot be read, or a field does not fit the server's message.
    """
    placement = placement_of(session, manifest, registry.address)
    reference = ImageReference(registry.address, placement.repository, source.plugin.version)
    settings = session.environment.settings
    options = settings.options_of(manifest.plugin_ids | {manifest.plugin.id})
    expected = manifest.plugin.plugin_kind(session.generation).on(session.generation)
    guides, unused = _guides(session, source, manifest), _unused(manifest, options)
    target = Target(
        source.plugin.version,
        options,
        placement,
        guides.texts,
        (*guides.remarks, *unused),
    )
    listed = manifest.published() if publish_only or not manifest.collects else manifest
    declared = _remarked(manifest, declared_resources(session.generation, listed, target))
    services = check_endpoints(session, [resource.api.split(".")[0] for resource in declared], runner)

    def compared() -> Planned:
        if problem := placement.problem or placement.index_problem(settings.build.platforms):
            image = misplacement(reference, problem)
        else:
            image = compare(source.plugin, registry, reference)
        missing, notes = documents_of(registry, image, session.environment)
        actions = _actions(session, declared)
        image, recorded = _as_released(image, source.plugin, actions)
        rule = versions.rule(session.generation, placement.registry_type)
        if rule and not image.blocked:
            image = sortable(image, source.plugin, rule, _tags(registry, reference.repository))
        image = of_kind(image, source.plugin, expected)
        started = remarks_on_kind(source.plugin, expected) if image.status is ImageStatus.ABSENT else ()
        notes = (
            *notes,
            *recorded,
            *started,
            *_platform_notes(settings.build.platforms, image),
            *_login_notes(settings.registry, registry),
            *remarks(_base(source.base), image.base),
        )
        made = Plan((image_action(image, source.plugin, notes), *actions))
        return Planned(source, image, made, services, expected, missing)

    planned = runner.run(Step(PLAN, compared, outcome=lambda planned: planned.plan.summary()))
    runner.planned(planned.plan)
    return planned


def _platform_notes(wanted: Sequence[str], image: ImageState) -> tuple[str, ...]:
    """What is kept although the environment asks for other platforms."""
    held = tuple(image.platforms)
    if not wanted or not held or set(held) == set(wanted):
        return ()
    asked = f"It is for {', '.join(held)}, and the environment asks for {', '.join(wanted)}."
    return (f"{asked} A version is not built again: raise VERSION to release for all of them.",)


def _login_notes(settings: RegistrySettings, registry: Registry) -> tuple[str, ...]:
    """What is read without a login because the program that has it is missing: a push will want it."""
    helper = None if settings.username_variable else missing_helper(registry.address)
    if helper is None:
        return ()
    return (f"It was looked up without a login: {helper.problem}. If a push requires one: {helper.advice}.",)


def _guides(session: Session, source: Source, manifest: Manifest) -> Guides:
    """The source's guides, if the platform stores any and the manifest declares none."""
    wanted = session.generation is Generation.V2 and manifest.plugin.docs is None
    return read_guides(source.plugin.folder) if wanted else Guides()


def _unused(manifest: Manifest, options: Mapping[str, Any]) -> Iterator[str]:
    """What is declared for a collector, and not used if the plugin is none."""
    if manifest.collects:
        return
    if accounts := [account.name for account in manifest.service_accounts]:
        yield f"not used, because a release of this plugin makes none: service account {', '.join(accounts)}."
    if options:
        yield f"not used, because they are a collector's: plugin_options of the environment ({', '.join(options)})."


def _tags(registry: Registry, repository: str) -> list[str]:
    """The tags of a repository; none where they cannot be listed, which a release does not need."""
    with suppress(RegistryError):
        return registry.artifacts(repository).tags()
    return []


def _base(name: str) -> Base:
    """The base image. What a tag stands for says the engine of this machine, if there is one and it has the image."""
    base = Base.named(name)
    if not base.floats or not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://"):
        return base
    from flows.images.engine.client import Engine

    try:
        with Engine.connect() as engine:
            return Base(name, engine.digest(name, made_here=False))
    except EngineError:
        return base


def _as_released(
    image: ImageState, source: PluginSource, actions: Iterable[Action]
) -> tuple[ImageState, tuple[str, ...]]:
    """The image's state beside what the platform's plugin says of this version, and remarks."""
    plugin = next(action for action in actions if action.kind == "plugin")
    before = released(plugin.record).get(source.version)
    if before:
        return as_released(image, source, before.digest, before.source_digest), ()
    return image, (_NOT_RECORDED,) if image.status is ImageStatus.SAME else ()


def _remarked(manifest: Manifest, declared: list[Resource]) -> list[Resource]:
    """The resources with the remarks on their documents: each on the first resource that a document declares."""
    left = dict(manifest.remarks)
    found = []
    for resource in declared:
        document = resource.file.partition(" with -p ")[0]
        found.append(dataclasses.replace(resource, notes=(*resource.notes, *left.pop(document, ()))))
    return found


def _actions(session: Session, declared: list[Resource]) -> tuple[Action, ...]:
    try:
        return plan_resources(session.clients, declared)
    except UnknownField as error:
        message = f"{error.message} It speaks SpaceONE {session.generation}."
        raise UnknownField(message, error.field, error.advice) from error
