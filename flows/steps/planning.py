"""Planning: compares the registry and the platform with what is declared. Nothing is changed."""

from __future__ import annotations

from flows.images.reference import ImageReference
from flows.images.registry.client import Registry
from flows.images.state import compare
from flows.manifest import Manifest
from flows.resources import Action, Plan, Resource, Target, Verb, declared_resources, plan_resources
from flows.spaceone import UnknownField
from flows.steps.attesting import documents_of
from flows.steps.catalogue import PLAN
from flows.steps.delivery import image_action
from flows.steps.parts import Planned, Source
from flows.steps.registration import check_endpoints
from flows.steps.runner import Runner, Step
from flows.steps.session import Session

#: The kinds that a plugin needs to be listed, so that others can create collectors with it.
PUBLISHED = frozenset({"repository", "schema", "provider", "plugin"})


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
        publish_only: Whether to plan only the kinds that a plugin needs to be listed.

    Raises:
        RegistryError, SpaceoneError: something cannot be read, or a field does not fit the server's message.
    """
    reference = ImageReference(registry.address, manifest.plugin.image, source.plugin.version)
    settings = session.environment.settings
    target = Target(source.plugin.version, settings.registry.type, settings.plugin_options)
    declared = declared_resources(session.generation, manifest, target)
    if publish_only:
        declared = [resource for resource in declared if resource.kind in PUBLISHED]
    services = check_endpoints(session, [resource.api.split(".")[0] for resource in declared], runner)

    def compared() -> Planned:
        image = compare(source.plugin, registry, reference)
        missing, notes = documents_of(registry, image, session.environment)
        actions = _actions(session, declared)
        made = Plan((image_action(image, source.plugin, notes), *actions))
        return Planned(source, image, made, services, missing)

    planned = runner.run(Step(PLAN, compared, outcome=_summary))
    runner.planned(planned.plan)
    return planned


def _summary(planned: Planned) -> str:
    """The plan in one line, with the notes of an image that is kept: a terminal shows those of changes alone."""
    image = planned.plan.action("image")
    return ". ".join((planned.plan.summary(), *(image.notes if image.verb is Verb.KEEP else ())))


def _actions(session: Session, declared: list[Resource]) -> tuple[Action, ...]:
    try:
        return plan_resources(session.clients, declared)
    except UnknownField as error:
        message = f"{error.message} It speaks SpaceONE {session.generation}."
        raise UnknownField(message, error.field, error.advice) from error
