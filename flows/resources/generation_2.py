"""SpaceONE 2.x: a manifest's resources in its API, and the fields that it does not support.

Checked with spaceone-identity 2.0.227, -repository 2.0.dev60 and -inventory 2.0.dev247.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flows.manifest import (
    OF_ACCOUNTS,
    Collector,
    Manifest,
    Place,
    Provider,
    Schema,
    ServiceAccount,
    refused_by_2_x,
)
from flows.resources.account_form import HELP, AccountForm, account_form, accounts_by
from flows.resources.collector import collector, filtered_by_schema
from flows.resources.existing import existing, existing_provider, misfit, undeclared_schemas
from flows.resources.plugin import plugin
from flows.resources.resource import Record, Records, Reference, Resource, Scope, Writer
from flows.resources.target import Target
from flows.resources.values import declared_among, without_none
from flows.spaceone import Client


def resources(manifest: Manifest, target: Target) -> list[Resource]:
    """All resources that the platform must hold for a release, in the order of their references."""
    form = account_form(manifest)
    provider = manifest.provider
    return [
        _repository(manifest),
        *(_declared_schema(schema, manifest) for schema in _in_order(manifest.schemas)),
        *(_form_schema(provider, form) if provider else ()),
        *(_existing_schema(manifest, schema, missing) for schema, missing in undeclared_schemas(manifest)),
        *([_provider(provider, form)] if provider else existing_provider(manifest)),
        *([_existing_form(manifest)] if manifest.service_accounts and form is None else ()),
        *(_project(name, account) for name, account in accounts_by(manifest, lambda each: each.project)),
        *(_service_account(account, form) for account in manifest.service_accounts),
        _plugin(manifest, target),
        *([_collector(manifest.collector, manifest, target)] if manifest.collector else ()),
    ]


def _in_order(schemas: Iterable[Schema]) -> list[Schema]:
    return sorted(schemas, key=lambda schema: schema.schema_type in OF_ACCOUNTS)


def _existing_schema(manifest: Manifest, schema_id: str, missing: str) -> Resource:
    """A schema that an account names for its secret, and that the platform has."""

    def wrong(record: Record) -> str:
        kind = record.get("schema_type")
        if kind in {None, "SECRET"}:
            return ""
        return f"The platform's schema {schema_id} is of the type {kind}, and an account's secret needs one of SECRET."

    return existing(
        "schema",
        schema_id,
        manifest,
        api="identity.Schema",
        id_field="schema_id",
        query={"schema_id": schema_id},
        missing=missing,
        wrong=wrong,
    )


def _existing_form(manifest: Manifest) -> Resource:
    """The platform's schema for the data of accounts: without one, it accepts no account of the provider."""
    provider = manifest.provider_name
    return existing(
        "schema",
        _form_key(provider),
        manifest,
        api="identity.Schema",
        id_field="schema_id",
        query={"provider": provider, "schema_type": "SERVICE_ACCOUNT"},
        missing=(
            f"2.x accepts no service account of {provider} without a schema of type SERVICE_ACCOUNT, and neither the "
            "manifest nor the platform has one: add one with schema_type: SERVICE_ACCOUNT, or the provider's "
            "template.service_account.schema."
        ),
    )


def _form_id(provider: str) -> str:
    return f"{provider}-service-account"


def _form_key(provider: str) -> str:
    """The name in a plan of a schema whose id only the platform knows."""
    return f"of the accounts of {provider}"


def _repository(manifest: Manifest) -> Resource:
    notes = [
        "Repositories are configured in 2.x: the installation's local one is used, whatever its name is."
    ]
    if manifest.repository.tags:
        notes.append("tags are not supported by a repository of 2.x.")
    return Resource(
        kind="repository",
        name=manifest.repository.name,
        file=str(manifest.repository.place),
        api="repository.Repository",
        id_field="repository_id",
        query={},
        matches=_is_local,
        declared={},
        create_params=None,
        obstacle=_no_local_repository,
        notes=tuple(notes),
    )


def _no_local_repository(listed: Sequence[Record]) -> str:
    if any(map(_is_local, listed)):
        return ""
    return (
        "2.x has no Repository.register: its repositories are configured, and this installation has no local "
        "one. Add {repository_id: repo-local, repository_type: LOCAL} to REPOSITORIES of its repository service."
    )


