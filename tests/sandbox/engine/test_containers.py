"""What can be said without an engine; the rest is in tests/integration/test_sandbox_containers.py."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from docker.errors import ImageNotFound

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


def made(name: str, network: str, **labels: str) -> Any:
    """A container with the name and the network that its maker gave it, and labels, which its image may have too."""
    return SimpleNamespace(
        name=name,
        labels={f"pluginctl.{key}": value for key, value in labels.items()},
        attrs={"HostConfig": {"NetworkMode": network}},
    )


def engine(*found: Any) -> Any:
    """An engine that finds containers by their labels."""

    def find(*, filters: dict[str, str], **_: bool) -> list[Any]:
        key, _, value = filters["label"].partition("=")
        return [each for each in found if each.labels.get(key) == value]

    return SimpleNamespace(containers=SimpleNamespace(list=find))


def test_a_label_of_an_image_makes_no_container_the_sandboxs():
    redis = made("pluginctl-12-redis", "pluginctl-12", sandbox="12", part="redis")
    plugin = made("plugin-x-0a1b2c3d", "pluginctl-12", sandbox="12")
    others = [
        made("production", "default", sandbox="12", part="redis", specification="x"),
        made("pluginctl-12-mongodb", "bridge", sandbox="12", part="mongodb"),
        made("pluginctl-34-redis", "pluginctl-34", sandbox="34", part="redis"),
    ]
    client = engine(redis, plugin, *others)
    assert containers.members(client, "12") == [redis, plugin]
    assert containers.of_sandbox(client, "12") == {"redis": redis}
    assert [containers.part_of(each) for each in (redis, plugin)] == ["redis", "plugin-x-0a1b2c3d"]


def test_a_plugin_whose_image_says_that_it_is_a_part_is_a_plugin():
    plugin = made("plugin-x-0a1b2c3d", "pluginctl-12", sandbox="12", part="redis")
    assert containers.of_sandbox(engine(plugin), "12") == {}
    assert containers.part_of(plugin) == "plugin-x-0a1b2c3d"


def test_only_images_of_the_registry_are_removed():
    """Another process may remove one meanwhile."""
    removed: list[str] = []
    held = [
        ["127.0.0.1:21007/gone:1", "127.0.0.1:21007/plugin:1", "plugin:1"],
        ["127.0.0.1:210077/other:1"],
        ["<none>:<none>"],
        None,
    ]

    def remove(name: str) -> None:
        removed.append(name)
        if "gone" in name:
            raise ImageNotFound(name)

    api = SimpleNamespace(images=lambda filters: [{"RepoTags": names} for names in held])
    client: Any = SimpleNamespace(images=SimpleNamespace(remove=remove), api=api)
    containers.remove_images(client, "127.0.0.1:21007")
    assert removed == ["127.0.0.1:21007/gone:1", "127.0.0.1:21007/plugin:1"]
