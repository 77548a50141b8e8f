"""The container of a trial run, on a stand-in for the engine; tests/integration runs real ones."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest
import requests
from docker.errors import APIError

from flows.images import EngineError, EngineUnreachable, ImageReference, TrialFailed
from flows.images.engine import LocalImage, apart, container
from flows.images.engine.container import running
from flows.images.engine.restrictions import ALL, Restriction
from flows.spaceone import Endpoint

HERE, ELSEWHERE = "unix:///var/run/docker.sock", "tcp://build.example.com:2376"
IMAGE = LocalImage(ImageReference(None, "team/plugin", "0.1.0"), "sha256:1", None, 1, "", (), {})


class Made:
    """A container; `attrs` is what the engine shows of it."""

    def __init__(self, engine, name, labels):
        self.engine, self.name, self.labels = engine, name, labels
        self.attrs = {
            "State": {"Running": True, "ExitCode": 0, "OOMKilled": False},
            "NetworkSettings": {
                "Ports": {"50051/tcp": [{"HostPort": "32768"}]},
                "IPAddress": "172.17.0.9",
                "Networks": {"one": {"IPAddress": "172.18.0.2"}},
            },
            "Image": "sha256:1",
        }
        self.log, self.changed, self.measured = b"", None, {}

    def start(self):
        if self.engine.refuses:
            raise self.engine.refuses

    def reload(self):
        pass

    def logs(self, tail):
        return self.log

    def stats(self, *, stream, one_shot):
        return self.measured

    def diff(self):
        return self.changed

    def remove(self, **_):
        self.engine.made.remove(self)


class Network:
    """A network; the engine's machine has the address of its gateway."""

    def __init__(self, engine, name, labels):
        self.engine, self.name = engine, name
        self.attrs = {"Labels": labels, "IPAM": {"Config": [{"Gateway": engine.gateway}]}}

    def remove(self):
        self.engine.networks_made.remove(self)


class Engine:
    """docker's client, as far as it is used."""

    def __init__(self):
        self.made, self.refuses, self.options = [], None, {}
        self.networks_made, self.network_options, self.gateway = [], {}, "127.0.0.1"
        self.image_labels = {}
        self.containers = SimpleNamespace(create=self.create, list=lambda **_: list(self.made))
        self.networks = SimpleNamespace(create=self.create_network, list=lambda **_: list(self.networks_made))
        self.api = SimpleNamespace(
            remove_container=self.remove_container,
            remove_network=self.remove_network,
            inspect_image=lambda name: {"Config": {"Labels": self.image_labels[name]}},
        )

    def create_network(self, name, labels, **options):
        self.network_options = options
        self.networks_made.append(Network(self, name, labels))
        return self.networks_made[-1]

    def remove_network(self, name):
        assert not self.made, "a network is removed after its container"
        self.networks_made = [each for each in self.networks_made if each.name != name]

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


def test_nothing_is_forbidden_that_the_platform_allows(engine):
    with running(engine, HERE, IMAGE, 60) as found:
        assert not {"read_only", "tmpfs", "cap_drop", "security_opt", "network"} & set(engine.options)
        assert (found.restrictions, found.open_network) == (frozenset(), "")
    assert engine.network_options == {}


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, SystemExit, ValueError])
def test_with_restrictions_it_is_on_a_network_of_its_own_which_is_removed(engine, error):
    with contextlib.suppress(error or ()), running(engine, HERE, IMAGE, 60, ALL) as found:
        (network,), (made,) = engine.networks_made, engine.made
        assert engine.network_options["internal"]
        assert engine.options["network"] == network.name == made.name
        assert network.attrs["Labels"] == made.labels
        assert found.endpoints() == [Endpoint("172.18.0.2", 50051, False)]
        assert found.restrictions == ALL
        if error:
            raise error
    assert (engine.made, engine.networks_made) == ([], [])
    assert engine.options["dns"] == ["127.0.0.1"], "the engine answers for no name outside"
    assert "ports" not in engine.options
    assert (engine.options["cap_drop"], engine.options["security_opt"]) == (["ALL"], ["no-new-privileges"])
    assert engine.options["read_only"]
    assert list(engine.options["tmpfs"]) == ["/tmp"]  # noqa: S108 - inside the container
    assert engine.options["mem_limit"] == engine.options["memswap_limit"] == 2**30


def test_the_network_is_removed_when_the_answer_to_its_making_is_lost(engine):
    def create(name, **options):
        engine.create_network(name, **options)
        raise requests.ConnectionError("closed")

    engine.networks.create = create
    with pytest.raises(EngineUnreachable), running(engine, HERE, IMAGE, 60, ALL):
        pass
    assert (engine.made, engine.networks_made) == ([], [])


UNREACHED = {
    "the engine is on another machine": (ELSEWHERE, "127.0.0.1"),
    # TEST-NET-1: no machine has it
    "this process does not reach the addresses of the engine's containers": (HERE, "192.0.2.1"),
}


@pytest.mark.parametrize(("why", "where"), UNREACHED.items(), ids=["remote", "no bridge here"])
def test_where_its_address_is_out_of_reach_its_port_is_published_and_it_says_so(engine, why, where):
    address, engine.gateway = where
    with running(engine, address, IMAGE, 60, ALL) as found:
        assert found.restrictions == ALL - {Restriction.NETWORK}
        assert found.open_network == why
        assert engine.networks_made == []
        assert found.endpoints()[0].port == 32768
    assert engine.options["read_only"], "the other restrictions stay"


def test_an_engine_that_makes_no_network_publishes_the_port(engine):
    def create(*_, **__):
        raise APIError("403", explanation="could not find an available address pool")

    engine.networks.create = create
    with running(engine, HERE, IMAGE, 60, ALL) as found:
        assert found.open_network == "the engine made no network: could not find an available address pool"


@pytest.mark.parametrize("address", ["", "::1", "nonsense", "192.0.2.1"])
def test_an_address_that_is_not_this_machines(address):
    assert not apart._is_here(address)


def test_what_it_changed_is_named_without_the_folders_above(engine):
    with running(engine, HERE, IMAGE, 60) as found:
        assert found.changes() == []
        paths = ("/opt", "/opt/a", "/opt/a-b", "/opt/a/c", "/var")
        engine.made[0].changed = [{"Path": path, "Kind": 0} for path in paths]
        assert found.changes() == ["/opt/a-b", "/opt/a/c", "/var"]


def test_its_output_is_cut(engine):
    with running(engine, HERE, IMAGE, 60) as found:
        engine.made[0].log = b"\n".join([b"x" * 301, b"", *(b"%d \xff" % number for number in range(30))])
        lines = found.output()
        assert (len(lines), lines[-1]) == (20, "29 \ufffd")
        assert found.output(1) == ["29 \ufffd"]
        engine.made[0].log = b"x" * 301
        assert found.output() == ["x" * 299 + "…"]


@pytest.mark.parametrize(
    ("measured", "seconds"),
    [
        ({"cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}}}, 2.5),
        ({"cpu_stats": {"cpu_usage": {}}}, 0.0),
        ({"cpu_stats": None}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_cpu_time_is_the_engines(engine, measured, seconds):
    with running(engine, HERE, IMAGE, 60) as found:
        engine.made[0].measured = measured
        assert found.cpu_seconds() == seconds
