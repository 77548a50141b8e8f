"""Failing calls of both generations come out as the same typed errors, with the same code, and the same advice.

Every call here is sent to the real services; what the errors are is one table for both generations.
"""

from __future__ import annotations

import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import pytest
import yaml
from docker.errors import ImageNotFound

from flows.spaceone import (
    AlreadyExists,
    AuthenticationFailed,
    Generation,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    PluginStarting,
    SpaceoneError,
    probe,
)

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["2.x", "1.12"], indirect=True, scope="module"),
]

PASSWORD = "Passw0rd-of-a-test!"
#: An image whose process lives and never listens.
SILENT = """FROM {base}
CMD ["python", "-c", "import time; time.sleep(3600)"]
"""


@pytest.fixture(scope="module")
def tag():
    """In every name, so that two runs share nothing."""
    return uuid.uuid4().hex[:8]


@pytest.fixture(scope="module")
def words(client):
    """What the generations call otherwise, for requests that mean the same."""
    if probe(client) is Generation.V2:
        return SimpleNamespace(
            type={"resource_type": "inventory.Collector"}, group={"resource_group": "DOMAIN"}
        )
    return SimpleNamespace(type={"service_type": "inventory.Collector"}, group={})


@pytest.fixture(scope="module")
def provider(client, tag):
    """A provider whose accounts must say an amount of four letters."""
    name = f"errors_{tag}"
    form = {
        "type": "object",
        "properties": {"amount": {"type": "string", "minLength": 4}},
        "required": ["amount"],
    }
    if probe(client) is Generation.V2:
        schema = {
            "schema_id": f"form-{tag}",
            "name": "Form",
            "schema_type": "SERVICE_ACCOUNT",
            "provider": name,
        }
        client.call("identity.Schema.create", {**schema, "schema": form})
        client.call("identity.Provider.create", {"provider": name, "name": name})
    else:
        template = {"service_account": {"schema": form}}
        client.call("identity.Provider.create", {"provider": name, "name": name, "template": template})
    return name


@pytest.fixture(scope="module")
def image(platform, engine, tag):
    """A silent image in the registry, by its name there; gone from the engine."""
    name = f"e2e/silent-{tag}"
    reference = f"{platform.registry.removeprefix('http://')}/{name}"
    base = yaml.safe_load(platform.environment.read_text())["build"]["args"]["BASE_IMAGE"]
    engine.images.build(fileobj=io.BytesIO(SILENT.format(base=base).encode()), tag=f"{reference}:0.1.0")
    said = engine.images.push(reference, "0.1.0")
    assert "error" not in said
    engine.images.remove(f"{reference}:0.1.0")
    with pytest.raises(ImageNotFound):
        engine.images.get(f"{reference}:0.1.0")
    return name


@pytest.fixture(scope="module")
def local_repository(client):
    """What 2.x is configured with; in 1.12 the first who needs it registers it."""
    if probe(client) is Generation.V1_12:
        with suppress(AlreadyExists):
            client.call(
                "repository.Repository.register", {"name": "Local Repository", "repository_type": "local"}
            )


@pytest.fixture(scope="module")
def plugin(client, words, provider, image, local_repository):
    """A registered plugin of that image; gone again afterwards."""
    request = {
        "name": "Silent",
        "image": image,
        "provider": provider,
        "registry_type": "HARBOR",
        **words.type,
    }
    plugin_id = client.call("repository.Plugin.register", request)["plugin_id"]
    yield plugin_id
    client.call("repository.Plugin.deregister", {"plugin_id": plugin_id})


@pytest.fixture(scope="module")
def collector(words, provider, plugin, tag):
    """A request for a collector of that plugin, with other fields of plugin_info."""

    def request(**info):
        plugin_info = {"plugin_id": plugin, "version": "0.1.0", "upgrade_mode": "MANUAL", **info}
        kept = {name: value for name, value in plugin_info.items() if value is not None}
        return {"name": f"Errors {tag}", "provider": provider, "plugin_info": kept, **words.group}

    return request


