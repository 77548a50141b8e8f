"""SpaceONE 2.x: how it names what a manifest declares, and what it cannot hold.

The facts are those of spaceone-identity 2.0.227, -repository 2.0.dev60 and -inventory 2.0.dev247.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flows.manifest import Manifest, Place, Provider, Schema, ServiceAccount
from flows.resources.resource import Record, Reference, Resource, Scope, Writer
from flows.resources.target import Target
from flows.resources.values import dig

#: Where 1.12 keeps the help of the form for a service account.
_HELP = "help:service_account:create"
#: Types of schemas for an account's own data; they name those of its secret, which come first.
_ACCOUNT_TYPES = frozenset({"SERVICE_ACCOUNT", "TRUSTED_ACCOUNT"})


def resources(manifest: Manifest, target: Target) -> list[Resource]:
    """Everything that the platform must hold for a release, in the order of its references."""
    return [
        _repository(manifest),
        *(_declared_schema(schema, manifest) for schema in _in_order(manifest.schemas)),
        *_service_account_schema(manifest),
        _provider(manifest),
        *_projects(manifest),
        *(_service_account(account) for account in manifest.service_accounts),
        _plugin(manifest, target),
        _collector(manifest, target),
    ]


def _in_order(schemas: Iterable[Schema]) -> list[Schema]:
    return sorted(schemas, key=lambda schema: schema.schema_type in _ACCOUNT_TYPES)


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Declared is what is not None."""
    return {name: value for name, value in fields.items() if value is not None}


def _repository(manifest: Manifest) -> Resource:
    return Resource(
        kind="repository",
        name=manifest.repository.name,
        file=str(manifest.repository.place),
        api="repository.Repository",
        id_field="repository_id",
        query={},
        matches=lambda record: record.get("repository_type") == "LOCAL",
        declared={},
        create_params=None,
        impossible=(
            "2.x has no Repository.register: its repositories are configured, and this installation has no local "
            "one. Add {repository_id: repo-local, repository_type: LOCAL} to REPOSITORIES of its repository service."
        ),
        notes=("2.x configures its repositories: the installation's local one is used, whatever its name.",),
    )


def _declared_schema(schema: Schema, manifest: Manifest) -> Resource:
    schema_type = schema.schema_type or "SECRET"
    notes = []
    if schema.service_type:
        notes.append(f"service_type {schema.service_type} is schema_type {schema_type} in 2.x.")
    if schema.labels:
        notes.append("labels are not held by a schema of 2.x.")
    if schema.schema_id is None:
        notes.append("schema_id is the name: 2.x identifies a schema by it.")
    return _schema(
        schema.place,
        schema.id,
        {
            "name": schema.name,
            "schema_type": schema_type,
            "provider": schema.provider or manifest.provider.provider,
            "schema": schema.definition,
            "related_schemas": schema.related_schemas,
            "options": schema.options,
            "tags": schema.tags,
        },
        notes,
    )


def _service_account_schema(manifest: Manifest) -> list[Resource]:
    """What 1.12 keeps in a provider's template and metadata, 2.x keeps in a schema of type SERVICE_ACCOUNT."""
    provider = manifest.provider
    definition = dig(provider.template, "service_account", "schema")
    if not isinstance(definition, dict) or _account_schema(manifest) is not None:
        return []
    schema_id = f"{provider.provider}-service-account"
    markdown = dig(provider.metadata, "view", "layouts", _HELP, "options", "markdown")
    notes = [f"template.service_account.schema of {provider.place} is this schema in 2.x."]
    if markdown:
        notes.append(f"metadata.view.layouts.{_HELP} is its options.help.")
    return [
        _schema(
            provider.place,
            schema_id,
            {
                "name": f"{provider.name} Service Account",
                "schema_type": "SERVICE_ACCOUNT",
                "provider": provider.provider,
                "schema": definition,
                "related_schemas": (provider.capability or {}).get("supported_schema"),
                "options": {"help": markdown} if markdown else None,
            },
            notes,
        )
    ]


def _account_schema(manifest: Manifest) -> Schema | None:
    """The schema of type SERVICE_ACCOUNT that a manifest of 2.x declares itself."""
    return next((schema for schema in manifest.schemas if schema.schema_type == "SERVICE_ACCOUNT"), None)


