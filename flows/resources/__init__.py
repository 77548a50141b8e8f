"""What the platform must hold, the plan that compares it with what is there, and its carrying out."""

from __future__ import annotations

from collections.abc import Callable

from flows.manifest import Manifest
from flows.resources import generation_2
from flows.resources.apply import apply
from flows.resources.plan import Action, Clients, FieldChange, Ids, Plan, Verb, find, plan_resources
from flows.resources.resource import Resource, Scope
from flows.resources.target import Target
from flows.spaceone import Generation, SpaceoneError

_DIALECTS: dict[Generation, Callable[[Manifest, Target], list[Resource]]] = {
    Generation.V2: generation_2.resources
}


def declared_resources(generation: Generation, manifest: Manifest, target: Target) -> list[Resource]:
    """Everything that a platform of `generation` must hold for a release.

    Raises:
        SpaceoneError: this generation is not spoken.
    """
    dialect = _DIALECTS.get(generation)
    if dialect is None:
        raise SpaceoneError(f"SpaceONE {generation} is not spoken yet; {', '.join(_DIALECTS)} is.")
    return dialect(manifest, target)


__all__ = [
    "Action",
    "Clients",
    "FieldChange",
    "Ids",
    "Plan",
    "Resource",
    "Scope",
    "Target",
    "Verb",
    "apply",
    "declared_resources",
    "find",
    "plan_resources",
]
