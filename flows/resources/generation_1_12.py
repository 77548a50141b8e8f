"""SpaceONE 1.12: a manifest's resources in its API, and the fields that it does not support.

Checked with spaceone-identity 1.12.4, -repository 1.12.5, -secret 1.12.0 and -inventory 1.12.2.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flows.manifest import OF_ACCOUNTS, Collector, Manifest, Provider, Schema, ServiceAccount
from flows.resources.account_form import HELP, AccountForm, account_form, accounts_by
from flows.resources.collector import collector, filtered_by_schema
from flows.resources.existing import (
    existing,
    existing_provider,
    is_of_managed_repository,
    managed_schemas,
    misfit,
    undeclared_schemas,
)
from flows.resources.plugin import plugin
from flows.resources.resource import Record, Records, Reference, Resource, Writer
from flows.resources.target import Target
from flows.resources.values import declared_among, dig, without_none

_CREDENTIALS = "secret.credentials"
#: Fields of a provider in 1.12, and their place in a 2.x schema for accounts. The provider's fields take precedence.
_FORM = {"template": "schema", "metadata": "options.help", "capability": "related_schemas"}


def resources(manifest: Manifest, target: Target) -> list[Resource]:
    """All resources that the platform must hold for a release, in the order of their references."""
    schemas = [schema for schema in manifest.schemas if schema.schema_type not in OF_ACCOUNTS]
    form, provider = account_form(manifest), manifest.provider
    return [
        _repository(manifest),
        *(_schema(schema, manifest) for schema in schemas),
        *(_existing_schema(manifest, schema, missing) for schema, missing in undeclared_schemas(manifest)),
        *([_provider(provider, manifest, form)] if provider else existing_provider(manifest)),
        *(_project_group(name, account) for name, account in accounts_by(manifest, _group)),
        *(_project(name, account) for name, account in accounts_by(manifest, _project_name)),
        *(_service_account(account, form) for account in manifest.service_accounts),
        *(_secret(account) for account in manifest.service_accounts if account.secret_data),
        _plugin(manifest, target),
        *([_collector(manifest.collector, manifest, target)] if manifest.collector else ()),
    ]


def _repository(manifest: Manifest) -> Resource:
    repository = manifest.repository
    notes = ["An installation has only one local repository, which is used whatever its name is."]
    if repository.place.default:
        notes.append(f"not declared: if the platform has none, {repository.name} is registered.")
    if repository.tags:
        notes.append("tags are not supported by a repository of 1.12.")
    return Resource(
        kind="repository",
        name=repository.name,
        file=str(repository.place),
        api="repository.Repository",
        id_field="repository_id",
        query={"repository_type": "local"},
        declared={},
        create_params=lambda _: {"name": repository.name, "repository_type": "local"},
        create_verb="register",
        notes=tuple(notes),
    )


def _schema(schema: Schema, manifest: Manifest) -> Resource:
    notes, service_type = [], schema.service_type or _CREDENTIALS
    if schema.schema_type or not schema.service_type:
        notes.append(f"schema_type {schema.schema_type or 'SECRET'} is service_type {service_type} in 1.12.")
    if schema.id != schema.name:
        notes.append(f"name is the schema_id, {schema.id}: 1.12 identifies a schema by it.")
    if lost := declared_among(schema, "provider", "related_schemas", "options"):
        notes.append(f"{', '.join(lost)}: not supported by a schema of 1.12.")
    repository = Reference("repository", manifest.repository.name)
    return Resource(
        kind="schema",
        name=schema.id,
        file=str(schema.place),
        api="repository.Schema",
        id_field="name",
        query={"repository_id": repository, "name": schema.id},
        listing={"repository_id": repository},
        declared=without_none(
            {
                "service_type": service_type,
                "schema": schema.definition,
                "labels": schema.labels,
                "tags": schema.tags,
            }
        ),
        create_params=lambda declared: {"name": schema.id, **declared},
        writers=(Writer("update", ("schema", "labels", "tags")),),
        clearable=frozenset({"schema", "labels", "tags"}),
        elsewhere=managed_schemas(schema.id),
        managed=is_of_managed_repository,
        notes=tuple(notes),
    )


def _existing_schema(manifest: Manifest, name: str, missing: str) -> Resource:
    """A schema that an account names for its secret, and that a repository has."""
    repository = Reference("repository", manifest.repository.name)
    return existing(
        "schema",
        name,
        manifest,
        api="repository.Schema",
        id_field="name",
        query={"repository_id": repository, "name": name},
        listing={"repository_id": repository},
        missing=missing,
        elsewhere=managed_schemas(name),
    )


def _provider(provider: Provider, manifest: Manifest, form: AccountForm | None) -> Resource:
    moved = {name: getattr(provider, name) for name in declared_among(provider, "icon", "color")}
    notes = [f"{name}: tags.{name} in 1.12." for name in moved]
    if lost := declared_among(provider, "alias", "plugin_info", "options"):
        notes.append(f"{', '.join(lost)}: not supported by a provider of 1.12.")
    notes += [
        f"{_called(schema)}: not supported by 1.12."
        for schema in manifest.schemas
        if schema.schema_type in OF_ACCOUNTS and (form is None or schema is not form.schema)
    ]
    written, said = _written_form(provider, form)
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
                "order": provider.order,
                **written,
                "tags": {**(provider.tags or {}), **moved} if moved else provider.tags,
            }
        ),
        create_params=lambda declared: {"provider": name, **declared},
        writers=(Writer("update", ("name", "order", "template", "metadata", "capability", "tags")),),
        clearable=frozenset({"template", "metadata", "capability", "tags"}),
        notes=(*notes, *said),
    )


def _called(schema: Schema) -> str:
    return f"the schema {schema.id} of {schema.place}, of type {schema.schema_type}"


def _written_form(provider: Provider, form: AccountForm | None) -> tuple[Mapping[str, Any], list[str]]:
    """The provider's fields with those that 2.x has in a schema of type SERVICE_ACCOUNT, and the notes."""
    own = {name: getattr(provider, name) for name in _FORM}
    if form is None or form.schema is None:
        return own, []
    layout = {"name": "Creation Help", "options": {"markdown": form.help}}
    written = without_none(
        {
            "template": {"service_account": {"schema": form.definition}},
            "metadata": {"view": {"layouts": {HELP: layout}}} if form.help else form.help,
            "capability": None if form.secret_schemas is None else {"supported_schema": form.secret_schemas},
        }
    )
    taken = [name for name in written if own[name] is None]
    notes = [f"{', '.join(taken)}: {_called(form.schema)}."] if taken else []
    lost = ["name", *declared_among(form.schema, "labels", "tags")]
    lost += [f"options.{name}" for name in form.schema.options or {} if name != "help"]
    lost += [_FORM[name] for name in written if own[name] is not None]
    notes.append(f"not supported by 1.12 in {_called(form.schema)}: {', '.join(lost)}.")
    return {**written, **without_none(own)}, notes


