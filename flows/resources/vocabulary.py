"""What a manifest declares, in the words that every generation shares.

A generation's own module (`generation_2`, `generation_1_12`) says how it speaks of each kind. What two of them say
alike is said here once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.manifest import Manifest, Place, Schema, ServiceAccount
from flows.resources.resource import Record, Reference, Resource, Scope, Writer
from flows.resources.target import Target
from flows.resources.values import dig

#: Where 1.12 keeps the help of the form for a service account, below `metadata.view.layouts` of a provider.
HELP = "help:service_account:create"
#: Types of schemas for an account's own data; they name those of its secret, which come first.
ACCOUNT_TYPES = frozenset({"SERVICE_ACCOUNT", "TRUSTED_ACCOUNT"})
DOCKER_HUB = "DOCKER_HUB"


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Declared is what is not None."""
    return {name: value for name, value in fields.items() if value is not None}


def held(declared: object, *names: str) -> list[str]:
    """Those of some fields that a document declares."""
    return [name for name in names if getattr(declared, name)]


@dataclass(frozen=True)
class AccountForm:
    """The console's form for a new service account, whichever generation's words declare it.

    Attributes:
        definition: JSON Schema of the account's data.
        help: Markdown by language; empty where none is declared beside others, None where nothing is.
        secret_schemas: Ids of the schemas of the secrets that an account may have; None where nothing is declared.
        place: Where it is declared.
        schema: What declares it in the words of 2.x; None where the provider does, in those of 1.12.
    """

    definition: Mapping[str, Any]
    help: Any
    secret_schemas: list[str] | None
    place: Place
    schema: Schema | None = None


def account_form(manifest: Manifest) -> AccountForm | None:
    """The form that a manifest declares: a schema of type SERVICE_ACCOUNT, else the provider's template and help."""
    own = next((schema for schema in manifest.schemas if schema.schema_type == "SERVICE_ACCOUNT"), None)
    if own is not None:
        markdown = dig(own.options, "help")
        return AccountForm(
            own.definition, _or_empty(markdown, own.options), own.related_schemas, own.place, own
        )
    provider = manifest.provider
    definition = dig(provider.template, "service_account", "schema")
    if not isinstance(definition, Mapping):
        return None
    markdown = dig(provider.metadata, "view", "layouts", HELP, "options", "markdown")
    supported = dig(provider.capability, "supported_schema")
    if provider.capability is not None:
        supported = supported or []
    return AccountForm(definition, _or_empty(markdown, provider.metadata), supported, provider.place)


def _or_empty(markdown: Any, declared_in: Mapping[str, Any] | None) -> Any:
    """What is declared without a help shall have none, which is not the same as to say nothing of it."""
    return markdown or (None if declared_in is None else {})


def accounts_by(
    manifest: Manifest, key: Callable[[ServiceAccount], str]
) -> Iterator[tuple[str, ServiceAccount]]:
    """Each value of `key` once, with the first service account that has it."""
    first: dict[str, ServiceAccount] = {}
    for account in manifest.service_accounts:
        first.setdefault(key(account), account)
    yield from first.items()


