import pytest
import yaml

from flows.manifest import Environment, RegistrySettings, Settings
from flows.manifest.errors import InvalidField
from flows.spaceone import CredentialsError
from flows.steps.runner import PlainRunner
from flows.steps.session import Session, open_session


def environment(folder, **settings):
    return Environment(name="test", folder=folder, settings=Settings(**settings))


@pytest.fixture
def spacectl(tmp_path):
    """A file in spacectl's format, without a token."""
    path = tmp_path / "spacectl.yml"
    path.write_text(yaml.safe_dump({"endpoints": {"identity": "grpc://127.0.0.1:1"}}))
    return str(path)


def test_an_environment_without_a_token_says_where_one_could_come_from(tmp_path, spacectl, monkeypatch):
    monkeypatch.delenv("SPACEONE_TOKEN", raising=False)
    plain = environment(tmp_path, spacectl=spacectl)
    with (
        pytest.raises(CredentialsError, match="no token for the environment 'test'"),
        open_session(plain, PlainRunner()),
    ):
        pass
    named = environment(tmp_path, spacectl=spacectl, token_variable="SPACEONE_TOKEN")
    with (
        pytest.raises(CredentialsError, match="Set the variable SPACEONE_TOKEN"),
        open_session(named, PlainRunner()),
    ):
        pass


def test_a_spacectl_environment_that_is_missing_is_named(tmp_path):
    gone = environment(tmp_path, spacectl=str(tmp_path / "gone.yml"))
    with pytest.raises(CredentialsError, match=r"gone\.yml"), open_session(gone, PlainRunner()):
        pass


def test_a_registry_that_wants_a_variable_says_which(tmp_path, monkeypatch):
    monkeypatch.delenv("REGISTRY_USER", raising=False)
    registry = RegistrySettings(address="127.0.0.1:1", username_variable="REGISTRY_USER")
    session = Session(environment(tmp_path, registry=registry), {}, None)
    with pytest.raises(InvalidField, match="requires the variable REGISTRY_USER"), session.registry():
        pass


def test_a_registry_is_opened_with_the_variables_values(tmp_path, monkeypatch):
    monkeypatch.setenv("REGISTRY_USER", "ann")
    monkeypatch.setenv("REGISTRY_PASSWORD", "hunter2")
    settings = RegistrySettings(
        address="127.0.0.1:1", username_variable="REGISTRY_USER", password_variable="REGISTRY_PASSWORD"
    )
    with Session(environment(tmp_path, registry=settings), {}, None).registry() as registry:
        assert (registry.credentials.username, registry.credentials.password) == ("ann", "hunter2")
