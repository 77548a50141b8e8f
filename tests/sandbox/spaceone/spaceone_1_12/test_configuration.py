from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.spaceone.spaceone_1_12.configuration import Configuration112

if TYPE_CHECKING:
    from sandbox.spaceone.settings import Settings


@pytest.fixture
def files(settings: Settings) -> Configuration112:
    return Configuration112(settings)


def test_images_are_looked_up_where_they_are_pulled_from(files: Configuration112):
    assert files.of("repository")["REGISTRY_URL_MAP"] == {"HARBOR": "127.0.0.1:21006"}


def test_identity_is_asked_for_keys_and_rights(files: Configuration112):
    handlers = files.of("inventory")["HANDLERS"]
    assert handlers["authentication"][0]["uri"] == "grpc://identity:50051/v1/Domain/get_public_key"
    assert handlers["authorization"][0]["uri"] == "grpc://identity:50051/v1/Authorization/verify"


def test_every_part_knows_the_services_by_name(files: Configuration112):
    for part in ("inventory", "inventory-worker", "supervisor"):
        connectors = files.of(part)["CONNECTORS"]
        assert connectors["PluginConnector"] == {"endpoint": {"v1": "grpc://plugin:50051"}}
        assert connectors["RepositoryConnector"] == {"endpoint": {"v1": "grpc://repository:50051"}}


def test_a_collection_is_put_into_the_queue_that_the_worker_reads(files: Configuration112):
    assert files.of("inventory")["collect_queue"] in files.of("inventory-worker")["QUEUES"]


def test_caches_name_their_class(files: Configuration112):
    assert files.of("plugin")["CACHES"]["default"]["backend"].endswith(".RedisCache")
    assert "engine" not in files.of("plugin")["DATABASES"]["default"]


@pytest.mark.parametrize(
    ("method", "parameter"), [("DomainOwner.create", "password"), ("TrustedSecret.create", "data")]
)
def test_its_own_secret_parameters_are_masked(files: Configuration112, method: str, parameter: str):
    assert parameter in files.of("identity")["LOG"]["filters"]["masking"]["rules"][method]
