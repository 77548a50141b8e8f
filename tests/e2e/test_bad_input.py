"""Bad input meets one clear message on standard error, exit code 2, and a platform that heard of no write."""

from __future__ import annotations

import json
import re
import socket

import bcrypt
import pytest
import requests

from tests.registry import serving
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.e2e, pytest.mark.apart]

BOGUS = "bogus-token-that-nobody-issued"


@pytest.fixture
def project(new_project):
    """A copy for each test: it is going to be spoilt."""
    return new_project()


@pytest.fixture
def refused(run, witness):
    """Runs a release that must be refused, and gives its one message."""

    def refused(project, *, environment=None, code=2, **variables):
        with witness.watching(project.image) as window:
            done = run(*project.arguments(environment), "--output", "json", **variables)
        assert done.returncode == code, done.stdout + done.stderr
        assert json.loads(done.stdout)["exit_code"] == code
        assert len(re.findall("^error: ", done.stderr, re.MULTILINE)) == 1
        assert window.calls == {}
        assert window.uploads == []
        assert window.images == {}
        return done.stderr.partition("error: ")[2]

    return refused


@pytest.fixture
def nobody():
    """An address of this machine at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{free.getsockname()[1]}"


def test_a_manifest_with_an_unknown_field_names_file_line_and_field(project, refused):
    project.edit("create_provider", colour="red")
    words = refused(project)
    path = project.manifest / "create_provider.yaml"
    line = path.read_text().splitlines().index("colour: red") + 1
    assert words.startswith(f"{path}:{line}: unknown field 'colour'")


def test_a_manifest_with_broken_yaml_names_file_and_line(project, refused):
    path = project.manifest / "create_collector.yaml"
    path.write_text("name: Collector\nprovider: [portfolio\n")
    assert refused(project).startswith(f"{path}:3 is not YAML")


def test_a_plugin_image_in_capitals_is_refused_with_the_name_to_write(project, refused):
    project.edit("register_plugin", image=project.image.replace("portfolio", "Portfolio"))
    words = refused(project)
    assert "register_plugin.yaml" in words
    assert "capital letters" in words
    assert repr(project.image) in words


def test_a_name_over_48_characters_is_refused_with_its_length(project, refused):
    project.edit("register_plugin", image=f"e2e/{'p' * 49}")
    words = refused(project)
    assert "register_plugin.yaml" in words
    assert "49 characters, at most 48" in words


def test_a_missing_version_names_the_file_to_write(project, refused):
    (project.source / "src/VERSION").unlink()
    assert refused(project).startswith(f"{project.source / 'src/VERSION'}: is missing")


def test_an_unknown_environment_lists_those_that_there_are(project, refused):
    words = refused(project, environment="production-of-nobody")
    assert "no environment 'production-of-nobody'" in words
    assert "deployments/environments (sandbox, sandbox-1.12)" in words


@pytest.mark.parametrize("service", ["identity", "inventory"])
def test_an_endpoint_where_nobody_listens_is_named(project, redirected, refused, nobody, service):
    dead = redirected("dead", **{service: nobody})
    words = refused(project, environment=dead, code=3)
    assert f"grpc://{nobody}" in words
    assert service in words
    assert "Is the service running" in words


def test_a_bad_token_is_refused_and_not_shown(project, refused):
    environment = project.write_environment("bad-token", token_variable="E2E_TOKEN")
    words = refused(project, environment=environment, E2E_TOKEN=BOGUS)
    assert "ERROR_AUTHENTICATE_FAILURE" in words
    assert "issue a new one" in words
    assert BOGUS not in words


def test_a_bad_token_of_the_workspace_is_refused_before_anything_is_written(project, refused):
    workspace = {"token_variable": "E2E_TOKEN"}
    environment = project.write_environment("bad-workspace", workspace=workspace)
    words = refused(project, environment=environment, E2E_TOKEN=BOGUS)
    assert "ERROR_AUTHENTICATE_FAILURE" in words
    assert BOGUS not in words


def test_a_registry_where_nobody_listens_is_named(project, refused, nobody):
    environment = project.write_environment("no-registry", registry={"address": nobody})
    words = refused(project, environment=environment, code=3)
    assert nobody in words


def test_a_registry_that_lets_nobody_in_is_met_before_anything_is_built(project, refused, sandbox_home):
    line = "ann:" + bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()
    with serving(sandbox_home, htpasswd=line) as address:
        environment = project.write_environment("locked", registry={"address": address})
        words = refused(project, environment=environment)
    assert f"registry {address}" in words
    assert "docker login" in words


def test_a_registry_that_refuses_a_password_does_not_make_it_shown(project, refused, sandbox_home):
    line = "ann:" + bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()
    with serving(sandbox_home, htpasswd=line) as address:
        settings = {"address": address, "username_variable": "E2E_USER", "password_variable": "E2E_PASSWORD"}
        environment = project.write_environment("locked", registry=settings)
        words = refused(project, environment=environment, E2E_USER="ann", E2E_PASSWORD="wr0ng-passw0rd")
    assert "'ann'" in words
    assert "wr0ng-passw0rd" not in words


def test_a_registry_that_refuses_the_push_alone_is_met_before_anything_is_built(
    project, refused, sandbox_home
):
    """It can be read, so the plan is made; its own words about pushing come through at the login."""
    with serving(sandbox_home, read_only=True) as address:
        environment = project.write_environment("read-only", registry={"address": address})
        words = refused(project, environment=environment)
        assert (
            requests.get(f"http://{address}/v2/{project.image}/tags/list", timeout=PATIENCE).status_code
            == 404
        )
    assert f"registry {address} does not accept a push to {project.image} (405 " in words


def test_a_field_that_the_servers_message_lacks_is_named_with_its_file(project, refused):
    project.edit("create_provider", plugin_info={"colour": "red"})
    words = refused(project)
    assert "create_provider.yaml" in words
    assert "'plugin_info'" in words
    assert "colour" in words


def test_a_value_that_does_not_fit_the_servers_field_is_named_with_its_file(project, refused):
    project.edit("create_provider", order=2**40)
    words = refused(project)
    assert "create_provider.yaml" in words
    assert "'order'" in words


def test_a_secret_that_no_message_can_hold_is_refused_without_being_shown(project, refused):
    path = project.manifest / "create_service_account.yaml"
    path.write_text(path.read_text() + "  pin: 1984-02-29\n")
    words = refused(project)
    assert "create_service_account.yaml" in words
    assert "has a value that is read as a date" in words
    assert "1984" not in words


def test_a_secret_that_its_schema_does_not_take_is_refused_without_being_shown(project, run):
    """Identity itself quotes it: "'hu2' is too short". What a form rarely has is not read before."""
    form = {"type": "object", "properties": {"investment_type": {"allOf": [{"minLength": 4}]}}}
    project.edit("create_schema", schema=form)
    project.edit("create_service_account", secret_data={"investment_type": "hu2"})
    done = run(*project.arguments(None), "--output", "json")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ERROR_INVALID_PARAMETER" in done.stderr
    assert "create_service_account.yaml against the schema" in done.stderr
    assert "hu2" not in done.stdout + done.stderr


def test_a_secret_that_does_not_fit_the_manifests_own_schema_is_refused_when_it_is_read(project, refused):
    project.edit("create_service_account", secret_data={"investment_type": "hu2"})
    words = refused(project)
    assert "'investment_type' has fewer characters than 4" in words
    assert "hu2" not in words


def test_a_reference_to_something_that_the_manifest_does_not_declare_is_named(project, refused):
    project.edit("create_service_account", secret_schema_id="another_schema")
    words = refused(project)
    assert "another_schema" in words
    assert project.schema in words
