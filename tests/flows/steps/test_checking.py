from __future__ import annotations

import pytest

from flows.images.errors import SourceError
from flows.manifest import InvalidField
from flows.steps.checking import check, check_manifest

PLUGIN = "name: Acme\nprovider: acme\nimage: team/plugin-acme\nservice_type: inventory.Collector\n"
ACCOUNT = "name: A\nprovider: acme\nproject: P\ndata: {}\nsecret_schema_id: s\nsecret_data: {SECRET}\n"
SCHEMA = "name: s\nschema: {type: object, properties: {key: {type: string, minLength: 4}}, required: [key]}\n"


@pytest.fixture
def folders(tmp_path):
    source, manifest = tmp_path / "plugin", tmp_path / "manifest"
    (source / "src").mkdir(parents=True)
    manifest.mkdir()
    (source / "Dockerfile").write_text("FROM scratch\nCOPY src /x\n")
    (source / "src/VERSION").write_text("0.1.0\n")
    (manifest / "register_plugin.yaml").write_text(PLUGIN)
    return source, manifest


def with_secret(manifest, secret):
    (manifest / "create_schema.yaml").write_text(SCHEMA)
    (manifest / "create_service_account.yaml").write_text(ACCOUNT.replace("{SECRET}", secret))


def test_both_are_read(folders):
    checked = check(*folders)
    assert (checked.manifest.plugin.id, checked.source.version) == ("plugin-acme", "0.1.0")
    assert checked.as_json()["files"] == len(checked.source.listing.files)


@pytest.mark.parametrize("tag", ["0.1.0", "v0.1.0", "release-0.1.0", "ver/0.1.0"])
def test_a_tag_of_the_version(folders, tag):
    check(*folders, tag=tag)


@pytest.mark.parametrize("tag", ["v0.1.1", "latest", "", "0.1", "v0.1.0\n", "x0.1.0", "0.1.0; id"])
def test_any_other_tag_is_refused(folders, tag):
    with pytest.raises(SourceError, match="VERSION: says 0.1.0, and the git tag is"):
        check(*folders, tag=tag)


def test_a_version_with_a_v_is_meant_by_the_same_tag(folders):
    source, _ = folders
    (source / "src/VERSION").write_text("v0.1.0\n")
    check(*folders, tag="v0.1.0")


def test_parameters_override(folders):
    assert check(*folders, ["plugin.image=other/plugin-x"]).manifest.plugin.id == "plugin-x"


@pytest.mark.parametrize(
    "source", ["from_env: PLUGINCTL_SECRET_KEY", "from_file: key.pem", "from_block: key"]
)
def test_secrets_are_named_and_not_read(folders, monkeypatch, source):
    monkeypatch.setenv("PLUGINCTL_SECRET_KEY", "must-not-be-read")
    with_secret(folders[1], f"{{key: {{{source}}}}}")
    manifest, references = check_manifest(folders[1])
    assert references == (source.partition(": ")[2],)
    assert "must-not-be-read" not in str(manifest.service_accounts[0].secret_data)


def test_a_reference_to_any_variable_is_refused(folders):
    with_secret(folders[1], "{key: {from_env: HOME}}")
    with pytest.raises(InvalidField, match="PLUGINCTL_SECRET_"):
        check_manifest(folders[1])


def test_data_that_is_in_the_file_must_fit(folders):
    with_secret(folders[1], "{key: abc}")
    with pytest.raises(InvalidField, match="secret_data does not fit"):
        check_manifest(folders[1])