def _group(account: ServiceAccount) -> str:
    return account.project_group or account.project


def _project_name(account: ServiceAccount) -> str:
    """The project's name in the plan. Several groups may contain projects of the same name."""
    return f"{account.project_group}/{account.project}" if account.project_group else account.project


def _project_group(name: str, account: ServiceAccount) -> Resource:
    notes: tuple[str, ...] = ()
    if account.project_group is None:
        notes = ("project_group is not declared, but 1.12 requires one: it has the project's name.",)
    return Resource(
        kind="project group",
        name=name,
        file=str(account.place),
        api="identity.ProjectGroup",
        id_field="project_group_id",
        query={"name": name},
        declared={},
        create_params=lambda _: {"name": name},
        notes=notes,
    )


def _project(name: str, account: ServiceAccount) -> Resource:
    group = Reference("project group", _group(account))
    return Resource(
        kind="project",
        name=name,
        file=str(account.place),
        api="identity.Project",
        id_field="project_id",
        query={"name": account.project, "project_group_id": group},
        declared={"project_group_id": group},
        observed=lambda record: {"project_group_id": dig(record, "project_group_info", "project_group_id")},
        create_params=lambda declared: {"name": account.project, **declared},
    )


def _service_account(account: ServiceAccount, form: AccountForm | None) -> Resource:
    return Resource(
        kind="service account",
        name=account.name,
        file=str(account.place),
        api="identity.ServiceAccount",
        id_field="service_account_id",
        # Names are unique in a domain, whatever the provider.
        query={"name": account.name},
        declared=without_none(
            {
                "provider": account.provider,
                "service_account_type": account.service_account_type or "GENERAL",
                "data": account.data,
                "tags": account.tags,
                "project_id": Reference("project", _project_name(account)),
            }
        ),
        observed=lambda record: {**record, "project_id": dig(record, "project_info", "project_id")},
        create_params=lambda declared: {"name": account.name, **declared},
        writers=(Writer("update", ("data", "tags", "project_id")),),
        clearable=frozenset({"data", "tags"}),
        objection=lambda records, written: _objection(account, form, records, written),
    )


