from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from sandbox import parts
from sandbox.engine.containers import Specification
from sandbox.images import Images
from sandbox.machine.layout import Layout
from sandbox.parts import Parts
from sandbox.spaceone import database
from sandbox.spaceone.generations import generation_of
from sandbox.spaceone.settings import SERVERS, Settings

OWN = Images(
    "base:1",
    "services:1",
    {"redis": "stores:1", "registry": "stores:1", "mongodb": "services:1"},
    frozenset(),
)


def made(layout: Layout, settings: Settings, images: Images = OWN) -> Parts:
    return Parts(layout, generation_of(layout), settings, images)


@pytest.fixture
def found(
    either: Layout, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Specification]:
    """Every part's specification, with a socket that belongs to root's group 7."""
    wanted = made(either, settings)
    socket = tmp_path / "docker.sock"
    socket.touch()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
    every = [*wanted.stores(), *wanted.services(), wanted.supervisor(), wanted.market()]
    return {each.part: each for each in every}


def test_every_part_is_there_and_on_the_sandboxs_network(found: dict[str, Specification], either: Layout):
    expected = {*parts.STORES, *generation_of(either).parts, "market"}
    assert set(found) == expected
    assert {each.network for each in found.values()} == {f"pluginctl-{either.identifier}"}
    assert all(each.name == f"pluginctl-{either.identifier}-{part}" for part, each in found.items())


def test_services_registry_and_market_are_published_and_nothing_else(found: dict[str, Specification]):
    assert {part for part, each in found.items() if each.ports} == {*SERVERS, "registry", "market"}


def test_only_the_supervisor_has_the_engines_socket(found: dict[str, Specification]):
    with_files = {part: each.files for part, each in found.items() if each.files}
    assert list(with_files) == ["supervisor"]
    assert list(with_files["supervisor"].values()) == ["/var/run/docker.sock"]


def test_the_supervisor_may_use_the_socket(
    either: Layout, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    socket = tmp_path / "docker.sock"
    socket.touch()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
    os.chown(socket, 0, 7)
    supervisor = made(either, settings).supervisor()
    assert (supervisor.user, supervisor.groups) == ("10001:10001", ("7",))
    os.chown(socket, 1000, 1000)
    rootless = made(either, settings).supervisor()
    assert (rootless.user, rootless.groups) == ("0:0", ()), (
        "root in a rootless container is the engine's user"
    )


def test_every_part_has_a_health_check_and_limits(found: dict[str, Specification]):
    for each in found.values():
        assert each.health
        assert 0 < each.memory <= 2048
        assert 0 < each.processes <= 512


def test_a_part_gets_its_own_configuration_alone(found: dict[str, Specification]):
    identity = yaml.safe_load(found["identity"].environment["CONFIGURATION"])["GLOBAL"]
    assert identity["DATABASES"]["default"]["db"] == "identity"
    assert "supervisor-token" in found["supervisor"].environment["CONFIGURATION"]
    assert not [
        part for part, each in found.items() if part != "supervisor" and "supervisor-token" in str(each)
    ]
    assert "CONFIGURATION" not in found["market"].environment


def test_the_stores_require_their_passwords(found: dict[str, Specification]):
    assert "redis-password" in found["redis"].command
    assert found["mongodb"].environment["MONGODB_PASSWORD"] == "mongodb-password"


def test_the_data_is_in_named_volumes(found: dict[str, Specification], either: Layout):
    volumes = {part: set(each.volumes) for part, each in found.items() if each.volumes}
    assert volumes == {store: {f"pluginctl-{either.identifier}-{store}"} for store in parts.STORES}


@pytest.mark.parametrize(("generation", "words"), [("2.x", ("run", "grpc-server")), ("1.12", ("grpc",))])
def test_services_are_started_with_their_generations_words(
    tmp_path: Path, settings: Settings, generation: str, words: tuple[str, ...]
):
    command = made(Layout.of(tmp_path, generation), settings).service("identity").command
    assert command[4:-1] == ("spaceone", *words, "spaceone.identity", "-p", "50051", "-c")


def test_a_mongodb_elsewhere_is_no_part_and_is_reached_through_the_gateway(
    either: Layout, settings: Settings
):
    elsewhere = replace(settings, database=database.parse("mongodb://u:p@127.0.0.1/"))
    wanted = made(either, elsewhere)
    assert [each.part for each in wanted.stores()] == ["redis", "registry"]
    assert wanted.service("identity").hosts == {"host.docker.internal": "host-gateway"}


def test_official_images_run_as_their_own_users(either: Layout, settings: Settings):
    images = Images(
        "base", "services", {store: f"{store}:1" for store in parts.STORES}, frozenset(parts.STORES)
    )
    found = {each.part: each for each in made(either, settings, images).stores()}
    assert {part: (each.image, each.user) for part, each in found.items()} == {
        "redis": ("redis:1", "999:1000"),
        "registry": ("registry:1", "0:0"),
        "mongodb": ("mongodb:1", "999:999"),
    }
    assert found["mongodb"].environment["MONGO_INITDB_ROOT_PASSWORD"] == "mongodb-password"
