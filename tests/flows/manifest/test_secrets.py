"""Secret data by reference. A manifest may be somebody else's: it reaches only what was put there for this use."""

import os

import pytest
import yaml

from flows.manifest import InvalidField, InvalidParameter, Manifest, Secrets
from flows.manifest.secrets import FOLDER

VALUE = "planted-secret-4711"


@pytest.fixture
def with_data(folder):
    """Sets the secret data of the service account's document."""

    schema = folder / "create_schema.yaml"
    schema.write_text(yaml.safe_dump({**yaml.safe_load(schema.read_text()), "schema": {"type": "object"}}))

    def write(**secret_data):
        path = folder / "create_service_account.yaml"
        document = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump({**document, "secret_data": secret_data}))
        return folder

    return write


def secret_data(folder, *parameters, **secrets):
    (account,) = Manifest.load(folder, parameters, Secrets(**secrets)).service_accounts
    return account.secret_data


def refused(folder, *parameters, kind=InvalidField, **secrets):
    with pytest.raises(kind) as caught:
        secret_data(folder, *parameters, **secrets)
    assert VALUE not in str(caught.value)
    assert VALUE not in repr(caught.value.__cause__)
    assert len(str(caught.value).removeprefix(str(folder))) < 400
    return str(caught.value)


def test_a_variable(with_data, monkeypatch):
    monkeypatch.setenv("PLUGINCTL_SECRET_KEY", VALUE)
    assert secret_data(with_data(key={"from_env": "PLUGINCTL_SECRET_KEY"}, a="b")) == {"key": VALUE, "a": "b"}


@pytest.mark.parametrize("name", ["HOME", "PLUGINCTL_TOKEN", "AWS_SECRET_ACCESS_KEY", "XPLUGINCTL_SECRET_A"])
def test_a_variable_for_another_use(with_data, monkeypatch, name):
    monkeypatch.setenv(name, VALUE)
    assert "begin with PLUGINCTL_SECRET_" in refused(with_data(key={"from_env": name}))


def test_a_variable_that_is_not_set(with_data, monkeypatch):
    monkeypatch.delenv("PLUGINCTL_SECRET_KEY", raising=False)
    words = refused(with_data(key={"from_env": "PLUGINCTL_SECRET_KEY"}))
    assert "create_service_account.yaml:" in words
    assert "PLUGINCTL_SECRET_KEY is not set" in words


def test_a_file(with_data, tmp_path, monkeypatch):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text(f"{VALUE}\n")
    monkeypatch.setenv(FOLDER, str(tmp_path / "secrets"))
    assert secret_data(with_data(key={"from_file": "key"})) == {"key": VALUE}


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "link", "pipe", "none", ".", "a\0b", "large"])
def test_a_file_elsewhere(with_data, tmp_path, monkeypatch, name):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (tmp_path / "outside").write_text(VALUE)
    (secrets / "link").symlink_to("../outside")
    (secrets / "large").write_bytes(b"x" * 100_000)
    os.mkfifo(secrets / "pipe")
    monkeypatch.setenv(FOLDER, str(secrets))
    assert "cannot be read: " in refused(with_data(key={"from_file": name}))


def test_a_file_where_no_folder_is_given(with_data, monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    assert f"the variable {FOLDER} names" in refused(with_data(key={"from_file": "key"}))


def test_a_block_of_prefect(with_data):
    assert secret_data(with_data(key={"from_block": "mine"}), block={"mine": VALUE}.__getitem__) == {
        "key": VALUE
    }


def test_a_block_that_cannot_be_loaded(with_data):
    def load(name):
        raise RuntimeError(f"{name} is {VALUE}")

    assert "block 'mine' cannot be loaded (RuntimeError)" in refused(
        with_data(key={"from_block": "mine"}), block=load
    )


def test_a_block_on_the_command_line(with_data):
    assert "only a deployment has it" in refused(with_data(key={"from_block": "mine"}))


@pytest.mark.parametrize("name", [None, 5, "", [], {"a": "b"}])
def test_a_reference_without_a_name(with_data, name):
    assert "must be followed by a name" in refused(with_data(key={"from_env": name}))


def test_other_mappings_are_values(with_data):
    values = {"a": {"b": "c"}, "d": {"from_env": "x", "more": 1}}
    assert secret_data(with_data(**values)) == values


class TestParameters:
    FIELD = "service_account.secret_data.key"

    def test_a_file(self, folder, tmp_path):
        (tmp_path / "key").write_text(f"{VALUE}\n")
        assert secret_data(folder, f"{self.FIELD}=@{tmp_path / 'key'}", files=True)["key"] == VALUE

    def test_a_link_of_ones_own_is_followed(self, folder, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "key").write_text(VALUE)
        (tmp_path / "link").symlink_to("elsewhere/key")
        assert secret_data(folder, f"{self.FIELD}=@{tmp_path / 'link'}", files=True)["key"] == VALUE

    def test_a_text_that_begins_with_the_sign(self, folder):
        assert secret_data(folder, f"{self.FIELD}=@@x")["key"] == "@x"

    def test_no_file_is_read_for_a_form(self, folder):
        words = refused(folder, f"{self.FIELD}=@/etc/passwd", kind=InvalidParameter)
        assert "on the command line only" in words

    @pytest.mark.parametrize("name", ["/nothing", "/dev/zero", "/", ""])
    def test_a_file_that_cannot_be_read(self, folder, name):
        words = refused(folder, f"{self.FIELD}=@{name}", kind=InvalidParameter, files=True)
        assert "the file cannot be read" in words
