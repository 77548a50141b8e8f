"""What the documents of a manifest say about each other. A wrong reference would only show as a job without tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flows.manifest.documents import Declaration, without_values
from flows.manifest.errors import InvalidField
from flows.manifest.json_schema import misfits_in_words
from flows.manifest.models import Collector, Plugin, Provider, Schema, ServiceAccount
from flows.text import quoted

#: Types of schemas for an account's own data.
OF_ACCOUNTS = frozenset({"SERVICE_ACCOUNT", "TRUSTED_ACCOUNT"})


@dataclass(frozen=True)
class Documents:
    """The documents of a manifest that refer to each other, as far as they can be read."""

    provider: Provider | None
    schemas: tuple[Schema, ...]
    service_accounts: tuple[ServiceAccount, ...]
    plugin: Plugin | None
    collector: Collector | None

    def naming_the_provider(self) -> Iterator[tuple[Declaration, str]]:
        """Those that name a provider, each with its name; the one that declares it first."""
        others = (self.plugin, *self.service_accounts, *self.schemas, self.collector)
        for document in (self.provider, *others):
            if document is not None and (name := getattr(document, "provider", None)):
                yield document, name


def disagreements(manifest: Documents) -> Iterator[InvalidField]:
    """What contradicts another document of the manifest."""
    yield from _other_providers(manifest)
    plugin, collector = manifest.plugin, manifest.collector
    if plugin and collector and (wanted := collector.plugin_info.plugin_id) not in {None, plugin.id}:
        what, but = f"plugin_info.plugin_id is {quoted(wanted)}", f"registers {quoted(plugin.id)}"
        yield _disagreement(collector, what, plugin, but)
    if plugin and collector and not (kind := plugin.plugin_kind()).collects:
        but = (
            f"registers the plugin as {kind.type}: nothing is collected with {kind}. If it is a collector, its type is "
            "inventory.Collector; if not, leave the collector out"
        )
        yield _disagreement(collector, "a collector is declared", plugin, but)
    schemas = {schema.id: schema for schema in manifest.schemas}
    for account in manifest.service_accounts:
        schema = schemas.get(account.secret_schema_id or "")
        if schema is not None and schema.schema_type in OF_ACCOUNTS:
            what = f"secret_schema_id is {quoted(schema.id)}"
            but = f"declares it for an account's data (schema_type {schema.schema_type}), not for a secret's"
            yield _disagreement(account, what, schema, but)


def unfit(manifest: Documents) -> Iterator[InvalidField]:
    """What of the accounts' data does not fit the manifest's own schemas."""
    schemas = {schema.id: schema for schema in manifest.schemas if schema.schema_type not in OF_ACCOUNTS}
    for account in manifest.service_accounts:
        schema = schemas.get(account.secret_schema_id or "")
        if schema is not None and (words := misfits_in_words(account.secret_data, schema.definition)):
            yield _unfit(account, "secret_data", schema, words)
        yield from _unfit_data(account, manifest)


def refused_by_2_x(provider: Provider) -> str:
    """Why identity of 2.x would refuse to create a provider, or "" (`_check_sync_option_with_plugin_info`).

    It is no fault of a manifest: 1.12 ignores these fields, and so does 2.x for a provider that it has already.
    """
    info, options = provider.plugin_info, provider.options or {}
    if info and not isinstance(info.get("options"), Mapping):
        return "2.x requires the field options of plugin_info, which may be empty: add options: {}."
    if options.get("support_auto_sync"):
        if not options.get("support_trusted_account"):
            return "options.support_auto_sync needs support_trusted_account: true in 2.x."
        if not info:
            return "options.support_auto_sync needs plugin_info in 2.x, the plugin that finds the accounts."
    return ""


def _other_providers(manifest: Documents) -> Iterator[InvalidField]:
    named = list(manifest.naming_the_provider())
    for document, other in named[1:]:
        first, provider = named[0]
        if other != provider:
            verb = "declares" if isinstance(first, Provider) else "names"
            yield _disagreement(
                document, f"the provider is {quoted(other)}", first, f"{verb} {quoted(provider)}"
            )


def _unfit_data(account: ServiceAccount, manifest: Documents) -> Iterator[InvalidField]:
    """The account's data, if it fits none of the forms: each generation has its own place for one."""
    forms: list[tuple[Declaration, Any]] = [
        (schema, schema.definition) for schema in manifest.schemas if schema.schema_type == "SERVICE_ACCOUNT"
    ]
    if (provider := manifest.provider) is not None:
        own = (provider.template or {}).get("service_account")
        if isinstance(own, Mapping) and isinstance(own.get("schema"), Mapping):
            forms.append((provider, own["schema"]))
    found = [(place, misfits_in_words(account.data, definition)) for place, definition in forms]
    if found and all(words for _, words in found):
        yield _unfit(account, "data", *found[0])


def _unfit(account: ServiceAccount, field: str, form: Declaration, words: str) -> InvalidField:
    called = f"the schema {quoted(form.id)} of " if isinstance(form, Schema) else "the form of "
    return InvalidField(f"{account.place}: {field} does not fit {called}{form.place}: {words}.")


def _disagreement(document: Declaration, what: str, other: Declaration, but: str) -> InvalidField:
    return InvalidField(shown(f"{document.place}: {what}, but {other.place} {but}.", document, other))


def shown(message: str, *documents: Declaration) -> str:
    """The message, without values if parameters set some, because they may be secret."""
    return without_values(message) if any(document.place.parameters for document in documents) else message