def _is_local(repository: Record) -> bool:
    return repository.get("repository_type") == "LOCAL"


def _declared_schema(schema: Schema, manifest: Manifest) -> Resource:
    schema_type = schema.schema_type or "SECRET"
    notes = []
    if schema.service_type:
        notes.append(f"service_type {schema.service_type} is schema_type {schema_type} in 2.x.")
    if schema.labels:
        notes.append("labels are not supported by a schema of 2.x.")
    if schema.schema_id is None:
        notes.append("schema_id is the name: 2.x identifies a schema by it.")
    return _schema(
        schema.place,
        schema.id,
        {
            "name": schema.name,
            "schema_type": schema_type,
            "provider": schema.provider or manifest.provider_name,
            "schema": schema.definition,
            "related_schemas": schema.related_schemas,
            "options": schema.options,
            "tags": schema.tags,
        },
        notes,
    )


def _form_schema(provider: Provider, form: AccountForm | None) -> list[Resource]:
    """The schema of type SERVICE_ACCOUNT for a form that is declared in a provider's template and metadata (1.12)."""
    if form is None or form.schema is not None:
        return []
    notes = [f"template.service_account.schema of {form.place} is this schema in 2.x."]
    if form.help:
        notes.append(f"metadata.view.layouts.{HELP} is its options.help.")
    fields = {
        "name": f"{provider.name} Service Account",
        "schema_type": "SERVICE_ACCOUNT",
        "provider": provider.provider,
        "schema": form.definition,
        "related_schemas": form.secret_schemas,
        "options": {"help": form.help} if form.help else form.help,
    }
    schema = _schema(form.place, _form_id(provider.provider), fields, notes)

    def shipped(client: Client) -> list[Record]:
        """The platform's own form of the provider: identity would take either of two."""
        params = {"provider": provider.provider, "schema_type": "SERVICE_ACCOUNT"}
        return [record for record in client.list("identity.Schema.list", params) if _is_managed(record)]

    return [replace(schema, elsewhere=shipped)]


def _schema(place: Place, schema_id: str, fields: Mapping[str, Any], notes: list[str]) -> Resource:
    return Resource(
        kind="schema",
        name=schema_id,
        file=str(place),
        api="identity.Schema",
        id_field="schema_id",
        query={"schema_id": schema_id},
        declared=without_none(fields),
        create_params=lambda declared: {"schema_id": schema_id, **declared},
        writers=(Writer("update", ("name", "schema", "related_schemas", "options", "tags")),),
        clearable=frozenset({"schema", "options", "tags"}),
        managed=_is_managed,
        notes=tuple(notes),
    )


def _is_managed(record: Record) -> bool:
    """Whether identity ships it: it then refuses every update (ERROR_PERMISSION_DENIED)."""
    return record.get("is_managed") is True


def _provider(provider: Provider, form: AccountForm | None) -> Resource:
    tags = dict(provider.tags or {})
    notes = []
    moved = {name: tags.pop(name) for name in ("icon", "color") if isinstance(tags.get(name), str)}
    if moved:
        notes.append(f"tags.{' and tags.'.join(moved)}: stored as a field, not as a tag, in 2.x.")
    notes += _form_notes(provider, form)
    name = provider.provider
    return Resource(
        kind="provider",
        name=name,
        file=str(provider.place),
        api="identity.Provider",
        id_field="provider",
        query={"provider": name},
        declared=without_none(
            {
                "name": provider.name,
                "alias": provider.alias,
                "color": provider.color or moved.get("color"),
                "icon": provider.icon or moved.get("icon"),
                "order": provider.order,
                "plugin_info": provider.plugin_info,
                "options": provider.options,
                "tags": None if provider.tags is None else tags,
            }
        ),
        create_params=lambda declared: {"provider": name, **_without_empty(declared, "plugin_info")},
        writers=(Writer("update", ("name", "alias", "color", "icon", "order", "options", "tags")),),
        clearable=frozenset({"options", "tags"}),
        obstacle=lambda listed: "" if listed else refused_by_2_x(provider),
        managed=_is_managed,
        notes=tuple(notes),
    )


def _without_empty(declared: Record, field: str) -> Record:
    """Removes an empty `field`: identity validates plugin_info even if it is empty."""
    return {name: value for name, value in declared.items() if name != field or value}


