from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import NotFound

from sandbox import images
from sandbox.engine import base_image, building
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from tests.sandbox.conftest import Steps

VOLUMES = {"redis": "box-redis", "registry": "box-registry", "mongodb": "box-mongodb"}


class Engine:
    """An engine's volumes, by name."""

    def __init__(self) -> None:
        self.labels: dict[str, dict[str, str]] = {}
        self.volumes = self

    def get(self, name: str) -> Any:
        if name not in self.labels:
            raise NotFound(name)
        return SimpleNamespace(attrs={"Labels": self.labels[name]})

    def create(self, name: str, labels: dict[str, str]) -> Any:
        self.labels[name] = labels
        return self.get(name)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Whether official images can be pulled, to change; an image is built by giving it a name."""
    state = {"pulls": True}
    monkeypatch.setattr(base_image, "pull", lambda *_: state["pulls"])
    monkeypatch.setattr(building, "build", lambda client, kind, *_: f"{kind}:built")
    return state


def ensure(engine: Any, steps: Steps, tmp_path: Path) -> images.Images:
    lock = tmp_path / "lock.txt"
    lock.touch()
    chosen = images.ensure(engine, "base:1", "2.x", lock, VOLUMES, steps)
    images.make_volumes(engine, chosen, VOLUMES, "box")
    return chosen


def test_official_images_where_they_can_be_pulled(network: dict[str, bool], steps: Steps, tmp_path: Path):
    chosen = ensure(Engine(), steps, tmp_path)
    assert chosen.stores == images.OFFICIAL
    assert chosen.official == set(VOLUMES)
    assert chosen.services == "spaceone-2.x:built"
    assert all("@sha256:" in name for name in images.OFFICIAL.values())


def test_own_images_where_none_can_be_pulled(network: dict[str, bool], steps: Steps, tmp_path: Path):
    network["pulls"] = False
    chosen = ensure(Engine(), steps, tmp_path)
    assert chosen.official == frozenset()
    assert chosen.stores == {
        "redis": "stores:built",
        "registry": "stores:built",
        "mongodb": chosen.services,
    }


def test_own_images_stay_with_their_data(network: dict[str, bool], steps: Steps, tmp_path: Path):
    """Another program would show an empty database."""
    engine = Engine()
    network["pulls"] = False
    before = ensure(engine, steps, tmp_path)
    network["pulls"] = True
    assert ensure(engine, steps, tmp_path).stores == before.stores


def test_an_official_image_that_cannot_be_pulled_any_more_is_named(
    network: dict[str, bool], steps: Steps, tmp_path: Path
):
    engine = Engine()
    ensure(engine, steps, tmp_path)
    network["pulls"] = False
    with pytest.raises(SandboxError, match=r"The data of redis was written by redis:7\.2\.4"):
        ensure(engine, steps, tmp_path)
