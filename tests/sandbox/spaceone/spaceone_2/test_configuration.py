from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.spaceone.spaceone_2.configuration import Configuration2

if TYPE_CHECKING:
    from sandbox.spaceone.settings import Settings


@pytest.fixture
def files(settings: Settings) -> Configuration2:
    return Configuration2(settings)


def test_images_are_looked_up_where_they_are_pulled_from(files: Configuration2):
    repository = files.of("repository")
    assert repository["REGISTRY_INFO"]["HARBOR"]["url"] == "127.0.0.1:21006"
    assert repository["DEFAULT_REGISTRY"] == "HARBOR"
    assert [each["repository_id"] for each in repository["REPOSITORIES"]] == ["repo-local"]


def test_databases_and_caches_name_their_engine(files: Configuration2):
    inventory = files.of("inventory")
    assert inventory["DATABASES"]["default"]["engine"] == "MongoModel"
    assert inventory["CACHES"]["default"]["engine"] == "RedisCache"


def test_the_supervisor_keeps_its_lock_to_itself(files: Configuration2):
    assert files.of("supervisor")["CACHES"]["default"]["engine"] == "LocalCache"


def test_metrics_are_computed_once_an_hour_too(files: Configuration2):
    assert len(files.of("inventory-scheduler")["SCHEDULERS"]) == 4


@pytest.mark.parametrize(
    ("method", "parameter"),
    [("System.init", "admin"), ("Domain.create", "admin"), ("ServiceAccount.create", "secret_data")],
)
def test_its_own_secret_parameters_are_masked(files: Configuration2, method: str, parameter: str):
    assert parameter in files.of("identity")["LOG"]["filters"]["masking"]["rules"][method]
