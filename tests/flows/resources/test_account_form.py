"""What both generations share; and that neither drops anything in silence."""

import re
from collections.abc import Mapping

import pytest
import yaml

from flows.manifest import Manifest
from flows.manifest.models import KINDS
from flows.resources import Target
from flows.resources.account_form import HELP, account_form, accounts_by
from flows.resources.resource import Reference
from flows.resources.values import canonical

#: Every field of every kind, each with a value that stands nowhere else.
WORDS_OF_BOTH = {
    "repository": {"name": "Repository 1", "repository_type": "local", "tags": {"repository": "tag"}},
    "schema": {
        "name": "Schema 1",
        "schema_id": "schema-1",
        "service_type": "secret.other",
        "schema_type": "TRUSTING_SECRET",
        "provider": "provider-1",
        "schema": {"type": "object", "title": "Secret"},
        "related_schemas": ["schema-of-elsewhere"],
        "options": {"schema": "option"},
        "labels": ["schema label"],
        "tags": {"schema": "tag"},
    },
    "provider": {
        "provider": "provider-1",
        "name": "Provider 1",
        "alias": "p1",
        "color": "#123456",
        "icon": "https://icons/1",
        "order": 71,
        "plugin_info": {"plugin_id": "provider-plugin"},
        "options": {"provider": "option"},
        "template": {"service_account": {"schema": {"title": "Account"}, "other": "template"}},
        "capability": {"supported_schema": ["schema-1"], "other": "capability"},
        "metadata": {
            "view": {"layouts": {HELP: {"name": "Layout", "options": {"markdown": {"en": "# Help"}}}}},
            "other": "metadata",
        },
        "tags": {"provider": "tag"},
    },
    "service_account": {
        "name": "Account 1",
        "provider": "provider-1",
        "data": {"amount": "account data"},
        "project": "Project 1",
        "project_group": "Group 1",
        "secret_schema_id": "schema-1",
        "secret_data": {"key": "secret data"},
        "secret_type": "CREDENTIALS",
        "service_account_type": "GENERAL",
        "tags": {"account": "tag"},
    },
    "plugin": {
        "name": "Plugin 1",
        "image": "team/image-1",
        "plugin_id": "plugin-1",
        "provider": "provider-1",
        "service_type": "inventory.Collector",
        "resource_type": "inventory.Collector",
        "registry_type": "HARBOR",
        "registry_config": {"registry": "config"},
        "capability": {"plugin": "capability"},
        "labels": ["plugin label"],
        "template": {"plugin": "template"},
        "docs": {"en": "plugin docs"},
        "tags": {"plugin": "tag"},
    },
    "collector": {
        "name": "Collector 1",
        "plugin_info": {"plugin_id": "plugin-1", "options": {"coins": 72}, "upgrade_mode": "MANUAL"},
        "provider": "provider-1",
        "resource_group": "DOMAIN",
        "schedule": {"state": "ENABLED", "hours": [13]},
        "secret_filter": {
            "secrets": ["secret-73"],
            "service_accounts": ["Account 1"],
            "exclude_secrets": ["secret-74"],
            "exclude_service_accounts": ["sa-75"],
        },
        "tags": {"collector": "tag"},
    },
}
#: The form of 2.x, beside the provider of 1.12.
FORM = {
    "name": "Form 1",
    "schema_id": "form-1",
    "schema_type": "SERVICE_ACCOUNT",
    "schema": {"title": "Form of 2.x"},
    "related_schemas": ["schema-1"],
    "options": {"help": {"en": "# Help of 2.x"}, "other": "form option"},
    "labels": ["form label"],
    "tags": {"form": "tag"},
}


def leaves(value):
    """Everything in a value that is no mapping and no list, as text."""
    if isinstance(value, Mapping):
        return {leaf for item in value.values() for leaf in leaves(item)}
    if isinstance(value, (list, tuple)):
        return {leaf for item in value for leaf in leaves(item)}
    if isinstance(value, Reference):
        return {value.name, *value.name.split("/")}
    return set() if value is None else {str(canonical(value))}


