"""What the files of both generations have in common; each one's own is in its own folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sandbox.spaceone.generations import generation_of
from sandbox.spaceone.settings import SERVERS, Settings

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout

BACKGROUND = ("inventory-worker", "inventory-scheduler", "supervisor")


@pytest.fixture
def written(either: Layout, settings: Settings) -> dict[str, dict[str, Any]]:
    configuration = generation_of(either).configuration(settings)
    found = {}
    for part in (*SERVERS, *BACKGROUND):
        whole = yaml.safe_load(configuration.text(part))
        assert list(whole) == ["GLOBAL"]
        found[part] = whole["GLOBAL"]
    return found


def test_another_token_changes_only_the_files_of_those_who_have_it(either: Layout, settings: Settings):
    def changed(other: Settings) -> list[str]:
        one, two = (generation_of(either).configuration(each) for each in (settings, other))
        return [part for part in (*SERVERS, *BACKGROUND) if one.text(part) != two.text(part)]

    assert changed(settings) == []
    assert changed(settings.with_tokens("system-token", "other")) == ["supervisor"]
    others = [*SERVERS, *(name for name in BACKGROUND if name != "supervisor")]
    assert changed(settings.with_tokens("other", "supervisor-token")) == others


def test_every_part_has_the_token_the_endpoints_and_real_authentication(written: dict[str, dict[str, Any]]):
    for name, part in written.items():
        assert part["TOKEN"] == ("supervisor-token" if name == "supervisor" else "system-token")
        assert part["CONNECTORS"]["SpaceConnector"]["endpoints"]["inventory"] == "grpc://inventory:50051"
        assert {kind: len(handlers) for kind, handlers in part["HANDLERS"].items()} == {
            **dict.fromkeys(("authentication", "authorization", "mutation"), 1),
            "event": 0,
        }


def test_every_service_has_a_database_and_a_cache_of_its_own(written: dict[str, dict[str, Any]]):
    assert [written[name]["DATABASES"]["default"]["db"] for name in SERVERS] == list(SERVERS)
    assert {written[name]["DATABASE_NAME_PREFIX"] for name in SERVERS} == {"mine_"}
    assert len({written[name]["CACHES"]["default"]["db"] for name in SERVERS}) == len(SERVERS)
    assert written["inventory-worker"]["DATABASES"] == written["inventory"]["DATABASES"]


def test_the_supervisor_has_a_name_of_its_own_and_no_database(written: dict[str, dict[str, Any]]):
    supervisor = written["supervisor"]
    assert "DATABASES" not in supervisor
    assert supervisor["NAME"] == "sandbox-1234"
    # In Redis its lock would outlive it, and the next one would start nothing for ten minutes.
    assert "redis" not in str(supervisor.get("CACHES", {})).lower()


def test_the_queue_waits_for_ever(written: dict[str, dict[str, Any]]):
    for part in ("inventory", "inventory-worker", "inventory-scheduler"):
        assert written[part]["QUEUES"]["collector_q"]["socket_timeout"] is None
    assert written["inventory-worker"]["WORKERS"]["collector_worker"]["queue"] == "collector_q"


def test_every_scheduler_has_a_minute_of_its_own(either: Layout, written: dict[str, dict[str, Any]]):
    minutes = [each["minute"] for each in written["inventory-scheduler"]["SCHEDULERS"].values()]
    assert len(set(minutes)) == len(minutes)
    # It is ready when it has started that many children.
    assert len(minutes) == generation_of(either).background["inventory-scheduler"]


def test_tags_of_images_are_asked_of_the_sandboxs_registry(written: dict[str, dict[str, Any]]):
    connector = written["repository"]["CONNECTORS"]["HarborConnector"]
    assert connector["base_url"] == "http://registry:5000"


def test_secrets_are_kept_in_the_same_mongodb(written: dict[str, dict[str, Any]]):
    secret = written["secret"]
    assert secret["BACKEND"] == "MongoDBConnector"
    assert secret["CONNECTORS"]["MongoDBConnector"]["host"] == "mongodb"


def test_secret_parameters_are_masked_in_every_log(written: dict[str, dict[str, Any]]):
    for name, part in written.items():
        if name == "supervisor":
            continue  # it logs no parameters
        rules = part["LOG"]["filters"]["masking"]["rules"]
        assert {"credentials"} <= set(rules["Token.issue"])
        assert {"data"} <= set(rules["Secret.create"])
        assert part["LOG"]["loggers"]["spaceone"]["level"] == "INFO"


def test_the_supervisor_tells_failures_and_not_every_second(written: dict[str, dict[str, Any]]):
    log = written["supervisor"]["LOG"]
    assert log["loggers"]["spaceone"]["level"] == "WARNING"
    assert log["loggers"]["spaceone.supervisor"] == {"level": "DEBUG", "propagate": False}
    assert "sync_plugins" in log["filters"]["exclude"]["rules"]["funcName"]
