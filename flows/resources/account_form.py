"""The console's form for a new service account, which the generations declare in different places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flows.manifest import Manifest, Place, Schema, ServiceAccount
from flows.resources.values import dig

#: The key of the help for a service account's form in 1.12, in `metadata.view.layouts` of a provider.
HELP = "help:service_account:create"


@dataclass(frozen=True)
class AccountForm:
    """The console's form for a new service account, declared in the fields of either generation.

    Attributes:
        definition: JSON Schema of the account's data.
        help: Markdown by language; {} if the form is declared without a help, None if nothing is declared.
        secret_schemas: Ids of the schemas of the secrets that an account may have; None if nothing is declared.
        place: Where it is declared.
        schema: The schema that declares it, as in 2.x; None if the provider declares it, as in 1.12.
    """

    definition: Mapping[str, Any]
    help: Any
    secret_schemas: list[str] | None
    place: Place
    schema: Schema | None = None


def account_form(manifest: Manifest) -> AccountForm | None:
    """The declared form: a schema of type SERVICE_ACCOUNT, otherwise the provider's template and help.

    None if neither is declared: the platform has one for its own providers.
    """
    own = next((schema for schema in manifest.schemas if schema.schema_type == "SERVICE_ACCOUNT"), None)
    if own is not None:
        markdown = dig(own.options, "help")
        return AccountForm(
            own.definition, _or_empty(markdown, own.options), own.related_schemas, own.place, own
        )
    provider = manifest.provider
    if provider is None:
        return None
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
    """Yields each value of `key` once, with the first service account that has it."""
    first: dict[str, ServiceAccount] = {}
    for account in manifest.service_accounts:
        first.setdefault(key(account), account)
    yield from first.items()
