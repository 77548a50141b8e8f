"""The collector, for both generations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.manifest import Collector, Manifest
from flows.resources.resource import Record, Reference, Resource, Scope, Writer
from flows.resources.target import Target
from flows.resources.values import declared_among, dig, without_none

_INFO = ("version", "options", "upgrade_mode")
"""The fields of a collector's plugin_info that can be changed."""

_NO_ACCOUNT = (
    "the manifest declares no service account: it collects from those of {} that the platform has, and finds nothing "
    "without one."
)


def collector(
    declared: Collector,
    manifest: Manifest,
    target: Target,
    *,
    plugin_id: str,
    fixed: Mapping[str, Any],
    scope: Scope = Scope.DOMAIN,
    notes: list[str],
    obstacle: str = "",
) -> Resource:
    """The collector with the declared name and plugin.

    Args:
        declared: The manifest's collector.
        manifest: What is declared.
        target: The version, and the environment's options, which override the manifest's.
        plugin_id: The plugin's identity on the platform.
        fixed: Fields that cannot be changed later, in addition to the provider.
        scope: Whose token creates it.
        notes: Notes of the generation.
        obstacle: Why the collector is blocked, or "".
    """
    if target.plugin_options:
        named = ", ".join(sorted(target.plugin_options))
        notes = [*notes, f"plugin_info.options from the environment: {named}."]
    if declared.place.default:
        notes = [
            "not declared: it has the plugin's name and uses all service accounts of the provider.",
            *notes,
        ]
    if not manifest.service_accounts:
        notes = [*notes, _NO_ACCOUNT.format(manifest.provider_name)]
    fixed = {"provider": declared.provider or manifest.provider_name, **fixed}
    plain = without_none(
        {
            "schedule": declared.schedule and _switched(declared.schedule.model_dump(exclude_none=True)),
            "secret_filter": _secret_filter(declared, manifest),
            "tags": declared.tags,
        }
    )

    declares_options = "options" in declared.plugin_info.model_fields_set or bool(target.plugin_options)
    options = {**declared.plugin_info.options, **target.plugin_options}

    def create_params(fields: Record) -> Record:
        info = {"options": {}, **{name: fields[name] for name in _INFO if name in fields}}
        return {
            "name": declared.name,
            **fixed,
            "plugin_info": {"plugin_id": plugin_id, **info},
            **{name: fields[name] for name in plain},
        }

    return Resource(
        kind="collector",
        name=declared.name,
        file=str(declared.place),
        api="inventory.Collector",
        id_field="collector_id",
        query={"name": declared.name},
        matches=lambda record: (record.get("plugin_info") or {}).get("plugin_id") == plugin_id,
        declared={
            **fixed,
            "version": target.version,
            # If they are not declared, the platform's options stay: somebody may have set them in the console.
            **({"options": options} if declares_options else {}),
            "upgrade_mode": "MANUAL",
            **plain,
        },
        observed=_observed_collector,
        create_params=create_params,
        # The call returns when the plugin's container responds. The platform waits up to 150 s in 2.x, and ten
        # minutes in 1.12, where a container that works is ready within 20 s.
        create_timeout=240.0,
        writers=(
            Writer("update", ("schedule", "secret_filter", "tags")),
            Writer("update_plugin", _INFO, together=True),
        ),
        scope=scope,
        clearable=frozenset({"tags"}),
        complete=_has_answered,
        obstacle=lambda _: obstacle,
        notes=tuple(notes),
    )


def filtered_by_schema(collector: Collector) -> list[str]:
    """The fields of a collector's secret_filter that name schemas; none if the filter is off."""
    declared = collector.secret_filter
    if declared is None or declared.state == "DISABLED":
        return []
    return [f"secret_filter.{name}" for name in declared_among(declared, "schemas", "exclude_schemas")]


def _secret_filter(collector: Collector, manifest: Manifest) -> Mapping[str, Any] | None:
    """The filter. It refers to service accounts of the manifest by name, to others by id."""
    declared = collector.secret_filter
    if declared is None:
        return None
    names = {account.name for account in manifest.service_accounts}
    filtered = declared.model_dump(exclude_none=True)
    for field in ("service_accounts", "exclude_service_accounts"):
        if field in filtered:
            filtered[field] = [
                Reference("service account", entry) if entry in names else entry for entry in filtered[field]
            ]
    return _switched(filtered)


def _switched(part: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A schedule or a filter as the platform stores it: only the state, if it is off."""
    if not part or part.get("state") == "DISABLED":
        return {"state": "DISABLED"}
    return part


def _has_answered(record: Record) -> bool:
    """Whether the plugin has answered its first call. Inventory stores the collector before that."""
    return bool(dig(record, "plugin_info", "metadata") or record.get("last_collected_at"))


def _observed_collector(record: Record) -> Record:
    return {
        **record,
        **(record.get("plugin_info") or {}),
        "schedule": _switched(record.get("schedule")),
        "secret_filter": _switched(record.get("secret_filter")),
    }