def _schema(place: Place, schema_id: str, fields: Mapping[str, Any], notes: list[str]) -> Resource:
    return Resource(
        kind="schema",
        name=schema_id,
        file=str(place),
        api="identity.Schema",
        id_field="schema_id",
        query={"schema_id": schema_id},
        declared=_present(fields),
        create_params=lambda declared: {"schema_id": schema_id, **declared},
        writers=(Writer("update", ("name", "schema", "related_schemas", "options", "tags")),),
        clearable=frozenset({"schema", "options", "tags"}),
        notes=tuple(notes),
    )


def _provider(manifest: Manifest) -> Resource:
    provider = manifest.provider
    tags = dict(provider.tags or {})
    notes = []
    moved = {name: tags.pop(name) for name in ("icon", "color") if isinstance(tags.get(name), str)}
    if moved:
        notes.append(f"tags.{' and tags.'.join(moved)}: of its own, beside the tags, in 2.x.")
    own = _account_schema(manifest)
    if own is None:
        notes += _moved_to_schema(provider)
    elif held := [name for name in ("template", "capability", "metadata") if getattr(provider, name)]:
        notes.append(f"{', '.join(held)}: not held by 2.x, which reads the schema {own.id} of {own.place}.")
    name = provider.provider
    return Resource(
        kind="provider",
        name=name,
        file=str(provider.place),
        api="identity.Provider",
        id_field="provider",
        query={"provider": name},
        declared=_present(
            {
                "name": provider.name,
                "alias": provider.alias,
                "color": provider.color or moved.get("color"),
                "icon": provider.icon or moved.get("icon"),
                "order": provider.order,
                "plugin_info": provider.plugin_info,
                "options": provider.options,
                "tags": tags or None,
            }
        ),
        create_params=lambda declared: {"provider": name, **declared},
        writers=(Writer("update", ("name", "alias", "color", "icon", "order", "options", "tags")),),
        clearable=frozenset({"options", "tags"}),
        notes=tuple(notes),
    )


def _moved_to_schema(provider: Provider) -> list[str]:
    notes = []
    if provider.template:
        notes.append("template: a schema of type SERVICE_ACCOUNT in 2.x.")
    if provider.capability:
        notes.append("capability.supported_schema: related_schemas of that schema in 2.x.")
    extra = set(dig(provider.metadata, "view", "layouts") or {}) - {_HELP}
    if provider.metadata:
        notes.append("metadata: the help is that schema's options.help in 2.x.")
    if extra:
        notes.append(f"metadata.view.layouts {', '.join(sorted(extra))}: not held by 2.x.")
    return notes


def _projects(manifest: Manifest) -> list[Resource]:
    """The projects of the service accounts, each once."""
    first: dict[str, ServiceAccount] = {}
    for account in manifest.service_accounts:
        first.setdefault(account.project, account)
    return [_project(account) for account in first.values()]


def _project(account: ServiceAccount) -> Resource:
    name = account.project
    notes: tuple[str, ...] = ()
    if account.project_group:
        notes = ("project_group: the project is looked up by its name in the whole workspace in 2.x.",)
    return Resource(
        kind="project",
        name=name,
        file=str(account.place),
        api="identity.Project",
        id_field="project_id",
        query={"name": name},
        declared={},
        create_params=lambda _: {"name": name, "project_type": "PRIVATE"},
        scope=Scope.WORKSPACE,
        notes=notes,
    )


def _service_account(account: ServiceAccount) -> Resource:
    notes = []
    if account.service_account_type:
        notes.append("service_account_type: a kind of its own (TrustedAccount) in 2.x.")
    if account.secret_type:
        notes.append(f"secret_type {account.secret_type}: the only one in 2.x, and not said.")
    if account.secret_data:
        notes.append("secret_data cannot be read back: it is written when the account has no secret.")
    secret = {"secret_schema_id": account.secret_schema_id, "secret_data": account.secret_data}
    return Resource(
        kind="service account",
        name=account.name,
        file=str(account.place),
        api="identity.ServiceAccount",
        id_field="service_account_id",
        query={"name": account.name, "provider": account.provider},
        declared=_present(
            {
                "data": account.data,
                "tags": account.tags,
                **secret,
                "project_id": Reference("project", account.project),
            }
        ),
        create_params=lambda declared: {"name": account.name, "provider": account.provider, **declared},
        observed=lambda record: _observed_account(record, account.secret_data),
        scope=Scope.WORKSPACE,
        writers=(
            Writer("update", ("data", "tags", "project_id")),
            Writer("update_secret_data", ("secret_schema_id", "secret_data"), together=True),
        ),
        clearable=frozenset({"data", "tags"}),
        hidden=frozenset({"secret_data"}),
        notes=tuple(notes),
    )


