"""The container of a trial run, on a stand-in for the engine; tests/integration runs real ones."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
import requests
from docker.errors import APIError

from flows.images import EngineError, EngineUnreachable, ImageReference, TrialFailed
from flows.images.engine import LocalImage, container
from flows.images.engine.container import running
from flows.images.labels import TRIAL
from flows.spaceone import Endpoint

HERE, ELSEWHERE = "unix:///var/run/docker.sock", "tcp://build.example.com:2376"
IMAGE = LocalImage(ImageReference(None, "team/plugin", "0.1.0"), "sha256:1", None, 1, "", (), {})


class Made:
    """A container; `attrs` is what the engine shows of it."""

    def __init__(self, engine, name, labels):
        self.engine, self.name, self.labels = engine, name, labels
        self.attrs = {
            "State": {"Running": True, "ExitCode": 0, "OOMKilled": False},
            "NetworkSettings": {"Ports": {"50051/tcp": [{"HostPort": "32768"}]}, "IPAddress": "172.17.0.9"},
        }
        self.log = b""

    def start(self):
        if self.engine.refuses:
            raise self.engine.refuses

    def reload(self):
        pass

    def logs(self, tail):
        return self.log

    def remove(self, **_):
        self.engine.made.remove(self)


class Engine:
    """docker's client, as far as it is used."""

    def __init__(self):
        self.made, self.refuses, self.options = [], None, {}
        self.containers = SimpleNamespace(create=self.create, list=lambda **_: list(self.made))
        self.api = SimpleNamespace(remove_container=self.remove_container)

    def create(self, image, name, labels, **options):
        self.options = options
        self.made.append(Made(self, name, labels))
        return self.made[-1]

    def remove_container(self, name, **_):
        left = [made for made in self.made if made.name != name]
        if left == self.made:
            raise APIError("404", explanation="no such container")
        self.made = left


@pytest.fixture
def engine():
    return Engine()


def test_it_is_removed_when_all_is_done(engine):
    with running(engine, HERE, IMAGE, 60) as found:
        assert len(engine.made) == 1
        assert found.process().running
    assert engine.made == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_it_is_removed_when_it_is_left_by(engine, error):
    with pytest.raises(error), running(engine, HERE, IMAGE, 60):
        raise error
    assert engine.made == []


def test_it_is_removed_when_the_answer_to_its_making_is_lost(engine, monkeypatch):
    def create(image, name, labels, **options):
        engine.create(image, name, labels, **options)
        raise requests.ConnectionError("closed")

    engine.containers.create = create
    with pytest.raises(EngineUnreachable, match="making a container"), running(engine, HERE, IMAGE, 60):
        pass
    assert engine.made == []


def test_an_engine_that_cannot_make_one_says_why(engine):
    def create(*_, **__):
        raise APIError("404", explanation="No such image: sha256:1")

    engine.containers.create = create
    with (
        pytest.raises(EngineError, match="making a container of team/plugin:0.1.0: No such image"),
        running(engine, HERE, IMAGE, 60),
    ):
        pass


def test_an_image_that_cannot_be_started_is_refused(engine):
    engine.refuses = APIError("400", explanation='exec: "nope": executable file not found in $PATH')
    with (
        pytest.raises(TrialFailed, match=r"cannot be started: exec: \"nope\".*\. Correct ENTRYPOINT"),
        running(engine, HERE, IMAGE, 60),
    ):
        pass
    assert engine.made == []


def test_it_listens_on_loopback_alone_and_within_limits(engine):
    with running(engine, HERE, IMAGE, 60):
        pass
    assert engine.options["ports"] == {"50051/tcp": ("127.0.0.1", 0)}
    assert engine.options["mem_limit"] == engine.options["memswap_limit"] == 2**30
    assert engine.options["pids_limit"] == 512
    assert engine.options["log_config"]["Config"] == {"max-size": "4m"}


@pytest.mark.parametrize("inside", [False, True])
def test_where_it_is_reached(engine, monkeypatch, inside):
    """From inside a container that shares the engine's socket the host's loopback is another one."""
    monkeypatch.setattr(container, "Path", lambda _: SimpleNamespace(exists=lambda: inside))
    with running(engine, HERE, IMAGE, 60) as found:
        here = [Endpoint("127.0.0.1", 32768, False)]
        assert found.endpoints() == here + [Endpoint("172.17.0.9", 50051, False)] * inside
        engine.made[0].attrs["NetworkSettings"] = {"Ports": {"50051/tcp": None}, "IPAddress": ""}
        assert found.endpoints() == []


def test_where_it_is_reached_on_another_machine(engine):
    with running(engine, ELSEWHERE, IMAGE, 60) as found:
        assert found.endpoints() == [Endpoint("build.example.com", 32768, False)]
        assert found.remote == "build.example.com"
    assert engine.options["ports"] == {"50051/tcp": ("0.0.0.0", 0)}


def test_where_it_is_reached_on_a_machine_named_by_ipv6(engine):
    with running(engine, "tcp://[2001:db8::1]:2376", IMAGE, 60) as found:
        found.process()
        assert found.endpoints() == [Endpoint("[2001:db8::1]", 32768, False)]
    assert engine.options["ports"] == {"50051/tcp": ("::", 0)}


def test_what_a_killed_pipeline_left_over_is_removed_and_nothing_else(engine):
    now = int(time.time())
    old, running_elsewhere = (
        Made(engine, "old", {TRIAL: str(now - 1)}),
        Made(engine, "a", {TRIAL: str(now + 60)}),
    )
    strange = Made(engine, "b", {TRIAL: "x"})
    engine.made = [old, running_elsewhere, strange]
    with running(engine, HERE, IMAGE, 60):
        assert int(engine.made[-1].labels[TRIAL]) >= now + 660
    assert engine.made == [running_elsewhere, strange]


def test_its_output_is_cut(engine):
    with running(engine, HERE, IMAGE, 60) as found:
        engine.made[0].log = b"\n".join([b"x" * 301, b"", *(b"%d \xff" % number for number in range(30))])
        lines = found.output()
        assert (len(lines), lines[-1]) == (20, "29 \ufffd")
        engine.made[0].log = b"x" * 301
        assert found.output() == ["x" * 300 + "…"]
