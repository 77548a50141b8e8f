"""The plugin, for both generations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flows.images.placement import Placement, as_declared
from flows.manifest import Manifest, Plugin
from flows.plugin_kinds import TYPE_FIELDS, kind_of
from flows.resources.releases import TAG
from flows.resources.resource import Record, Resource, Writer
from flows.resources.target import Target
from flows.resources.values import dig, without_none


def plugin(
    manifest: Manifest,
    target: Target,
    *,
    generation: str,
    local: str,
    changeable: tuple[str, ...],
    clearable: frozenset[str],
    create_params: Callable[[Record], Record] = lambda declared: declared,
    identity: str,
    unreadable: frozenset[str] = frozenset(),
    notes: list[str],
) -> Resource:
    """The plugin in a local repository.

    Args:
        manifest: What is declared.
        target: Says where the image is, which overrides the manifest's registry.
        generation: Its name.
        local: `repository_type` of a local repository.
        changeable: The fields that `update` accepts.
        clearable: The fields that it accepts empty.
        create_params: The request of `register`.
        identity: The `plugin_id` on the platform.
        unreadable: Declared fields that the platform does not return.
        notes: Notes of the generation.
    """
    declared = manifest.plugin
    placement = target.placement or as_declared(declared)
    type_field, kind, obstacle = TYPE_FIELDS[generation], declared.plugin_kind(generation), ""
    if not kind.collects:
        obstacle = kind.obstacle(generation)
        notes = [kind.remark(generation), *kind.unusable(declared.capability or {}), *notes]
    written = getattr(declared, type_field) or declared.resource_type or declared.service_type
    if written != kind.type:
        notes = [f"{written} is written {kind.type}: the console looks for plugins by this type.", *notes]
    if getattr(declared, type_field) is None:
        other = "service_type" if type_field == "resource_type" else "resource_type"
        notes = [f"{other} is {type_field} in {generation}.", *notes]
    notes = [*notes, *placement.notes]
    fixed = {
        "image": placement.image,
        type_field: kind.type,
        "provider": declared.provider or manifest.provider_name or None,
        # A type that the generation does not have is no value of the server's message; the image's line says why.
        "registry_type": None if placement.problem else placement.registry_type,
        "registry_config": placement.registry_config,
    }
    return Resource(
        kind="plugin",
        name=identity,
        file=str(declared.place),
        api="repository.Plugin",
        id_field="plugin_id",
        query={"plugin_id": identity},
        matches=lambda record: _repository_type(record, local) == local,
        obstacle=lambda listed: (
            obstacle or _taken_elsewhere(identity, listed, local) or _pulled_elsewhere(placement, listed)
        ),
        declared=without_none({**fixed, **{name: _field(declared, name, target) for name in changeable}}),
        create_params=create_params,
        create_verb="register",
        clearable=clearable,
        unreadable=unreadable,
        writers=(Writer("update", changeable),),
        observed=lambda record: _observed(record, type_field),
        preserved={"tags": TAG},
        notes=(*notes, *target.remarks),
    )


def _field(plugin: Plugin, name: str, target: Target) -> Any:
    value = getattr(plugin, name)
    return target.docs or None if name == "docs" and value is None else value


def _observed(record: Record, type_field: str) -> Record:
    """The record without what the pipeline itself keeps in its tags, and with the usual spelling of its type."""
    tags, written = record.get("tags"), record.get(type_field)
    own = {"tags": {key: tags[key] for key in tags if key != TAG}} if tags else {}
    return {**record, **own, **({type_field: kind_of(written).type} if written else {})}


def _repository_type(record: Record, otherwise: str) -> str:
    return str(dig(record, "repository_info", "repository_type") or otherwise)


def _pulled_elsewhere(placement: Placement, listed: Sequence[Record]) -> str:
    """The reason if the platform pulls the plugin that it has from another path than the release pushes to, or ""."""
    first = next(iter(listed), {})
    if first.get("image") != placement.image or first.get("registry_type") != placement.registry_type:
        return ""  # the comparison says so
    return placement.pulled_elsewhere(str(first.get("registry_url") or ""))


def _taken_elsewhere(identity: str, listed: Sequence[Record], local: str) -> str:
    """The reason if another repository has this plugin id, or "". The platform uses the first one that has it."""
    first = next(iter(listed), None)
    if first is None or _repository_type(first, local) == local:
        return ""
    other = dig(first, "repository_info", "name") or dig(first, "repository_info", "repository_id")
    return (
        f"{other} ({_repository_type(first, local)}) has a plugin {identity}, too, and the platform uses that one. "
        "Give the plugin another id. Without plugin_id, and always in 1.12, the id is the image's last part."
    )
