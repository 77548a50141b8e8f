"""The console's form for a new service account, which the generations declare in different places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flows.manifest import Manifest, Place, Schema, ServiceAccount
from flows.resources.values import dig

#: Where 1.12 keeps the help of the form for a service account, below `metadata.view.layouts` of a provider.
HELP = "help:service_account:create"
#: Types of schemas for an account's own data; they name those of its secret, which come first.
ACCOUNT_TYPES = frozenset({"SERVICE_ACCOUNT", "TRUSTED_ACCOUNT"})


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
    """Distinguishes "declared without a help" ({}) from "not declared" (None)."""
    return markdown or (None if declared_in is None else {})


def accounts_by(
    manifest: Manifest, key: Callable[[ServiceAccount], str]
) -> Iterator[tuple[str, ServiceAccount]]:
    """Each value of `key` once, with the first service account that has it."""
    first: dict[str, ServiceAccount] = {}
    for account in manifest.service_accounts:
        first.setdefault(key(account), account)
    yield from first.items()