def _form_notes(provider: Provider, form: AccountForm | None) -> list[str]:
    """Notes about a form that is declared in the fields of 1.12."""
    own = declared_among(provider, "template", "capability", "metadata")
    if form is None:
        return [f"{name}: not supported by 2.x." for name in own]
    if form.schema is not None:
        elsewhere = f"which uses the schema {form.schema.id} of {form.place}"
        return [f"{', '.join(own)}: not supported by 2.x, {elsewhere}."] if own else []
    moved = {
        "template": "service_account.schema, as a schema of type SERVICE_ACCOUNT",
        "capability": "supported_schema, as related_schemas of that schema",
        "metadata": f"the markdown of {HELP}, as options.help of that schema",
    }
    return [f"{name}: 2.x supports only {moved[name]}." for name in own]


def _project(name: str, account: ServiceAccount) -> Resource:
    notes: tuple[str, ...] = ()
    if account.project_group:
        notes = (
            "project_group: not supported by 2.x, which looks up the project by its name in the whole workspace.",
        )
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


def _service_account(account: ServiceAccount, form: AccountForm | None) -> Resource:
    notes = []
    if account.service_account_type:
        notes.append(
            "service_account_type is not supported by 2.x, where trusted accounts are a separate kind of resource."
        )
    if account.secret_type:
        notes.append("secret_type is not supported by 2.x: the account creates its secret.")
    if account.secret_data:
        notes.append("secret_data cannot be read back: it is written when the account has no secret.")
    return Resource(
        kind="service account",
        name=account.name,
        file=str(account.place),
        api="identity.ServiceAccount",
        id_field="service_account_id",
        query={"name": account.name, "provider": account.provider},
        declared=without_none(
            {
                "data": account.data,
                "tags": account.tags,
                "secret_schema_id": account.secret_schema_id,
                "secret_data": account.secret_data,
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
        # Identity stores the account before its secret.
        complete=lambda record: bool(record.get("secret_id") or not account.secret_data),
        objection=lambda records, written: _objection(account, form, records, written),
        notes=tuple(notes),
    )


def _objection(
    account: ServiceAccount, form: AccountForm | None, records: Records, written: Collection[str]
) -> str:
    """Why identity would refuse the account's data or secret data: it validates them with its own schemas."""
    form_id = _form_key(account.provider) if form is None else _form_id(account.provider)
    form_id = form.schema.id if form and form.schema else form_id
    checked = (("data", form_id, form is not None), ("secret_data", account.secret_schema_id or "", True))
    for field, schema_id, declared in checked:
        record = records.get(("schema", schema_id))
        if field not in written or record is None or (declared and not _is_managed(record)):
            continue
        if words := misfit(account, field, record.get("schema"), f"the schema {record['schema_id']}"):
            return words
    return ""


def _observed_account(record: Record, secret_data: Mapping[str, Any] | None) -> Record:
    """Secret data cannot be read: an account that has a secret counts as having the declared one."""
    return {**record, "secret_data": secret_data if record.get("secret_id") else None}


def _plugin(manifest: Manifest, target: Target) -> Resource:
    notes = []
    if manifest.plugin.template:
        notes.append("template is not supported by a plugin of 2.x.")
    config = target.placement.registry_config if target.placement else manifest.plugin.registry_config
    if config:
        notes.append("registry_config cannot be read back: 2.x shows the installation's own.")
    return plugin(
        manifest,
        target,
        generation="2.x",
        local="LOCAL",
        changeable=("name", "capability", "labels", "docs", "tags"),
        clearable=frozenset({"capability", "docs", "tags"}),
        create_params=lambda declared: {"plugin_id": manifest.plugin.id, **declared},
        identity=manifest.plugin.id,
        unreadable=frozenset({"registry_config"}),
        notes=notes,
    )


def _collector(declared: Collector, manifest: Manifest, target: Target) -> Resource:
    group = declared.resource_group
    notes = [
        f"{name}: inventory 2.0.dev247 accepts it, but then fails in every collection."
        for name in filtered_by_schema(declared)
    ]
    return collector(
        declared,
        manifest,
        target,
        plugin_id=manifest.plugin.id,
        fixed={"resource_group": group},
        scope=Scope.WORKSPACE if group == "WORKSPACE" else Scope.DOMAIN,
        notes=notes,
    )