@pytest.fixture(scope="module", autouse=True)
def start_of_a_silent_plugin(client, collector):
    """The answer to a create whose plugin never listens: the platform takes 20 s, beside which the others run."""
    # Two threads may call, and not ask for the same descriptors at once.
    client.check("inventory.Collector.create", collector())
    with ThreadPoolExecutor() as pool:
        yield pool.submit(client.call, "inventory.Collector.create", collector(), 120)


@pytest.fixture(scope="module")
def account(workspace, words, provider, tag):
    """A request for a service account in a project that there is, with other fields."""
    if words.group:
        project = {"name": f"Errors {tag}", "project_type": "PRIVATE"}
    else:
        group = workspace.call("identity.ProjectGroup.create", {"name": f"Errors {tag}"})
        project = {"name": f"Errors {tag}", "project_group_id": group["project_group_id"]}
    project_id = workspace.call("identity.Project.create", project)["project_id"]
    general = {} if words.group else {"service_account_type": "GENERAL"}

    def request(**fields):
        data = {"amount": "stocks"}
        return {
            "name": tag,
            "provider": provider,
            "project_id": project_id,
            "data": data,
            **general,
            **fields,
        }

    return request


@pytest.fixture(scope="module")
def user(client, tag, words):
    """A user without any role: its id and domain, and what a token is issued for."""
    domain_id = client.list("repository.Plugin.list", {})[0]["domain_id"]
    user_id = f"{tag}@example.com"
    if words.group:
        made = {"user_id": user_id, "name": tag, "auth_type": "LOCAL", "password": PASSWORD}
        credentials = {"user_id": user_id, "password": PASSWORD}
        issue = {"auth_type": "LOCAL", "credentials": credentials, "domain_id": domain_id}
    else:
        made = {"user_id": user_id, "user_type": "USER", "backend": "LOCAL", "password": PASSWORD}
        issue = {"user_id": user_id, "credentials": {"password": PASSWORD}, "domain_id": domain_id}
    client.call("identity.User.create", made)
    return issue


def failing(client, method, params):
    """The error of a call that must fail."""
    with pytest.raises(SpaceoneError) as caught:
        client.call(method, params)
    return caught.value


def is_(error, kind, code, advice):
    """Whether an error is the one of this type, code and advice."""
    assert type(error) is kind, error
    assert error.error_code == code
    assert advice in error.advice
    return True


def test_a_duplicate(client, provider):
    error = failing(client, "identity.Provider.create", {"provider": provider, "name": "again"})
    assert is_(error, AlreadyExists, "ERROR_SAVE_UNIQUE_VALUES", "A resource of this name already exists.")


def test_a_plugin_that_is_there(client, words, plugin, image):
    request = {"name": "again", "image": image, "registry_type": "HARBOR", **words.type}
    error = failing(client, "repository.Plugin.register", request)
    assert is_(error, AlreadyExists, "ERROR_SAVE_UNIQUE_VALUES", "A resource of this name already exists.")


def test_an_unknown_version(client, collector):
    error = failing(client, "inventory.Collector.create", collector(version="9.9.9"))
    assert is_(error, InvalidArgument, "ERROR_INVALID_PLUGIN_VERSION", "Was the image pushed")


def test_no_version_at_all(client, collector):
    error = failing(client, "inventory.Collector.create", collector(version=None))
    assert is_(error, InvalidArgument, "ERROR_REQUIRED_PARAMETER", "MANUAL requires a version")


def test_an_unknown_plugin(client, collector):
    error = failing(client, "inventory.Collector.create", collector(plugin_id="nobody"))
    assert is_(error, NotFound, "ERROR_NO_PLUGIN", "register it first")


