from pathlib import Path

import pytest

from flows.spaceone import CredentialsError, read_spacectl, spacectl_file


def test_reads_what_spacectl_writes(tmp_path):
    path = tmp_path / "local.yml"
    path.write_text("api_key: eyJ\nendpoints:\n  identity: grpc://localhost:8083\n")
    found = read_spacectl(path)
    assert (found.token, found.endpoints) == ("eyJ", {"identity": "grpc://localhost:8083"})


def test_token_is_stronger_than_api_key(tmp_path):
    path = tmp_path / "local.yml"
    path.write_text("api_key: old\ntoken: new\n")
    assert read_spacectl(path).token == "new"


def test_the_token_is_not_in_the_repr(tmp_path):
    path = tmp_path / "local.yml"
    path.write_text("api_key: secret-words\n")
    assert "secret-words" not in repr(read_spacectl(path))


@pytest.mark.parametrize("text", ["token: [secret-words", "- secret-words\n", "endpoints: secret-words\n"])
def test_a_broken_file_is_named_and_its_content_is_not(tmp_path, text):
    path = tmp_path / "local.yml"
    path.write_text(text)
    with pytest.raises(CredentialsError) as caught:
        read_spacectl(path)
    assert str(path) in str(caught.value)
    assert "secret-words" not in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(CredentialsError, match="spacectl config init"):
        read_spacectl(tmp_path / "none.yml")


def test_a_name_is_spacectls_own(tmp_path):
    assert spacectl_file("local", tmp_path) == Path.home() / ".spaceone/environments/local.yml"
    assert spacectl_file("conf/local.yml", tmp_path) == tmp_path / "conf/local.yml"
