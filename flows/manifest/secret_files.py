"""A secret in a file of its own, as `spacectl exec create secret.Secret` takes it: the secret data of an account."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import PurePath

import yaml

from flows.manifest.errors import InvalidField
from flows.manifest.reading import Part
from flows.text import quoted

RESOURCE_TYPE = "secret.Secret"

#: The fields of a secret, and those of an account that hold the same.
_TAKEN = {
    "data": "secret_data",
    "schema_id": "secret_schema_id",
    "schema": "secret_schema_id",
    "secret_type": "secret_type",
}
_IGNORED = {
    "name": "the platform names an account's secret",
    "tags": "an account's secret has none",
    "provider": "it is the account's",
    "service_account_id": "it belongs to the manifest's account",
    "project_id": "it is the account's",
    "resource_group": "it is in the account's project",
    "encrypted": "the platform decides it",
    "encrypt_options": "the platform decides it",
}
_OWN = frozenset({"service_account_id", "trusted_secret_id", "secret_type", "schema_id", "encrypted"})
_OF_ACCOUNTS = frozenset({"project", "secret_data", "secret_schema_id", "service_account_type"})
_NAMED = re.compile(r"(?:^|[^a-z])secrets?(?:[^a-z]|$)")


def is_secret(part: Part, path: PurePath) -> bool:
    """Whether a document is a secret: it has data, and a field that an account has not, or a name that says so.

    Args:
        part: The document.
        path: The path of its file, relative to the manifest's folder.
    """
    names = part.data.keys()
    if "data" not in names or names & _OF_ACCOUNTS or isinstance(part.data.get("schema"), dict):
        return False
    named = any(_NAMED.search(name.lower()) for name in (path.stem, *path.parent.parts))
    return bool(names & _OWN) or "schema" in names or named


def with_secret(accounts: Sequence[Part], secret: Part) -> list[Part]:
    """The accounts, of which one has the secret's data.

    Raises:
        InvalidField: it does not tell which account it belongs to, or it has a field that no account's secret has.
            The message has no value of its data.
    """
    if unknown := [name for name in secret.data if name not in {*_TAKEN, *_IGNORED}]:
        if "trusted_secret_id" in unknown:
            raise InvalidField(
                f"{secret.where('trusted_secret_id')}: a secret that trusts another one is not supported: "
                "declare secret_data that is complete."
            )
        raise InvalidField(
            f"{secret.where(unknown[0])}: unknown field. The fields of a secret are: "
            f"{', '.join(sorted({*_TAKEN, *_IGNORED}))}."
        )
    index = _owner(accounts, secret)
    account, renamed = accounts[index], _renamed(secret)
    ignored = [
        f"{secret.where(name)}: {name} of the secret is ignored: {_IGNORED[name]}."
        for name in secret.data
        if name in _IGNORED
    ]
    changed = dataclasses.replace(
        account,
        data={**account.data, **renamed.data},
        elsewhere={**account.elsewhere, **dict.fromkeys(renamed.data, renamed)},
        remarks=(*account.remarks, *secret.remarks, *ignored),
    )
    return [*accounts[:index], changed, *accounts[index + 1 :]]


def _owner(accounts: Sequence[Part], secret: Part) -> int:
    provider = secret.data.get("provider")
    possible = [
        index
        for index, account in enumerate(accounts)
        if not account.data.get("secret_data")
        and (provider is None or provider == account.data.get("provider"))
    ]
    if len(possible) > 1:
        name = str(secret.data.get("name", ""))
        named = [index for index in possible if _begins(name, str(accounts[index].data.get("name", "")))]
        possible = sorted(named, key=lambda index: -len(str(accounts[index].data["name"])))[:1] or possible
    if len(possible) == 1:
        return possible[0]
    of = f" of {quoted(provider)}" if isinstance(provider, str) else ""
    found = "no service account" if not possible else f"{len(possible)} service accounts"
    raise InvalidField(
        f"{secret.where()}: this secret belongs to a service account, but the manifest declares {found}{of} without "
        "secret_data. Write its data into the account, as secret_data and secret_schema_id."
    )


def _begins(name: str, account: str) -> bool:
    """Whether a secret is named after an account: `prod-credentials` after `prod`."""
    return bool(account) and re.match(rf"{re.escape(account)}(?![A-Za-z0-9])", name) is not None


def _renamed(secret: Part) -> Part:
    """The secret's fields under the account's names, at their own lines."""
    data = {_TAKEN[name]: value for name, value in secret.data.items() if name in _TAKEN}
    node = None
    if isinstance(secret.node, yaml.MappingNode):
        pairs = [
            (yaml.ScalarNode(key.tag, _TAKEN[key.value], key.start_mark, key.end_mark), value)
            for key, value in secret.node.value
            if key.value in _TAKEN
        ]
        node = yaml.MappingNode(secret.node.tag, pairs, secret.node.start_mark, secret.node.end_mark)
    return dataclasses.replace(secret, data=data, node=node)
