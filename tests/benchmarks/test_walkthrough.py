"""The walkthrough's side: its commands to the letter, and what counts as done."""

from __future__ import annotations

import re

import pytest

from tests.benchmarks import domain
from tests.benchmarks.domain import Domain, new_domain
from tests.benchmarks.harness import BenchmarkError
from tests.benchmarks.spacectl import Spacectl
from tests.benchmarks.walkthrough import check, type_all

#: As the walkthrough prints them.
COMMANDS = """
spacectl config endpoint add identity grpc://localhost:8083
spacectl config endpoint add inventory grpc://localhost:8084
spacectl config endpoint add repository grpc://localhost:8085
spacectl api-resources
spacectl list repository.Repository
spacectl exec register repository.Repository -f register_repository.yaml
spacectl list repository.Repository
spacectl list repository.Schema -p repository_id=repo-managed --minimal
spacectl list repository.Schema -p repository_id=repo-16a1409f9992
spacectl exec create repository.Schema -f create_schema.yaml
spacectl list identity.Provider --minimal
spacectl exec create identity.Provider -f create_provider.yaml
spacectl list identity.Provider --minimal
spacectl list inventory.Collector
spacectl list repository.Plugin --minimal
spacectl exec register repository.Plugin -f register_plugin.yaml
spacectl list repository.Plugin --minimal
""".strip().splitlines()
TABLE = """\
 repository_id     | name               | repository_type   | created_at
-------------------+--------------------+-------------------+--------------------------
 repo-managed      | Managed Repository | managed           | 2024-07-15T04:14:07.640Z
 repo-16a1409f9992 | Local Repository   | local             | 2024-07-25T16:22:58.162Z

 Count: 2 / 2
"""
ENDPOINTS = {
    "identity": "grpc://localhost:8083",
    "inventory": "grpc://localhost:8084",
    "repository": "grpc://localhost:8085",
}


def typed(table):
    commands = []

    def run(*words):
        commands.append(" ".join(["spacectl", *words]))
        return table

    type_all(run, ENDPOINTS, "HARBOR")
    return commands


def test_the_commands_are_the_walkthroughs_and_the_registry_the_environments():
    *others, register, listing = COMMANDS
    assert typed(TABLE) == [*others, f"{register} -p registry_type=HARBOR", listing]
    assert len(COMMANDS) == 17


def test_without_a_local_repository_the_walkthrough_cannot_go_on():
    with pytest.raises(BenchmarkError, match="no local repository"):
        typed(re.sub(r"^ repo-16.*\n", "", TABLE, flags=re.MULTILINE))


@pytest.fixture
def spacectl(tmp_path):
    program = tmp_path / "spacectl"
    program.write_text('#!/bin/sh\necho "$SAID"\ncat "$HOME/.spaceone/environments/local.yml"\n')
    program.chmod(0o700)
    environment = tmp_path / ".spaceone/environments/local.yml"
    environment.parent.mkdir(parents=True)
    environment.write_text("api_key: k\n")
    return Spacectl(program, {"k": tmp_path})


def test_spacectl_uses_the_home_of_its_token(spacectl, monkeypatch):
    monkeypatch.setenv("SAID", "NO DATA")
    assert spacectl.run("k", "list", "inventory.Collector") == "NO DATA\napi_key: k\n"


def test_spacectls_words_tell_that_it_failed(spacectl, monkeypatch):
    monkeypatch.setenv("SAID", "ERROR: Endpoint is not set. (service=identity)")
    with pytest.raises(BenchmarkError, match=r"spacectl list identity\.Provider failed: ERROR: Endpoint"):
        spacectl.run("k", "list", "identity.Provider")


def holdings(repository=1, schema=0, provider=3, plugin=24):
    counts = {"repository": repository, "schema": schema, "provider": provider, "plugin": plugin}
    return {kind: [{"name": f"{kind} {number}"} for number in range(count)] for kind, count in counts.items()}


DONE = holdings(2, 1, 4, 25)


def test_all_four_registered_is_the_effect():
    # Must not raise.
    check(holdings(), DONE, DONE)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (holdings(), holdings(2, 1, 4, 24), "were 24 and are 24 of the kind plugin"),
        (holdings(provider=4), DONE, "were 4 and are 4 of the kind provider"),
        (holdings(), {**DONE, "schema": [{"name": "other"}]}, "different records of the kind schema"),
    ],
)
def test_another_effect_is_no_measurement(before, after, words):
    with pytest.raises(BenchmarkError, match=words):
        check(before, after, DONE)


class Platform:
    """A client of a platform with one local repository."""

    def __init__(self):
        self.calls = []
        self.records = {
            "repository.Repository": [
                {"repository_id": "repo-1", "repository_type": "local", "name": "Local Repository"}
            ],
            "repository.Schema": [{"name": "s", "repository_info": {"repository_id": "repo-1", "name": "L"}}],
            "repository.Plugin": [{"plugin_id": "p", "created_at": "now", "labels": ["a"]}],
            "identity.Provider": [{"provider": "aws", "domain_id": "d"}],
        }

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def with_token(self, token):
        return self

    def list(self, method, params=None):
        return self.records[method.removesuffix(".list")]

    def call(self, method, params):
        self.calls.append((method, params))
        return {"domain_id": "d", "access_token": "t"}


def test_holdings_leave_out_what_no_two_domains_share():
    assert Domain(Platform(), "t").holdings() == {
        "repository": [{"repository_type": "local", "name": "Local Repository"}],
        "schema": [{"name": "s", "repository_info": {"name": "L"}}],
        "provider": [{"provider": "aws"}],
        "plugin": [{"plugin_id": "p", "labels": ["a"]}],
    }


def test_a_repository_is_emptied_before_it_goes():
    platform = Platform()
    Domain(platform, "t").clear()
    assert platform.calls == [
        ("repository.Plugin.deregister", {"plugin_id": "p"}),
        ("repository.Schema.delete", {"name": "s"}),
        ("repository.Repository.deregister", {"repository_id": "repo-1"}),
    ]


def test_somebody_elses_local_repository_stays_and_is_named(monkeypatch):
    platform = Platform()
    monkeypatch.setattr(domain, "Client", lambda *_, **__: platform)
    with pytest.raises(BenchmarkError, match="'Local Repository' already"), new_domain({}):
        pytest.fail("the walkthrough cannot begin here")
    assert not [method for method, _ in platform.calls if method.startswith("repository.")]
    assert platform.calls[-1] == ("identity.Domain.delete", {"domain_id": "d"})
