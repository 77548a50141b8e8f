from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from deployments.sandbox import configuration, database
from deployments.sandbox.configuration import BACKGROUND, SERVERS, Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings() -> Settings:
    names = (*SERVERS, "redis", "registry")
    return Settings(
        ports={name: 21000 + number for number, name in enumerate(names)},
        plugin_ports=(22000, 22064),
        database=database.embedded(23000),
        prefix="mine_",
        token="system-token",
        supervisor="sandbox-1234",
    )


def read(folder: Path, part: str) -> dict[str, Any]:
    whole = yaml.safe_load(configuration.file(folder, part).read_text())
    assert list(whole) == ["GLOBAL"]
    return dict(whole["GLOBAL"])


@pytest.fixture
def written(tmp_path: Path, settings: Settings) -> dict[str, dict[str, Any]]:
    configuration.write(tmp_path, settings)
    return {part: read(tmp_path, part) for part in (*SERVERS, *BACKGROUND)}


def test_only_what_changes_is_written_again(tmp_path: Path, settings: Settings):
    assert sorted(configuration.write(tmp_path, settings)) == sorted((*SERVERS, *BACKGROUND))
    assert configuration.write(tmp_path, settings) == []
    moved = Settings(**{**settings.__dict__, "plugin_ports": (24000, 24064)})
    assert configuration.write(tmp_path, moved) == ["supervisor"]
    assert sorted(configuration.write(tmp_path, moved.with_token("other"))) == sorted((*SERVERS, *BACKGROUND))


def test_files_with_tokens_are_private(tmp_path: Path, settings: Settings):
    configuration.write(tmp_path, settings)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_every_part_has_the_token_the_endpoints_and_real_authentication(written: dict[str, dict[str, Any]]):
    for part in written.values():
        assert part["TOKEN"] == "system-token"
        assert part["CONNECTORS"]["SpaceConnector"]["endpoints"]["inventory"] == "grpc://127.0.0.1:21002"
        assert [len(part["HANDLERS"][kind]) for kind in ("authentication", "authorization", "mutation")] == [
            1,
            1,
            1,
        ]


def test_every_service_has_a_database_and_a_cache_of_its_own(written: dict[str, dict[str, Any]]):
    assert [written[name]["DATABASES"]["default"]["db"] for name in SERVERS] == list(SERVERS)
    assert {written[name]["DATABASE_NAME_PREFIX"] for name in SERVERS} == {"mine_"}
    assert len({written[name]["CACHES"]["default"]["db"] for name in SERVERS}) == len(SERVERS)
    assert written["inventory-worker"]["DATABASES"] == written["inventory"]["DATABASES"]


def test_the_supervisor_keeps_its_lock_to_itself_and_has_no_database(written: dict[str, dict[str, Any]]):
    supervisor = written["supervisor"]
    assert supervisor["CACHES"]["default"]["engine"] == "LocalCache"
    assert "DATABASES" not in supervisor
    assert supervisor["NAME"] == "sandbox-1234"
    assert supervisor["CONNECTORS"]["DockerConnector"] == {"start_port": 22000, "end_port": 22064}


def test_the_queue_waits_for_ever(written: dict[str, dict[str, Any]]):
    for part in ("inventory", "inventory-worker", "inventory-scheduler"):
        assert written[part]["QUEUES"]["collector_q"]["socket_timeout"] is None


def test_every_scheduler_has_a_minute_of_its_own(written: dict[str, dict[str, Any]]):
    minutes = [each["minute"] for each in written["inventory-scheduler"]["SCHEDULERS"].values()]
    assert len(set(minutes)) == len(minutes) == 4


def test_images_are_looked_up_where_they_are_pulled_from(written: dict[str, dict[str, Any]]):
    repository = written["repository"]
    assert repository["CONNECTORS"]["HarborConnector"]["base_url"] == "http://127.0.0.1:21007"
    assert repository["REGISTRY_INFO"]["HARBOR"]["url"] == "127.0.0.1:21007"
    assert [each["repository_id"] for each in repository["REPOSITORIES"]] == ["repo-local"]


def test_secrets_are_kept_in_the_same_mongodb(written: dict[str, dict[str, Any]]):
    secret = written["secret"]
    assert secret["BACKEND"] == "MongoDBConnector"
    assert secret["CONNECTORS"]["MongoDBConnector"]["port"] == 23000


def test_secret_parameters_are_masked_in_every_log(written: dict[str, dict[str, Any]]):
    for name, part in written.items():
        if name == "supervisor":
            continue  # it logs no parameters
        rules = part["LOG"]["filters"]["masking"]["rules"]
        assert {"admin"} <= set(rules["Domain.create"])
        assert {"credentials"} <= set(rules["Token.issue"])
        assert {"secret_data"} <= set(rules["ServiceAccount.create"])
        assert part["LOG"]["loggers"]["spaceone"]["level"] == "INFO"


def test_the_supervisor_tells_failures_and_not_every_second(written: dict[str, dict[str, Any]]):
    log = written["supervisor"]["LOG"]
    assert log["loggers"]["spaceone"]["level"] == "WARNING"
    assert log["loggers"]["spaceone.supervisor"] == {"level": "DEBUG", "propagate": False}
    assert "sync_plugins" in log["filters"]["exclude"]["rules"]["funcName"]
