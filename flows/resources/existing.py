"""What a manifest does not declare because the platform has it: found, kept, and never written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flows.manifest import Manifest, ServiceAccount, misfits_in_words
from flows.resources.resource import Record, Resource
from flows.resources.values import dig
from flows.spaceone import Client

_NOTE = "not declared: the platform must have it."


def existing(
    kind: str,
    name: str,
    manifest: Manifest,
    *,
    api: str,
    id_field: str,
    query: Mapping[str, Any],
    missing: str,
    wrong: Callable[[Record], str] = lambda _record: "",
    listing: Mapping[str, Any] | None = None,
    elsewhere: Callable[[Client], Sequence[Record]] = lambda _client: (),
) -> Resource:
    """A resource that the platform must have.

    Args:
        kind: Such as `provider`.
        name: Its name, for people.
        manifest: What is declared.
        api: `service.Resource`.
        id_field: The field of its id.
        query: Parameters of `list` that find it.
        missing: Why the plan is blocked without it.
        wrong: Returns why the record that is used does not do, or "".
        listing: Parameters of `list` that list all resources of the kind.
        elsewhere: Returns records that `query` does not list.
    """
    return Resource(
        kind=kind,
        name=name,
        file=str(manifest.folder),
        api=api,
        id_field=id_field,
        query=query,
        listing=listing or {},
        declared={},
        create_params=None,
        obstacle=lambda listed: wrong(listed[0]) if listed else missing,
        elsewhere=elsewhere,
        any_of=True,
        notes=(_NOTE,),
    )


def existing_provider(manifest: Manifest) -> list[Resource]:
    """The provider, which the manifest names and does not declare; none for a plugin that collects nothing."""
    if not manifest.collects:
        return []
    name = manifest.provider_name
    provider = existing(
        "provider",
        name,
        manifest,
        api="identity.Provider",
        id_field="provider",
        query={"provider": name},
        missing=f"The platform has no provider {name}, and the manifest declares none: add create_provider.yaml.",
    )
    return [provider]


def undeclared_schemas(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The schemas that accounts name for their secrets and that the manifest does not declare.

    Yields:
        The schema's id, and why the plan is blocked if the platform does not have it either.
    """
    declared = [schema.id for schema in manifest.schemas]
    seen = set(declared)
    for account in manifest.service_accounts:
        named = account.secret_schema_id
        if named is None or named in seen:
            continue
        seen.add(named)
        only = f"declares {' and '.join(declared)} only" if declared else "declares none"
        what = f"The platform has no schema {named}, which {account.place} names as secret_schema_id"
        yield named, f"{what}, and the manifest {only}: add create_schema.yaml, or name another schema."


def misfit(account: ServiceAccount, field: str, definition: Any, of: str) -> str:
    """Why the platform would refuse a field of an account, or ""; it shows no value.

    Args:
        account: The account.
        field: `data` or `secret_data`.
        definition: The JSON Schema that the platform has.
        of: Where it is, for people.
    """
    words = misfits_in_words(getattr(account, field), definition)
    return (
        f"{account.place}: {field} does not fit the form that the platform has, {of}: {words}."
        if words
        else ""
    )


def managed_schemas(name: str) -> Callable[[Client], list[Record]]:
    """Looks a schema up in the managed repositories of 1.12.

    A full list of them fails if a shipped schema has no labels, so only names are asked for.
    """

    def look(client: Client) -> list[Record]:
        found: list[Record] = []
        for repository in client.list("repository.Repository.list", {"repository_type": "managed"}):
            params = {
                "repository_id": repository["repository_id"],
                "name": name,
                "query": {"minimal": True},
            }
            found += [
                {**record, "repository_info": repository}
                for record in client.list("repository.Schema.list", params)
                if record.get("name") == name
            ]
        return found

    return look


def is_of_managed_repository(record: Record) -> bool:
    """Whether a record of 1.12 is the platform's own."""
    return bool(dig(record, "repository_info", "repository_type") == "managed")
