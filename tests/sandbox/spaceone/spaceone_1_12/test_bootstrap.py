from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from flows.spaceone import AuthenticationFailed
from flows.spaceone.advice import from_details
from sandbox.errors import SandboxError
from sandbox.machine.state import State
from sandbox.spaceone import bootstrap
from sandbox.spaceone.spaceone_1_12.bootstrap import Bootstrap112
from tests.sandbox.conftest import signed

if TYPE_CHECKING:
    from pathlib import Path

DOMAINS = ("root", "sandbox")
# What a call of 1.12 names in its own field, where it is not `<resource>_id`.
IDS = {"RoleBinding": "role_binding_id"}
#: Every call that makes something, with the number of times that a whole bootstrap makes it.
MADE = {
    **{
        f"identity.{name}.create": 2
        for name in ("Domain", "DomainOwner", "User", "Policy", "Role", "RoleBinding")
    },
    "identity.APIKey.create": 2,
    "repository.Repository.register": 1,
}
CALLS = {**MADE, "identity.Token.issue": 2, "identity.Provider.list": 1}


class Platform:
    """Identity and repository of 1.12 in memory: rows by domain, owners who log in, and a count of calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.numbers = itertools.count(1)
        self.token = ""
        self.known = True

    def with_token(self, value: str) -> Platform:
        self.token = value
        return self

    def call(
        self, method: str, params: dict[str, Any] | None = None, timeout: float | None = None
    ) -> dict[str, Any]:
        self.calls.append(method)
        _, resource, verb = method.split(".")
        special = getattr(self, f"{verb}_{resource.lower()}", None)
        if special:
            return special(params or {})
        if verb == "list":
            return self.list(resource, params or {})
        return self.create(resource, params or {})

    def list(self, resource: str, params: dict[str, Any]) -> dict[str, Any]:
        rows = self.rows.get(resource, [])
        return {"results": [row for row in rows if params.items() <= row.items()]}

    def create(self, resource: str, params: dict[str, Any]) -> dict[str, Any]:
        if resource != "Domain":
            assert self.token == f"owner of {params['domain_id']}"
        number = f"{resource.lower()}-{next(self.numbers)}"
        row = {**params, IDS.get(resource, f"{resource.lower()}_id"): number}
        self.rows.setdefault(resource, []).append(row)
        return row

    def unique(self, resource: str, params: dict[str, Any], *keys: str) -> dict[str, Any]:
        for row in self.rows.get(resource, []):
            if all(row[key] == params[key] for key in keys):
                words = f"ERROR_SAVE_UNIQUE_VALUES: {', '.join(keys)}"
                raise from_details(self.calls[-1], "here", "INVALID_ARGUMENT", words)
        self.rows.setdefault(resource, []).append(params)
        return params

    def create_domainowner(self, params: dict[str, Any]) -> dict[str, Any]:
        return self.unique("DomainOwner", params, "domain_id")

    def create_user(self, params: dict[str, Any]) -> dict[str, Any]:
        return self.unique("User", params, "user_id", "domain_id")

    def issue_token(self, params: dict[str, Any]) -> dict[str, Any]:
        given = {"owner_id": params["user_id"], "domain_id": params["domain_id"], **params["credentials"]}
        if given not in self.rows.get("DomainOwner", []):
            raise from_details(
                "identity.Token.issue", "here", "UNAUTHENTICATED", "ERROR_AUTHENTICATION_FAILURE"
            )
        return {"access_token": f"owner of {params['domain_id']}"}

    def get_user(self, params: dict[str, Any]) -> dict[str, Any]:
        if not self.known:
            raise from_details(
                "identity.User.get", "here", "UNAUTHENTICATED", "ERROR_AUTHENTICATE_FAILURE: who?"
            )
        for row in self.rows.get("User", []):
            if row["user_id"] == params["user_id"]:
                return row
        raise from_details("identity.User.get", "here", "NOT_FOUND", "ERROR_NOT_FOUND: no such user")

    def create_role(self, params: dict[str, Any]) -> dict[str, Any]:
        domain = next(row for row in self.rows["Domain"] if row["domain_id"] == params["domain_id"])
        assert (params["role_type"] == "SYSTEM") == (domain["name"] == "root"), (
            "identity refuses it elsewhere"
        )
        return self.create("Role", params)

    def create_apikey(self, params: dict[str, Any]) -> dict[str, Any]:
        bound = [
            row["resource_id"] for row in self.rows["RoleBinding"] if row["domain_id"] == params["domain_id"]
        ]
        assert bound == [params["user_id"]], "a key without a role may do nothing"
        return {**self.create("APIKey", params), "api_key": signed(None) + str(next(self.numbers))}

    def list_provider(self, params: dict[str, Any]) -> dict[str, Any]:
        self.rows["Provider"] = [{"provider": name} for name in ("aws", "google_cloud", "azure")]
        return {"results": self.rows["Provider"]}

    def register_repository(self, params: dict[str, Any]) -> dict[str, Any]:
        row = {**params, "repository_id": "repo-managed"}
        self.rows.setdefault("Repository", []).append(row)
        return row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def complete(path: Path, platform: Platform) -> Bootstrap112:
    made = Bootstrap112(State(path), "embedded")
    made.initialise(platform)
    made.complete(platform)
    return made


def test_everything_is_made_once(path: Path):
    platform = Platform()
    made = complete(path, platform)
    assert made.is_complete
    assert {name: count for name, count in Counter(platform.calls).items() if name in MADE} == MADE
    assert [row["name"] for row in platform.rows["Domain"]] == list(DOMAINS)
    assert [row["role_type"] for row in platform.rows["Role"]] == ["SYSTEM", "DOMAIN"]
    assert [row["repository_type"] for row in platform.rows["Repository"]] == ["managed"]
    assert len(platform.rows["Provider"]) == 3


def test_the_supervisor_works_in_the_domain_that_uses_it(path: Path):
    platform = Platform()
    made = complete(path, platform)
    assert made.supervisor.domain_id == platform.rows["Domain"][1]["domain_id"]
    assert made.credentials == {"sandbox": {"api_key": made.supervisor.token}}
    assert made.supervisor.token != made.system_token != ""


def test_a_second_start_asks_for_nothing(path: Path):
    platform = Platform()
    first = complete(path, platform)
    again = Bootstrap112(State(path), "embedded")
    assert again.is_complete
    assert again.tokens == first.tokens
    before = len(platform.calls)
    again.initialise(platform)
    assert again.system_token == first.system_token
    assert len(platform.calls) == before


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("method", "occurrence"), [(name, turn) for name, count in CALLS.items() for turn in range(1, count + 1)]
)
def test_an_interrupted_bootstrap_is_taken_up(path: Path, method: str, after: bool, occurrence: int):
    """Interrupted before a call, or after it before its answer was kept."""
    platform = Platform()
    real, left = platform.call, [occurrence]

    def call(name: str, *arguments: Any) -> dict[str, Any]:
        left[0] -= name == method
        if name == method and left[0] == 0 and not after:
            raise KeyboardInterrupt
        answer = real(name, *arguments)
        if name == method and left[0] == 0:
            raise KeyboardInterrupt
        return answer

    platform.call = call
    with pytest.raises(KeyboardInterrupt):
        complete(path, platform)
    platform.call = real
    assert complete(path, platform).is_complete
    made = {name: len(rows) for name, rows in platform.rows.items() if name not in {"APIKey", "Provider"}}
    twice = ("Domain", "DomainOwner", "User", "Policy", "Role", "RoleBinding")
    assert made == {**dict.fromkeys(twice, 2), "Repository": 1}


def test_another_database_means_other_identities(path: Path):
    complete(path, Platform())
    other = Bootstrap112(State(path), "mongo:27017/sandbox_1_")
    assert not other.is_complete
    assert other.system_token == ""
    assert other.supervisor.token == ""


def test_servers_that_lost_their_data_do_not_know_us(path: Path):
    """They still take the key for valid, whose domain's public key is in their cache."""
    platform = Platform()
    made = complete(path, platform)
    assert made.is_valid(platform)
    platform.rows.clear()
    assert not made.is_valid(platform)
    made.forget()
    again = Bootstrap112(State(path), "embedded")
    assert not again.is_complete
    assert again.system_token == ""


def test_servers_that_do_not_know_the_key_do_not_know_us(path: Path):
    platform = Platform()
    made = complete(path, platform)
    platform.known = False
    assert not made.is_valid(platform)


def test_a_system_of_somebody_else_is_told(path: Path, tmp_path: Path):
    platform = Platform()
    complete(tmp_path / "other.json", platform)
    with pytest.raises(SandboxError, match=r"token is not known here[\s\S]*--purge") as caught:
        Bootstrap112(State(path), "embedded").initialise(platform)
    assert isinstance(caught.value.__cause__, AuthenticationFailed)


def test_passwords_are_kept_before_they_are_used(path: Path):
    """Else an interruption would leave an owner whose password nobody knows."""
    platform = Platform()

    def stop(params: dict[str, Any]) -> dict[str, Any]:
        raise KeyboardInterrupt

    platform.create_domainowner = stop
    with pytest.raises(KeyboardInterrupt):
        Bootstrap112(State(path), "embedded").initialise(platform)
    assert State(path).get(bootstrap.SECTION)["root_owner_password"]
