"""What can be said without an engine; the rest is in tests/integration/test_sandbox_containers.py."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from sandbox.engine import containers
from sandbox.engine.containers import Specification

WANTED = Specification(
    sandbox="12",
    part="identity",
    image="image:1",
    command=("spaceone",),
    ports={50051: 21000},
)


def test_equal_specifications_have_one_digest_and_different_ones_two():
    assert replace(WANTED).digest == WANTED.digest
    others = [
        replace(WANTED, ports={50051: 21001}),
        replace(WANTED, environment={"TOKEN": "other"}),
        replace(WANTED, memory=1),
    ]
    assert len({each.digest for each in [WANTED, *others]}) == 4


def test_names_follow_from_the_sandbox_and_the_part():
    assert (WANTED.name, WANTED.network) == ("pluginctl-12-identity", "pluginctl-12")


def test_the_labels_say_whose_container_it_is():
    assert WANTED.labels[containers.SANDBOX] == "12"
    assert WANTED.labels[containers.PART] == "identity"


def test_only_images_of_the_registry_are_removed():
    removed: list[str] = []
    tags = [["127.0.0.1:21007/plugin:1", "plugin:1"], ["127.0.0.1:210077/other:1"], []]
    images = SimpleNamespace(
        list=lambda: [SimpleNamespace(tags=each) for each in tags], remove=removed.append
    )
    containers.remove_images(SimpleNamespace(images=images), "127.0.0.1:21007")
    assert removed == ["127.0.0.1:21007/plugin:1"]
