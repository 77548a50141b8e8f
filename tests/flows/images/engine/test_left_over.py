"""What a killed pipeline left over, among containers of others; tests/integration/test_trial.py has real ones."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from docker.errors import NotFound

from flows.images.engine import left_over
from flows.images.labels import TRIAL

PAST, FUTURE = "1700000000", "99999999999"


class Engine:
    """docker's client with one container and one network; `image` are the labels of the container's image."""

    def __init__(self, name, labels, image):
        self.image, self.removed = image, []
        made = SimpleNamespace(
            name=name,
            labels=labels,
            attrs={"Image": "sha256:1"},
            remove=lambda **_: self.removed.append("container"),
        )
        network = SimpleNamespace(
            name=name, attrs={"Labels": labels}, remove=lambda: self.removed.append("network")
        )
        self.containers = SimpleNamespace(list=lambda **_: [made])
        self.networks = SimpleNamespace(list=lambda **_: [network])
        self.api = SimpleNamespace(inspect_image=self.inspect_image)

    def inspect_image(self, name):
        if self.image is None:
            raise NotFound("no such image")
        return {"Config": {"Labels": self.image}}


def removed(name="pluginctl-trial-0123456789ab", labels=None, image=()):
    engine = Engine(name, labels or {}, image)
    left_over.remove(engine)
    return engine.removed


def test_a_container_and_a_network_whose_time_is_over():
    assert removed(labels={TRIAL: PAST}, image={"other": "1"}) == ["container", "network"]


@pytest.mark.parametrize(
    "value", [FUTURE, "", "x", "-1", "1.5", "²", "٣", "9" * 5000], ids=lambda value: value[:5] or "empty"
)
def test_a_time_that_is_not_over_or_none(value):
    assert removed(labels={TRIAL: value}, image={"other": "1"}) == []


def test_a_container_of_another_name():
    assert removed("sec-victim", labels={TRIAL: PAST}, image={"other": "1"}) == []


def test_a_label_of_the_image_is_not_the_containers_whatever_its_name():
    assert removed(labels={TRIAL: PAST}, image={TRIAL: PAST}) == ["network"]


def test_a_trial_of_an_image_with_that_label_is_still_a_trial():
    assert removed(labels={TRIAL: PAST}, image={TRIAL: "1"}) == ["container", "network"]


def test_a_container_whose_image_is_gone_stays():
    assert removed(labels={TRIAL: PAST}, image=None) == ["network"]


def test_a_new_container_is_not_left_over():
    labels = left_over.labels(60)
    assert int(labels[TRIAL]) >= time.time() + 650
    assert removed(left_over.name(), labels, {"other": "1"}) == []
