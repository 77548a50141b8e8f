"""What the files of both generations have in common; each one's own is in its own folder."""

from __future__ import annotations

import dataclasses
import stat
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sandbox.spaceone import configuration_files
from sandbox.spaceone.generations import generation_of
from sandbox.spaceone.settings import SERVERS, Settings

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout

BACKGROUND = ("inventory-worker", "inventory-scheduler", "supervisor")


@pytest.fixture
def written(either: Layout, settings: Settings) -> dict[str, dict[str, Any]]:
    configuration_files.write(either, generation_of(either), settings)
    found = {}
    for part in (*SERVERS, *BACKGROUND):
        whole = yaml.safe_load(configuration_files.file(either.conf, part).read_text())
        assert list(whole) == ["GLOBAL"]
        found[part] = whole["GLOBAL"]
    return found


def test_only_what_changes_is_written_again(either: Layout, settings: Settings):
    assert configuration_files.write(either, generation_of(either), settings) == [*SERVERS, *BACKGROUND]
    assert configuration_files.write(either, generation_of(either), settings) == []
    moved = dataclasses.replace(settings, plugin_ports=(24000, 24064))
    assert configuration_files.write(either, generation_of(either), moved) == ["supervisor"]
    assert configuration_files.write(
        either, generation_of(either), moved.with_tokens("system-token", "other")
    ) == ["supervisor"]
    others = [*SERVERS, *(name for name in BACKGROUND if name != "supervisor")]
    assert (
        configuration_files.write(either, generation_of(either), moved.with_tokens("other", "other"))
        == others
    )


def test_files_with_tokens_are_private(either: Layout, settings: Settings):
    configuration_files.write(either, generation_of(either), settings)
    assert {stat.S_IMODE(path.stat().st_mode) for path in either.conf.iterdir()} == {0o600}


def test_every_part_has_the_token_the_endpoints_and_real_authentication(written: dict[str, dict[str, Any]]):
    for name, part in written.items():
        assert part["TOKEN"] == ("supervisor-token" if name == "supervisor" else "system-token")
        assert part["CONNECTORS"]["SpaceConnector"]["endpoints"]["inventory"] == "grpc://127.0.0.1:21002"
        assert {kind: len(handlers) for kind, handlers in part["HANDLERS"].items()} == {
            **dict.fromkeys(("authentication", "authorization", "mutation"), 1),
            "event": 0,
        }


def test_every_service_has_a_database_and_a_cache_of_its_own(written: dict[str, dict[str, Any]]):
    assert [written[name]["DATABASES"]["default"]["db"] for name in SERVERS] == list(SERVERS)
    assert {written[name]["DATABASE_NAME_PREFIX"] for name in SERVERS} == {"mine_"}
    assert len({written[name]["CACHES"]["default"]["db"] for name in SERVERS}) == len(SERVERS)
    assert written["inventory-worker"]["DATABASES"] == written["inventory"]["DATABASES"]


def test_the_supervisor_has_a_name_and_ports_of_its_own_and_no_database(written: dict[str, dict[str, Any]]):
    supervisor = written["supervisor"]
    assert "DATABASES" not in supervisor
    assert supervisor["NAME"] == "sandbox-1234"
    assert supervisor["CONNECTORS"]["DockerConnector"] == {"start_port": 22000, "end_port": 22064}
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
    assert connector["base_url"] == "http://127.0.0.1:21007"


def test_secrets_are_kept_in_the_same_mongodb(written: dict[str, dict[str, Any]]):
    secret = written["secret"]
    assert secret["BACKEND"] == "MongoDBConnector"
    assert secret["CONNECTORS"]["MongoDBConnector"]["port"] == 23000


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
