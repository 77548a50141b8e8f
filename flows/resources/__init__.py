"""The resources that the platform must hold, the plan that compares them with the platform, and its execution."""

from __future__ import annotations

from collections.abc import Callable

from flows.manifest import Manifest
from flows.resources import generation_1_12, generation_2
from flows.resources.errors import MadeMeanwhile
from flows.resources.execution import Execution
from flows.resources.plan import (
    Action,
    Clients,
    FieldChange,
    Ids,
    Plan,
    Verb,
    count_all,
    find,
    plan_resources,
)
from flows.resources.releases import Released, released, with_release
from flows.resources.resource import Resource, Scope
from flows.resources.target import Target
from flows.resources.waiting import Waiting
from flows.spaceone import Generation

_RESOURCES: dict[Generation, Callable[[Manifest, Target], list[Resource]]] = {
    Generation.V1_12: generation_1_12.resources,
    Generation.V2: generation_2.resources,
}


def declared_resources(generation: Generation, manifest: Manifest, target: Target) -> list[Resource]:
    """All resources that a platform of `generation` must hold for a release, in the order of their references."""
    return _RESOURCES[generation](manifest, target)


__all__ = [
    "Action",
    "Clients",
    "Execution",
    "FieldChange",
    "Ids",
    "MadeMeanwhile",
    "Plan",
    "Released",
    "Resource",
    "Scope",
    "Target",
    "Verb",
    "Waiting",
    "count_all",
    "declared_resources",
    "find",
    "plan_resources",
    "released",
    "with_release",
]
