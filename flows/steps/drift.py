"""Drift: what of a released plugin is no longer as it was released and declared. Nothing is changed.

The plan of a release compares with the source that is to be released. This compares with the version in use.
"""

from __future__ import annotations

import time
from dataclasses import replace

from flows.images.reference import ImageReference
from flows.images.registry.client import Registry
from flows.manifest import Environment, Manifest
from flows.resources import Action, Target, declared_resources, plan_resources
from flows.steps.catalogue import COMPARE
from flows.steps.comparison import Check, Drift
from flows.steps.runner import Runner, Step
from flows.steps.session import Session, open_session, placement_of
from flows.steps.subject import Subject
from flows.steps.verification import Used, find_used, pinned


def drift(environment: Environment, manifest: Manifest, runner: Runner) -> Drift:
    """Compares the released plugin with the platform and the registry.

    Args:
        environment: Where it was released.
        manifest: What it was released with.
        runner: Runs the steps and receives the result.

    Raises:
        NotReleased: there is no such plugin, or no such collector.
        PipelineError: something cannot be read.
    """
    started = time.perf_counter()
    subject = Subject("drift", environment.name, manifest.plugin.id)
    runner.about(subject)
    with open_session(environment, runner) as session, session.registry() as registry:
        used = find_used(session, manifest, runner)
        runner.about(replace(subject, version=used.version))

        def compare() -> Drift:
            return Drift(
                environment.name,
                str(session.generation),
                used.plugin_id,
                used.version,
                *_compared(session, registry, manifest, used),
                time.perf_counter() - started,
            )

        found = runner.run(Step(COMPARE, compare, outcome=Drift.summary))
    runner.compared(found)
    return found


def _compared(
    session: Session, registry: Registry, manifest: Manifest, used: Used
) -> tuple[Check, tuple[Action, ...]]:
    placement = placement_of(session, manifest, registry.address)
    options = session.environment.settings.options_of(manifest.plugin_ids | {manifest.plugin.id})
    declared = declared_resources(
        session.generation,
        manifest if manifest.collects else manifest.published(),
        Target(used.version, options, placement),
    )
    repository = placement.repository_of(str(used.plugin.get("image", "")))
    digest = registry.manifest_digest(repository, used.version)
    reference = ImageReference(registry.address, repository, used.version)
    image = Check("image", False, f"the registry holds no {reference}")
    if digest:
        image = pinned(used.plugin, used.version, digest)
        if not image.passed:
            image = replace(image, detail=f"the registry has {digest}, and {image.detail}")
    return image, plan_resources(session.clients, declared)
