from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from flows.spaceone.advice import from_details
from sandbox.errors import SandboxError
from sandbox.machine.state import State
from sandbox.spaceone import bootstrap
from sandbox.spaceone.spaceone_2.bootstrap import Bootstrap2
from tests.sandbox.conftest import signed

if TYPE_CHECKING:
    from pathlib import Path

YEAR = 365 * 24 * 3600
DAY = 24 * 3600


class Identity:
    """An identity service in memory: it knows users, domains, workspaces and Apps, and counts its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.users: dict[tuple[str, str], str] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {"Domain": [], "Workspace": [], "App": []}
        self.numbers = itertools.count(1)
        self.life: float = YEAR
        self.token = ""
        self.known = True

    def with_token(self, value: str) -> Identity:
        self.token = value
        return self

    def call(self, method: str, params: dict[str, Any], timeout: float | None = None) -> dict[str, Any]:
        self.calls.append(method)
        _, resource, verb = method.split(".")
        return getattr(self, f"{verb}_{resource.lower()}", self.otherwise)(resource, params)

    def init_system(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        if self.users:
            raise from_details(
                "identity.System.init", "here", "UNKNOWN", "ERROR_SYSTEM_ALREADY_INITIALIZED: done"
            )
        self.add_user("domain-root", params["admin"])
        return {"system_token": signed(None)}

    def add_user(self, domain: str, account: dict[str, str]) -> None:
        self.users[domain, account["user_id"]] = account["password"]

    def issue_token(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        given = params["credentials"]
        assert self.users[params["domain_id"], given["user_id"]] == given["password"]
        return {"refresh_token": f"refresh:{params['domain_id']}"}

    def grant_token(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"access_token": f"{params['scope']}:{params['token']}"}

    def create_domain(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        assert self.token == "SYSTEM:refresh:domain-root"
        assert params["admin"].pop("reset_password") is False, "else the first login would ask for a new one"
        self.add_user("domain-1", params["admin"])
        self.rows["Domain"].append({"name": params["name"], "domain_id": "domain-1"})
        return self.rows["Domain"][-1]

    def create_app(self, resource: str, params: dict[str, Any]) -> dict[str, Any]:
        return {**self.create(resource, params), "client_secret": signed(self.life)}

    def generate_client_secret_app(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        assert params["app_id"] in {app["app_id"] for app in self.rows["App"]}
        return {"client_secret": signed(self.life)}

    def otherwise(self, resource: str, params: dict[str, Any]) -> dict[str, Any]:
        if self.calls[-1].endswith(".list"):
            if not self.known:
                raise from_details(
                    self.calls[-1], "here", "UNAUTHENTICATED", "ERROR_AUTHENTICATE_FAILURE: who?"
                )
            rows = self.rows.get(resource, [])
            return {"results": [row for row in rows if row["name"] == params.get("name")]}
        return self.create(resource, params)

    def create(self, resource: str, params: dict[str, Any]) -> dict[str, Any]:
        assert self.token == "DOMAIN:refresh:domain-1"
        row = {**params, f"{resource.lower()}_id": f"{resource.lower()}-{next(self.numbers)}"}
        self.rows[resource].append(row)
        return row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def complete(path: Path, identity: Identity) -> Bootstrap2:
    made = Bootstrap2(State(path), "embedded")
    made.initialise(identity)
    made.complete(identity)
    return made


def test_everything_is_made_once(path: Path):
    identity = Identity()
    made = complete(path, identity)
    assert made.is_complete
    assert list(made.tokens) == ["sandbox", "sandbox-workspace"]
    assert made.credentials["sandbox"] == {"token": made.tokens["sandbox"]}
    assert (made.supervisor.token, made.supervisor.domain_id) == (made.system_token, "domain-root")
    apps = {app["name"]: app for app in identity.rows["App"]}
    assert apps["pluginctl-domain"]["role_id"] == "managed-domain-admin"
    assert apps["pluginctl-domain"]["resource_group"] == "DOMAIN"
    assert apps["pluginctl-workspace"]["resource_group"] == "WORKSPACE"
    assert apps["pluginctl-workspace"]["workspace_id"] == identity.rows["Workspace"][0]["workspace_id"]


def test_a_second_start_asks_for_nothing(path: Path):
    identity = Identity()
    first = complete(path, identity)
    again = Bootstrap2(State(path), "embedded")
    assert again.is_complete
    assert again.tokens == first.tokens
    assert again.system_token == first.system_token
    before = len(identity.calls)
    again.initialise(identity)
    assert len(identity.calls) == before


@pytest.mark.parametrize("interrupted_before", ["Domain.create", "Workspace.create", "App.create"])
def test_an_interrupted_bootstrap_is_taken_up(path: Path, interrupted_before: str):
    identity = Identity()
    real = identity.call

    def call(method: str, params: dict[str, Any], timeout: float | None = None) -> dict[str, Any]:
        if method.endswith(interrupted_before):
            raise KeyboardInterrupt
        return real(method, params, timeout)

    identity.call = call
    with pytest.raises(KeyboardInterrupt):
        complete(path, identity)
    identity.call = real
    assert complete(path, identity).is_complete
    assert {name: len(rows) for name, rows in identity.rows.items()} == {
        "Domain": 1,
        "Workspace": 1,
        "App": 2,
    }


def test_a_secret_that_ends_soon_is_renewed_for_the_same_app(path: Path):
    identity = Identity()
    identity.life = 20 * DAY
    first = complete(path, identity)
    assert not first.is_complete
    identity.life = YEAR
    again = Bootstrap2(State(path), "embedded")
    again.complete(identity)
    assert again.is_complete
    assert len(identity.rows["App"]) == 2


def test_another_database_means_other_identities(path: Path):
    complete(path, Identity())
    other = Bootstrap2(State(path), "mongo:27017/sandbox_1_")
    assert not other.is_complete
    assert other.system_token == ""


def test_servers_that_lost_their_data_do_not_know_us(path: Path):
    identity = Identity()
    made = complete(path, identity)
    assert made.is_valid(identity)
    identity.known = False
    assert not made.is_valid(identity)
    made.forget()
    assert not Bootstrap2(State(path), "embedded").is_complete


def test_a_system_of_somebody_else_is_told(path: Path):
    identity = Identity()
    identity.add_user("domain-root", {"user_id": "x", "password": "y"})
    with pytest.raises(SandboxError, match=r"token is not known here[\s\S]*--purge"):
        Bootstrap2(State(path), "embedded").initialise(identity)


def test_passwords_are_kept_before_they_are_used(path: Path):
    """Else an interruption would leave a root user whose password nobody knows."""
    identity = Identity()

    def stop(*_: object, **__: object) -> dict[str, Any]:
        raise KeyboardInterrupt

    identity.call = stop
    with pytest.raises(KeyboardInterrupt):
        Bootstrap2(State(path), "embedded").initialise(identity)
    assert State(path).get(bootstrap.SECTION)["root"]["password"]
