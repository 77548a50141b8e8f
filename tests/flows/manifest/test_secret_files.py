"""A secret in a file of its own."""

import pytest

from flows.manifest import InvalidField, Manifest, ManifestError, Secrets

ACCOUNT = "name: prod\nprovider: x\nproject: P\ndata: {}\n"
SECRET = "name: prod-credentials\nprovider: x\nschema_id: key\ndata:\n  token: planted-4711\n"
TASK = """
tasks:
- uses: '@modules/resource'
  spec:
    resource_type: secret.Secret
    data: {name: s, secret_type: CREDENTIALS, schema: key, data: {token: planted-4711}}
"""
MANIFEST = {
    "plugin.yaml": "{name: p, image: a/p, resource_type: inventory.Collector, provider: x}",
    "account.yaml": ACCOUNT,
    "secret.yaml": SECRET,
}


def accounts(folder, parameters=()):
    loaded = Manifest.load(folder, parameters, Secrets({"PLUGINCTL_SECRET_A": "v"}.get))
    return {account.name: account.secret_data for account in loaded.service_accounts}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("secret.yaml", SECRET),
        ("secret-singapore.yaml", SECRET.replace("schema_id: key", "tags: {a: b}\nschema: key")),
        ("01.yaml", SECRET.replace("schema_id: key", "schema_id: key\nservice_account_id: sa-1")),
        ("secret/prod.yaml", SECRET),
        (
            "tasks.yaml",
            TASK,
        ),
    ],
)
def test_it_is_the_accounts_secret_data(write, name, text):
    folder = write({**MANIFEST, "secret.yaml": "", name: text})
    loaded = Manifest.load(folder)
    (account,) = loaded.service_accounts
    assert (account.secret_schema_id, account.secret_data) == ("key", {"token": "planted-4711"})
    remarks = " ".join(loaded.remarks[str(account.place)])
    assert "name of the secret is ignored" in remarks
    assert "4711" not in remarks


def test_of_several_accounts_it_is_the_one_that_it_is_named_after(write):
    others = {f"{name}.yaml": ACCOUNT.replace("prod", name) for name in ("pro", "prod-eu", "test")}
    assert accounts(write({**MANIFEST, **others})) == {
        "pro": None,
        "prod": {"token": "planted-4711"},
        "prod-eu": None,
        "test": None,
    }


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"account.yaml": ""}, "no service account of 'x'"),
        ({"account.yaml": ACCOUNT + "secret_schema_id: key\nsecret_data: {a: b}\n"}, "no service account"),
        (
            {"b.yaml": ACCOUNT.replace("prod", "b"), "account.yaml": ACCOUNT.replace("prod", "a")},
            "2 service acc",
        ),
    ],
)
def test_one_that_belongs_to_no_account_says_where_its_data_goes(write, files, found):
    with pytest.raises(InvalidField) as caught:
        accounts(write({**MANIFEST, **files}))
    said = str(caught.value)
    assert "secret.yaml:1: this secret belongs to a service account" in said
    assert found in said
    assert "as secret_data and secret_schema_id" in said
    assert "4711" not in said


@pytest.mark.parametrize("line", ["planted-4711: x\n", "trusted_secret_id: planted-4711\n"])
def test_a_field_that_no_secret_of_an_account_has_is_not_quoted(write, line):
    with pytest.raises(InvalidField, match=r"secret.yaml:6: ") as caught:
        accounts(write({**MANIFEST, "secret.yaml": SECRET + line}))
    assert "4711" not in str(caught.value)


def test_a_reference_in_it_is_read_and_a_fault_names_its_own_file(write):
    folder = write(
        {**MANIFEST, "secret.yaml": SECRET.replace("planted-4711", "{from_env: PLUGINCTL_SECRET_A}")}
    )
    assert accounts(folder) == {"prod": {"token": "v"}}
    folder = write(
        {**MANIFEST, "secret.yaml": SECRET.replace("planted-4711", "{from_env: PLUGINCTL_SECRET_B}")}
    )
    with pytest.raises(InvalidField, match=r"/secret.yaml:5: the variable PLUGINCTL_SECRET_B is not set"):
        accounts(folder)


def test_a_parameter_overrides_it(write):
    assert accounts(write(MANIFEST), ["service_account.secret_data.token=new"]) == {"prod": {"token": "new"}}


def test_data_of_a_wrong_type_is_not_shown(write):
    folder = write({**MANIFEST, "secret.yaml": SECRET.replace("\n  token: planted-4711", " planted-4711")})
    with pytest.raises(ManifestError, match=r"/secret.yaml:4: the field 'secret_data'") as caught:
        accounts(folder)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("provider", ["[x]", "{a: b}", "1"])
def test_a_provider_that_is_no_text_is_a_fault_of_its_own(write, provider):
    files = {"account.yaml": ACCOUNT.replace("provider: x", f"provider: {provider}")}
    with pytest.raises(ManifestError, match=r"account.yaml:2: the field 'provider'"):
        accounts(write({**MANIFEST, **files}))


def test_an_account_is_no_secret(write):
    folder = write({**MANIFEST, "secret.yaml": "", "secrets/account.yaml": ACCOUNT.replace("prod", "b")})
    assert accounts(folder) == {"prod": None, "b": None}
