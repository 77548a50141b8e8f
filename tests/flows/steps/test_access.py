"""A token goes to the endpoints that it was given for, and to no other."""

import pytest
import yaml

from flows.manifest import load_environment
from flows.spaceone import CredentialsError, EndpointError
from flows.steps.access import access

STRANGER = "grpc://127.0.0.1:6666"
GIVEN = {"identity": "grpc://127.0.0.1:1", "inventory": "grpc://127.0.0.1:2"}


@pytest.fixture
def environment(tmp_path):
    """Writes files and loads the environment of the last one."""

    def write(**files):
        for name, fields in files.items():
            (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(fields))
        return load_environment(str(tmp_path / f"{name}.yaml"), tmp_path)

    return write


@pytest.fixture(autouse=True)
def spacectl(tmp_path, monkeypatch):
    """spacectl's environments `prod` and `prod-workspace`, each with a token."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".spaceone" / "environments"
    folder.mkdir(parents=True)
    for name in ("prod", "prod-workspace"):
        (folder / f"{name}.yml").write_text(yaml.safe_dump({"endpoints": GIVEN, "token": f"token-of-{name}"}))
    monkeypatch.setenv("PROD_TOKEN", "token-of-the-variable")
    return folder


def given(found):
    return access(found)


def test_the_token_of_a_file_for_the_endpoints_of_the_file(environment):
    assert given(environment(a={"spacectl": "prod"})) == (GIVEN, "token-of-prod")


def test_an_endpoint_of_the_file_under_another_name(environment):
    found = environment(a={"spacectl": "prod", "endpoints": {"config": GIVEN["identity"]}})
    assert given(found)[0]["config"] == GIVEN["identity"]


@pytest.mark.parametrize("service", ["identity", "inventory", "cost_analysis"])
def test_the_token_of_a_file_is_not_sent_elsewhere(environment, service):
    found = environment(a={"spacectl": "prod", "endpoints": {service: STRANGER}})
    with pytest.raises(
        CredentialsError, match=rf"endpoint {STRANGER} for {service}.*not sent there"
    ) as caught:
        given(found)
    assert "token-of" not in str(caught.value)


def test_the_token_of_an_extended_file_is_not_sent_elsewhere(environment):
    found = environment(
        base={"spacectl": "prod"}, top={"extends": "base.yaml", "endpoints": {"identity": STRANGER}}
    )
    with pytest.raises(CredentialsError, match="not sent there"):
        given(found)


def test_the_token_of_a_workspace_is_not_sent_elsewhere(environment, spacectl):
    path = spacectl / "prod-workspace.yml"
    path.write_text(yaml.safe_dump({"endpoints": {"identity": STRANGER}, "token": "token-of-prod-workspace"}))
    found = environment(a={"spacectl": "prod", "workspace": {"spacectl": "prod-workspace"}})
    assert given(found)[1] == "token-of-prod"
    with pytest.raises(CredentialsError, match="not sent there"):
        access(found, workspace=True)


def test_the_token_of_a_variable_for_the_endpoints_beside_it(environment):
    found = environment(a={"token_variable": "PROD_TOKEN", "endpoints": {"identity": STRANGER}})
    assert given(found) == ({"identity": STRANGER}, "token-of-the-variable")
    found = environment(
        a={"spacectl": "prod", "token_variable": "PROD_TOKEN", "endpoints": {"other": STRANGER}}
    )
    assert given(found) == ({**GIVEN, "other": STRANGER}, "token-of-the-variable")


def test_the_token_of_a_variable_for_endpoints_that_its_file_extends(environment):
    found = environment(
        base={"endpoints": GIVEN}, top={"extends": "base.yaml", "token_variable": "PROD_TOKEN"}
    )
    assert given(found) == (GIVEN, "token-of-the-variable")


@pytest.mark.parametrize("more", [{"endpoints": {"identity": STRANGER}}, {"spacectl": "strangers"}])
def test_the_token_of_a_variable_is_not_sent_where_a_file_above_says(environment, spacectl, more):
    (spacectl / "strangers.yml").write_text(yaml.safe_dump({"endpoints": {"identity": STRANGER}}))
    base = {"spacectl": "prod", "token_variable": "PROD_TOKEN"}
    found = environment(base=base, top={"extends": "base.yaml", **more})
    with pytest.raises(CredentialsError, match="is named in a file that it extends") as caught:
        given(found)
    assert "token-of" not in str(caught.value)


def test_the_variable_of_a_workspace_is_held_to_its_own_file(environment):
    base = {"endpoints": GIVEN, "workspace": {"token_variable": "PROD_TOKEN"}}
    found = environment(
        base=base,
        top={"extends": "base.yaml", "token_variable": "PROD_TOKEN", "endpoints": {"identity": STRANGER}},
    )
    assert given(found)[0]["identity"] == STRANGER
    with pytest.raises(CredentialsError, match="not sent there"):
        access(found, workspace=True)


def test_a_variable_that_is_not_set_leaves_it_to_the_file(environment, monkeypatch):
    monkeypatch.delenv("PROD_TOKEN")
    found = environment(
        a={"spacectl": "prod", "token_variable": "PROD_TOKEN", "endpoints": {"identity": STRANGER}}
    )
    with pytest.raises(CredentialsError, match=r"prod\.yml"):
        given(found)


@pytest.mark.parametrize(
    "url",
    [
        "grpc://identity.example.com:50051",
        "grpc://10.0.0.5",
        "grpc://[2001:db8::1]:1",
        "grpc://localhost.example.com:1",
    ],
)
def test_no_token_leaves_this_machine_without_tls_unless_the_file_says_so(environment, url):
    fields = {"token_variable": "PROD_TOKEN", "endpoints": {"identity": url}}
    with pytest.raises(EndpointError, match=r"without TLS.*unencrypted: \[grpc\]"):
        given(environment(a=fields))
    assert given(environment(a={**fields, "unencrypted": ["grpc"]}))
    assert given(environment(a={**fields, "endpoints": {"identity": url.replace("grpc:", "grpc+ssl:")}}))


@pytest.mark.parametrize("url", ["grpc://localhost:1", "grpc://127.9.9.9:1", "grpc://[::1]:1"])
def test_nothing_leaves_this_machine_on_loopback(environment, url):
    assert given(environment(a={"token_variable": "PROD_TOKEN", "endpoints": {"identity": url}}))