def _objection(
    account: ServiceAccount, form: AccountForm | None, records: Records, written: Collection[str]
) -> str:
    """Why identity would refuse the account's data: it validates them with the provider's template."""
    provider = records.get(("provider", account.provider))
    if form is not None or provider is None or "data" not in written:
        return ""
    definition = dig(provider, "template", "service_account", "schema")
    return misfit(account, "data", definition, f"the provider {account.provider}")


def _secret(account: ServiceAccount) -> Resource:
    """The account's secret: a separate resource in 1.12, with the account's name."""
    owner = Reference("service account", account.name)

    def observed(record: Record) -> Record:
        """Secret data cannot be read: an existing secret counts as having the declared data."""
        return {**record, "data": account.secret_data}

    return Resource(
        kind="secret",
        name=account.name,
        file=str(account.place),
        api="secret.Secret",
        id_field="secret_id",
        query={"service_account_id": owner},
        declared=without_none(
            {
                "service_account_id": owner,
                "secret_type": account.secret_type or "CREDENTIALS",
                "schema": account.secret_schema_id,
                "data": account.secret_data,
            }
        ),
        observed=observed,
        create_params=lambda declared: {"name": account.name, **declared},
        writers=(Writer("update_data", ("schema", "data"), together=True),),
        hidden=frozenset({"data"}),
        notes=(
            "secret_schema_id and secret_data are a separate secret in 1.12.",
            "secret_data cannot be read back: it is written when the account has no secret.",
        ),
    )


def _plugin(manifest: Manifest, target: Target) -> Resource:
    identity, notes = _plugin_id(manifest), []
    if identity != manifest.plugin.id:
        notes.append(f"plugin_id {manifest.plugin.id}: in 1.12 it is the image's last part, {identity}.")
    if manifest.plugin.docs:
        notes.append("docs are not supported by a plugin of 1.12.")
    return plugin(
        manifest,
        target,
        generation="1.12",
        local="local",
        changeable=("name", "capability", "template", "labels", "tags"),
        clearable=frozenset({"capability", "template", "labels", "tags"}),
        identity=identity,
        notes=notes,
    )


def _plugin_id(manifest: Manifest) -> str:
    return manifest.plugin.image.rsplit("/", 1)[-1]


def _collector(declared: Collector, manifest: Manifest, target: Target) -> Resource:
    notes, obstacle = [], ""
    if "resource_group" in declared.model_fields_set:
        notes.append("resource_group: not supported by a collector of 1.12, which has no workspaces.")
    if by_schema := filtered_by_schema(declared):
        obstacle = (
            f"inventory of 1.12 does not support {' and '.join(by_schema)}: it looks up schemas without naming their "
            "repository, and fails. Use service_accounts or secrets."
        )
    identity = _plugin_id(manifest)
    if declared.plugin_info.plugin_id not in (None, identity):
        notes.append(f"plugin_info.plugin_id: {identity}, the image's last part, in 1.12.")
    return collector(declared, manifest, target, plugin_id=identity, fixed={}, notes=notes, obstacle=obstacle)