def test_no_image(client, words, tag, local_repository):
    request = {"name": "x", "image": f"e2e/none-{tag}", "registry_type": "HARBOR", **words.type}
    error = failing(client, "repository.Plugin.register", request)
    assert is_(error, InvalidArgument, "ERROR_NO_IMAGE_IN_REGISTRY", "check registry.type in the environment")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("under_score", "ERROR_INVALID_IMAGE_NAME_FORMAT"),
        ("tagged:1.0", "ERROR_INVALID_IMAGE_NAME_FORMAT"),
        ("x" * 49, "ERROR_INVALID_IMAGE_LENGTH"),
    ],
)
def test_a_bad_image_name(client, words, name, code):
    request = {"name": "x", "image": f"e2e/{name}", "registry_type": "HARBOR", **words.type}
    error = failing(client, "repository.Plugin.register", request)
    assert is_(error, InvalidArgument, code, "lower case letters, digits and hyphens")


@pytest.mark.parametrize("data", [{"amount": "x"}, {"other": "stocks"}])
def test_data_that_does_not_fit_the_schema(workspace, account, data):
    error = failing(workspace, "identity.ServiceAccount.create", account(data=data))
    assert is_(error, InvalidArgument, "ERROR_INVALID_PARAMETER", "must fit what its provider asks for")


def test_a_project_that_is_gone(workspace, account):
    error = failing(workspace, "identity.ServiceAccount.create", account(project_id="project-gone"))
    assert is_(error, NotFound, "ERROR_NOT_FOUND", "no longer exists")


def test_a_provider_that_is_gone(workspace, account):
    """2.x looks for its schema first, and has a code for that."""
    error = failing(workspace, "identity.ServiceAccount.create", account(provider="gone"))
    assert type(error) is NotFound
    assert "no longer exists" in error.advice
    assert "gone" in error.server_text


def test_an_account_in_a_filter_that_is_gone(client, collector):
    request = {**collector(), "secret_filter": {"state": "ENABLED", "service_accounts": ["sa-gone"]}}
    error = failing(client, "inventory.Collector.create", request)
    assert is_(
        error,
        InvalidArgument,
        "ERROR_INVALID_PARAMETER",
        "secret_filter refers to something that does not exist",
    )


@pytest.mark.parametrize("method", ["identity.Provider.create", "inventory.Collector.list"])
def test_a_missing_permission(client, user, method):
    """A user without a role may do nothing; a call that is refused so is refused before its fields are read."""
    token = client.with_token(None).call("identity.Token.issue", user)["access_token"]
    params = {"provider": "x", "name": "x"} if method.endswith("create") else {}
    error = failing(client.with_token(token), method, params)
    assert is_(error, PermissionDenied, "ERROR_PERMISSION_DENIED", "role or scope does not allow this call")
    assert token not in str(error)


@pytest.fixture
def expired(client, user, words, tag):
    """A token whose time is over."""
    if words.group:
        # What Token.issue gives lives a minute at least; an App's may have ended long ago.
        app = {"name": f"expired-{tag}", "role_id": "managed-domain-admin", "resource_group": "DOMAIN"}
        return client.call("identity.App.create", {**app, "expired_at": "2020-01-01 00:00:00"})[
            "client_secret"
        ]
    return client.with_token(None).call("identity.Token.issue", {**user, "timeout": -60})["access_token"]


@pytest.mark.parametrize("method", ["identity.Provider.list", "repository.Plugin.list", "inventory.Job.list"])
def test_an_expired_token(client, expired, method):
    error = failing(client.with_token(expired), method, {})
    assert is_(
        error, AuthenticationFailed, "ERROR_AUTHENTICATE_FAILURE", "is wrong or has expired: issue a new one"
    )
    assert expired not in str(error)


def test_a_plugin_that_never_starts(start_of_a_silent_plugin, client, collector):
    error = start_of_a_silent_plugin.exception(120)
    assert is_(
        error, PluginStarting, "ERROR_GRPC_CONNECTION", "does the image start and listen on port 50051?"
    )
    assert client.list("inventory.Collector.list", {"name": collector()["name"]}) == []