def plugin(
    manifest: Manifest,
    target: Target,
    *,
    generation: str,
    local: str,
    type_field: str,
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
        target: The environment's type of registry is stronger than the manifest's.
        generation: For the notes.
        local: `repository_type` of a local repository.
        type_field: What `inventory.Collector` is: `service_type` or `resource_type`.
        changeable: The fields that `update` takes.
        clearable: Those that it takes empty.
        create_params: The request of `register`.
        identity: `plugin_id` on the platform.
        unreadable: Declared fields that are not shown.
        notes: What the generation adds.
    """
    declared = manifest.plugin
    registry_type = target.registry_type or declared.registry_type or DOCKER_HUB
    if getattr(declared, type_field) is None:
        other = "service_type" if type_field == "resource_type" else "resource_type"
        notes = [f"{other} is {type_field} in {generation}.", *notes]
    if registry_type != (declared.registry_type or DOCKER_HUB):
        notes = [*notes, f"registry_type is the environment's: {registry_type}."]
    fixed = {
        "image": declared.image,
        type_field: declared.type,
        "provider": declared.provider or manifest.provider.provider,
        "registry_type": registry_type,
        "registry_config": declared.registry_config,
    }
    return Resource(
        kind="plugin",
        name=identity,
        file=str(declared.place),
        api="repository.Plugin",
        id_field="plugin_id",
        query={"plugin_id": identity},
        matches=lambda record: _repository_type(record, local) == local,
        obstacle=lambda listed: _taken_elsewhere(identity, listed, local),
        declared=present({**fixed, **{name: getattr(declared, name) for name in changeable}}),
        create_params=create_params,
        create_verb="register",
        clearable=clearable,
        unreadable=unreadable,
        writers=(Writer("update", changeable),),
        notes=tuple(notes),
    )


def _repository_type(record: Record, otherwise: str) -> str:
    return str(dig(record, "repository_info", "repository_type") or otherwise)


def _taken_elsewhere(identity: str, listed: Sequence[Record], local: str) -> str:
    """A plugin is looked up by its id in one repository after the other, and listed in the same order."""
    first = next(iter(listed), None)
    if first is None or _repository_type(first, local) == local:
        return ""
    other = dig(first, "repository_info", "name") or dig(first, "repository_info", "repository_id")
    return (
        f"{other} ({_repository_type(first, local)}) has a plugin {identity}, too, and the platform takes that one: "
        "give the plugin an id of its own, which without plugin_id (and always in 1.12) is the image's last part."
    )


_INFO = ("version", "options", "upgrade_mode")
"""What a collector has of its plugin and can change."""


def collector(
    manifest: Manifest,
    target: Target,
    *,
    plugin_id: str,
    fixed: Mapping[str, Any],
    scope: Scope = Scope.DOMAIN,
    notes: list[str],
    obstacle: str = "",
) -> Resource:
    """The collector of a name and a plugin.

    Args:
        manifest: What is declared.
        target: The version, and the environment's options, which are stronger than the manifest's.
        plugin_id: The plugin's identity on the platform.
        fixed: Fields that cannot be changed later, beside the provider.
        scope: Whose token makes it.
        notes: What the generation adds.
        obstacle: Why the platform cannot hold it as declared; empty where it can.
    """
    declared = manifest.collector
    if target.plugin_options:
        named = ", ".join(sorted(target.plugin_options))
        notes = [*notes, f"plugin_info.options from the environment: {named}."]
    if declared.place.default:
        notes = ["not declared: the plugin's name, and all service accounts of the provider.", *notes]
    fixed = {"provider": declared.provider or manifest.provider.provider, **fixed}
    plain = present(
        {
            "schedule": declared.schedule and _switched(declared.schedule.model_dump(exclude_none=True)),
            "secret_filter": _secret_filter(manifest),
            "tags": declared.tags,
        }
    )

    told = "options" in declared.plugin_info.model_fields_set or bool(target.plugin_options)
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
            # Not named at all, they are whatever the platform has, which somebody may have set in the console.
            **({"options": options} if told else {}),
            "upgrade_mode": "MANUAL",
            **plain,
        },
        observed=_observed_collector,
        create_params=create_params,
        # The call comes back when the plugin's container answers. The platform itself waits up to 150 s in 2.x, and
        # ten minutes in 1.12, where a container that serves at all is up within 20 s.
        create_timeout=240.0,
        writers=(
            Writer("update", ("schedule", "secret_filter", "tags")),
            Writer("update_plugin", _INFO, together=True),
        ),
        scope=scope,
        clearable=frozenset({"tags"}),
        obstacle=lambda _: obstacle,
        notes=tuple(notes),
    )


def filtered_by_schema(manifest: Manifest) -> list[str]:
    """The parts of a collector's filter, of one that is on, that name schemas."""
    declared = manifest.collector.secret_filter
    if declared is None or declared.state == "DISABLED":
        return []
    return [f"secret_filter.{name}" for name in held(declared, "schemas", "exclude_schemas")]


def _secret_filter(manifest: Manifest) -> Mapping[str, Any] | None:
    """The filter; a service account of the manifest may be called by its name there, others by their ids."""
    declared = manifest.collector.secret_filter
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
    """A schedule or a filter as the platform holds it: of one that is off, nothing but that."""
    if not part or part.get("state") == "DISABLED":
        return {"state": "DISABLED"}
    return part


def _observed_collector(record: Record) -> Record:
    return {
        **record,
        **(record.get("plugin_info") or {}),
        "schedule": _switched(record.get("schedule")),
        "secret_filter": _switched(record.get("secret_filter")),
    }