def _observed_account(record: Record, secret_data: Mapping[str, Any] | None) -> Record:
    """The secret's data cannot be seen: an account that has a secret is taken to have the declared one."""
    return {**record, "secret_data": secret_data if record.get("secret_id") else None}


def _plugin(manifest: Manifest, target: Target) -> Resource:
    plugin = manifest.plugin
    registry_type = target.registry_type or plugin.registry_type or "DOCKER_HUB"
    notes = []
    if plugin.resource_type is None:
        notes.append("service_type is resource_type in 2.x.")
    if registry_type != (plugin.registry_type or "DOCKER_HUB"):
        notes.append(f"registry_type is the environment's: {registry_type}.")
    if plugin.template:
        notes.append("template is not held by a plugin of 2.x.")
    if plugin.registry_config:
        notes.append("registry_config cannot be read back: 2.x shows the installation's own.")
    return Resource(
        kind="plugin",
        name=plugin.id,
        file=str(plugin.place),
        api="repository.Plugin",
        id_field="plugin_id",
        query={"plugin_id": plugin.id},
        matches=lambda record: (
            (record.get("repository_info") or {}).get("repository_type", "LOCAL") == "LOCAL"
        ),
        declared=_present(
            {
                "name": plugin.name,
                "image": plugin.image,
                "resource_type": plugin.type,
                "provider": plugin.provider or manifest.provider.provider,
                "registry_type": registry_type,
                "registry_config": plugin.registry_config,
                "capability": plugin.capability,
                "labels": plugin.labels,
                "docs": plugin.docs,
                "tags": plugin.tags,
            }
        ),
        create_params=lambda declared: {"plugin_id": plugin.id, **declared},
        create_verb="register",
        clearable=frozenset({"capability", "docs", "tags"}),
        unreadable=frozenset({"registry_config"}),
        writers=(Writer("update", ("name", "capability", "labels", "docs", "tags")),),
        notes=tuple(notes),
    )


def _collector(manifest: Manifest, target: Target) -> Resource:
    collector = manifest.collector
    plugin_id = manifest.plugin.id
    options = {**collector.plugin_info.options, **target.plugin_options}
    notes = []
    if collector.place.default:
        notes.append("not declared: the plugin's name, and all service accounts of the provider.")
    if target.plugin_options:
        notes.append(f"plugin_info.options from the environment: {', '.join(sorted(target.plugin_options))}.")
    fixed = {
        "provider": collector.provider or manifest.provider.provider,
        "resource_group": collector.resource_group,
    }
    plain = _present(
        {
            "schedule": collector.schedule and _switched(collector.schedule.model_dump(exclude_none=True)),
            "secret_filter": collector.secret_filter
            and _switched(collector.secret_filter.model_dump(exclude_none=True)),
            "tags": collector.tags,
        }
    )

    def create_params(declared: Record) -> Record:
        return {
            "name": collector.name,
            **fixed,
            "plugin_info": {
                "plugin_id": plugin_id,
                "version": declared["version"],
                "options": declared["options"],
                "upgrade_mode": declared["upgrade_mode"],
            },
            **{name: declared[name] for name in plain},
        }

    return Resource(
        kind="collector",
        name=collector.name,
        file=str(collector.place),
        api="inventory.Collector",
        id_field="collector_id",
        query={"name": collector.name},
        matches=lambda record: (record.get("plugin_info") or {}).get("plugin_id") == plugin_id,
        declared={
            **fixed,
            "version": target.version,
            "options": options,
            "upgrade_mode": "MANUAL",
            **plain,
        },
        observed=_observed_collector,
        create_params=create_params,
        # The call comes back when the plugin's container answers; the platform itself waits up to 150 s.
        create_timeout=240.0,
        writers=(
            Writer("update", ("schedule", "secret_filter", "tags")),
            Writer("update_plugin", ("version", "options", "upgrade_mode"), together=True),
        ),
        scope=Scope.WORKSPACE if collector.resource_group == "WORKSPACE" else Scope.DOMAIN,
        clearable=frozenset({"tags"}),
        notes=tuple(notes),
    )


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