def held(resource):
    """What reaches the platform of a resource."""
    found = leaves(resource.name) | leaves(resource.query) | leaves(resource.declared)
    if resource.create_params:
        found |= leaves(resource.create_params(resource.declared))
    return found


def silently_lost(manifest, resources):
    """Fields whose values reach the platform in no resource, and which no note of their document names."""
    reached = set().union(*map(held, resources))
    documents = (
        manifest.repository,
        *manifest.schemas,
        manifest.provider,
        *manifest.service_accounts,
        manifest.plugin,
        manifest.collector,
    )
    for document in documents:
        where = str(document.place)
        notes = " ".join(
            note
            for resource in resources
            for note in resource.notes
            if resource.file == where or where in note
        )
        for field, value in document.model_dump(by_alias=True, exclude_unset=True).items():
            lost = {leaf for leaf in leaves(value) - reached if leaf not in notes}
            if lost and not re.search(rf"\b{field}\b", notes):
                yield document.kind, field, lost


@pytest.mark.parametrize(
    "folder", ["tests/fixtures/walkthrough", "tests/fixtures/native-2x", "deployments/portfolio"]
)
def test_no_field_of_a_manifest_is_dropped_in_silence(checkout, declare, folder):
    manifest = Manifest.load(checkout / folder)
    assert list(silently_lost(manifest, declare(manifest, Target("0.1.0")))) == []


@pytest.mark.parametrize("forms", [[], [FORM]], ids=["in words of 1.12", "in words of both"])
@pytest.mark.parametrize("template", [True, False], ids=["with a template", "without"])
def test_no_field_at_all_is_dropped_in_silence(tmp_path, declare, forms, template):
    documents = {kind: [fields] for kind, fields in WORDS_OF_BOTH.items()}
    documents["schema"] = [*documents["schema"], *forms]
    if not template:
        provider = {key: value for key, value in documents["provider"][0].items() if key != "template"}
        documents["provider"] = [provider]
    for kind, parts in documents.items():
        (tmp_path / f"{kind}.yaml").write_text(yaml.safe_dump_all(parts))
    manifest = Manifest.load(tmp_path)
    assert list(silently_lost(manifest, declare(manifest, Target("0.1.0")))) == []


def test_every_field_is_in_what_is_tried():
    tried = {kind: set(fields) for kind, fields in WORDS_OF_BOTH.items()}
    assert tried == {kind.kind: set(kind.fields()) for kind in KINDS}


def test_the_form_is_the_same_in_the_words_of_both(manifest, native):
    own, of_2x = account_form(manifest), account_form(native)
    assert own.definition["required"] == of_2x.definition["required"] == ["amount"]
    assert own.help.keys() == of_2x.help.keys() == {"en", "ko"}
    assert (own.secret_schemas, of_2x.secret_schemas) == (
        ["portfolio_investment_schema"],
        ["portfolio-secret"],
    )
    assert own.schema is None
    assert of_2x.schema is native.schemas[0]


@pytest.mark.parametrize(
    ("metadata", "capability", "expected"),
    [(None, None, (None, None)), ({}, {}, ({}, [])), ({"view": {}}, {"other": 1}, ({}, []))],
)
def test_no_help_and_no_schemas_are_not_the_same_as_nothing_said(manifest, metadata, capability, expected):
    provider = manifest.provider.model_copy(update={"metadata": metadata, "capability": capability})
    form = account_form(type(manifest)(**{**vars(manifest), "provider": provider}))
    assert (form.help, form.secret_schemas) == expected


def test_accounts_are_taken_by_what_they_share(manifest):
    (account,) = manifest.service_accounts
    others = (account.model_copy(update={"name": "b"}), account.model_copy(update={"project": "P"}))
    many = type(manifest)(**{**vars(manifest), "service_accounts": (account, *others)})
    assert list(accounts_by(many, lambda each: each.project)) == [("Portfolio", account), ("P", others[1])]
