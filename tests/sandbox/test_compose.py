from __future__ import annotations

import yaml

from sandbox import compose
from sandbox.engine.containers import Specification

WANTED = Specification(
    sandbox="12",
    part="identity",
    image="image:1",
    command=("sh", "-c", 'exec "$@"'),
    environment={"TOKEN": "a$b"},
    volumes={"pluginctl-12-data": "/data"},
    files={"/run/docker.sock": "/var/run/docker.sock"},
    ports={50051: 21000},
    health="test $(cat x) -ge 1",
    groups=("7",),
)


def test_the_same_container_as_a_compose_service():
    found = yaml.safe_load(compose.document([WANTED]))
    service = found["services"]["identity"]
    assert "name" not in found, "Compose 1 refuses it"
    assert found["networks"] == {"pluginctl-12": {"name": "pluginctl-12", "external": True}}
    assert found["volumes"] == {"pluginctl-12-data": {"name": "pluginctl-12-data", "external": True}}
    assert service["container_name"] == WANTED.name
    assert service["ports"] == ["127.0.0.1:21000:50051"]
    assert service["volumes"] == ["pluginctl-12-data:/data", "/run/docker.sock:/var/run/docker.sock"]
    assert (service["cap_drop"], service["read_only"], service["group_add"]) == (["ALL"], True, ["7"])
    assert service["security_opt"] == ["no-new-privileges"]
    assert service["labels"] == WANTED.labels


def test_dollar_signs_are_not_variables_of_compose():
    service = yaml.safe_load(compose.document([WANTED]))["services"]["identity"]
    assert service["command"][2] == 'exec "$$@"'
    assert service["environment"] == {"TOKEN": "a$$b"}
    assert service["healthcheck"]["test"] == ["CMD-SHELL", "test $$(cat x) -ge 1"]
