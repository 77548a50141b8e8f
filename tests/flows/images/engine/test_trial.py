"""The trial run's judgement, on a container that behaves as it is told."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from flows.images import ImageReference, TrialFailed
from flows.images.engine import LocalImage, Trial, run_trial, trial
from flows.images.engine.container import Process
from flows.images.engine.serving import COLLECTOR, NotServing, Served

SERVED = Served(("grpc.health.v1.Health", COLLECTOR), reflection=True)
UP = Process(running=True, exit_code=0, out_of_memory=False)
NOBODY = NotServing("nothing responds there", nobody=True)


class World:
    """A clock that sleeping moves, a container, and what asking it gives, one after the other; the last one stays."""

    def __init__(self):
        self.now, self.answers, self.processes = 0.0, [SERVED], [UP]
        self.ports, self.remote, self.endpoints = ("50051/tcp",), None, ["here"]
        self.removed = False

    @contextmanager
    def running(self, image, seconds):
        yield SimpleNamespace(
            process=lambda: self._next(self.processes),
            endpoints=lambda: self.endpoints,
            output=lambda: ["last words"],
            remote=self.remote,
        )

    def ask(self, endpoint):
        answer = self._next(self.answers)
        if isinstance(answer, NotServing):
            raise answer
        return answer

    def run(self, seconds=60.0):
        reference = ImageReference(None, "team/plugin", "0.1.0")
        return run_trial(
            self, LocalImage(reference, "sha256:1", None, 1, "", self.ports, {}), seconds=seconds
        )

    def sleep(self, seconds):
        self.now += seconds

    @staticmethod
    def _next(answers):
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def world(monkeypatch):
    world = World()
    monkeypatch.setattr(trial, "time", SimpleNamespace(monotonic=lambda: world.now, sleep=world.sleep))
    monkeypatch.setattr(trial, "ask", world.ask)
    return world


def test_an_image_that_serves(world):
    world.answers = [NOBODY] * 15 + [NotServing("its health check says NOT_SERVING", nobody=False), SERVED]
    served = world.run()
    assert served.services == SERVED.services
    assert served.seconds == pytest.approx(1.6)
    assert str(served) == f"serves grpc.health.v1.Health, {COLLECTOR} after 1.6 s"
    assert served.as_json() == {
        "services": list(SERVED.services),
        "seconds": pytest.approx(1.6),
        "reflection": True,
    }


def test_an_image_without_reflection_is_taken_and_said_to_have_none(world):
    world.answers = [Served((COLLECTOR,), reflection=False)]
    assert str(world.run()).endswith("after 0.0 s (no reflection: only this service was checked)")


def test_every_endpoint_is_tried(world):
    world.endpoints = ["host", "bridge"]
    world.answers = [NOBODY, SERVED]
    assert world.run() == Trial(SERVED.services, 0.0)


REFUSALS = {
    "ended": (
        {"processes": [UP, Process(False, 3, False)], "answers": [NOBODY]},
        r"ended with exit code 3 after 0\.1 s, before it served\. .*docker run --rm team/plugin:0\.1\.0",
    ),
    "out of memory": (
        {"processes": [Process(False, 137, True)]},
        r"needed more than 1024 MiB of memory\. Reduce",
    ),
    "nobody": (
        {"answers": [NOBODY]},
        r"does not serve at port 50051 within 60 s: nothing responds there\. Make its server listen on port 50051",
    ),
    "elsewhere": (
        {"answers": [NOBODY], "ports": ("8080/tcp", "9090/tcp")},
        r"the image exposes 8080/tcp, 9090/tcp",
    ),
    "remote": (
        {"answers": [NOBODY], "remote": "docker"},
        "check that this machine can reach the ports of docker",
    ),
    "unpublished": ({"endpoints": []}, "its port is not published"),
    "not serving": (
        {"answers": [NotServing("its health check says NOT_SERVING", nobody=False)]},
        r"within 60 s: its health check says NOT_SERVING\. Its output may show what it waits for",
    ),
    "no collector": (
        {"answers": [Served(("grpc.health.v1.Health",), reflection=True)]},
        rf"it does not serve {COLLECTOR}; it lists grpc\.health\.v1\.Health\. Make its server serve",
    ),
    "nothing": (
        {"answers": [Served((), reflection=False)]},
        "it does not serve .*; it lists no service",
    ),
}


@pytest.mark.parametrize(("state", "words"), REFUSALS.values(), ids=REFUSALS)
def test_an_image_that_is_refused(world, state, words):
    for name, value in state.items():
        setattr(world, name, copy.copy(value))  # the world uses lists up
    with pytest.raises(TrialFailed, match=words) as caught:
        world.run()
    assert caught.value.message.startswith("The trial run of team/plugin:0.1.0 failed: it")
    assert caught.value.details == ("last words",)
    assert not caught.value.temporary
    assert world.now <= 61


def test_an_image_may_take_as_long_as_is_said(world):
    world.answers = [NOBODY]
    with pytest.raises(TrialFailed, match="within 5 s"):
        world.run(seconds=5)
    assert world.now <= 6
