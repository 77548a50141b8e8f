"""Trial runs of real images on the real Docker engine."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import TYPE_CHECKING

import docker
import pytest

from flows.images import ImageReference, TrialFailed
from flows.images.engine import left_over, run_trial, trial
from flows.images.engine.restrictions import ALL, NONE
from flows.images.labels import TRIAL
from flows.images.source import PluginSource
from flows.plugin_kinds import COLLECTOR, COLLECTS, kind_of
from sandbox.machine.probes import listens
from tests.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.engine, pytest.mark.usefixtures("build_args")]

#: In the name of every image that is built here.
NAME = f"trial-test-{uuid.uuid4().hex[:8]}"
PLUGIN = ImageReference(None, f"{NAME}/plugin", "0.1.0")

A_COLLECTOR = kind_of(COLLECTS).on("2.x")

#: A server of what its arguments name.
SERVER = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from spaceone.api.inventory.plugin import collector_pb2_grpc

server = grpc.server(ThreadPoolExecutor(4))
names = []
if "health" in sys.argv:
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    names.append("grpc.health.v1.Health")
if "collector" in sys.argv:
    collector_pb2_grpc.add_CollectorServicer_to_server(collector_pb2_grpc.CollectorServicer(), server)
    names.append("spaceone.api.inventory.plugin.Collector")
if "reflection" in sys.argv:
    reflection.enable_server_reflection(names, server)
server.add_insecure_port("[::]:50051")
server.start()
server.wait_for_termination()
"""


@pytest.fixture(autouse=True)
def nothing_stays(client, monkeypatch):
    named = []
    name = left_over.name
    monkeypatch.setattr(left_over, "name", lambda: named.append(name()) or named[-1])
    yield
    for found in (client.containers.list(all=True, ignore_removed=True), client.networks.list()):
        assert not {each.name for each in found} & {*named}


@pytest.fixture
def other(engine, plugin, checkout, tmp_path, request):
    """Makes an image of the plugin's with something else in its Dockerfile."""

    def other(dockerfile: str, *arguments: str):
        folder: Path = tmp_path / "plugin"
        (folder / "src").mkdir(parents=True)
        (folder / "src/VERSION").write_text("0.1.0\n")
        (folder / "src/server.py").write_text(SERVER)
        kinds = checkout / "tests/fixtures/other-kinds/__main__.py"
        (folder / "src/kinds.py").write_text(kinds.read_text())
        entrypoint = f"\nENTRYPOINT {json.dumps(arguments)}" if arguments else ""
        (folder / "Dockerfile").write_text(f"FROM {PLUGIN}\nCOPY src /opt/other\n{dockerfile}{entrypoint}\n")
        name = request.node.originalname.replace("_", "-")[5:40].strip("-")
        reference = ImageReference(None, f"{NAME}/{name}", "0.1.0")
        engine.build(PluginSource.load(folder), reference)
        return engine.inspect(reference)

    return other


def test_what_the_engine_shows_of_an_image(plugin):
    assert plugin.user == "65532:65532"
    assert plugin.ports == ("50051/tcp",)
    assert plugin.size > 10**7
    assert plugin.labels["org.opencontainers.image.version"]
    assert plugin.created is not None


def test_this_repositorys_plugin_serves_what_the_walkthrough_shows(engine, plugin):
    served = run_trial(engine, plugin, A_COLLECTOR)
    assert set(served.services) == {
        COLLECTOR,
        "spaceone.api.inventory.plugin.Job",
        "grpc.health.v1.Health",
        "spaceone.api.core.v1.ServerInfo",
    }
    assert served.seconds > 0
    assert (served.restrictions, served.remarks) == (ALL, ())


def test_an_image_that_ends_is_refused_with_its_last_words(engine, other):
    image = other("", "python", "-c", "import sys; sys.exit('no licence key')")
    with pytest.raises(TrialFailed, match=r"ended with exit code 1 after .* s, before it served") as caught:
        run_trial(engine, image, A_COLLECTOR)
    assert str(caught.value).endswith("\n    no licence key")


def test_an_image_that_cannot_be_started_is_refused(engine, other):
    image = other("", "/no/such/program")
    with pytest.raises(TrialFailed, match=r"cannot be started: .*no such file[\s\S]*Correct ENTRYPOINT"):
        run_trial(engine, image, A_COLLECTOR)


def test_an_image_that_never_listens_is_refused_in_time(engine, other):
    image = other("", "python", "-uc", "import time; print('waiting'); time.sleep(600)")
    said = []
    with pytest.raises(TrialFailed, match=r"listen at port 50051 after 1\d s.*: nothing[\s\S]*    waiting$"):
        run_trial(engine, image, A_COLLECTOR, seconds=12, on_output=said.append)
    assert re.fullmatch(r"still starting after 1\d s, 0\.\d s of CPU time: 'waiting'", said[0]), said


#: Works during a tenth of twelve seconds, as on a busy machine.
WORK = """
import time
end = time.monotonic() + 12
while time.monotonic() < end:
    used = time.process_time()
    while time.process_time() < used + 0.05:
        pass
    time.sleep(0.45)
"""


def test_an_image_is_waited_for_as_long_as_it_works(engine, other):
    """It may use six seconds of CPU time, and takes twice as long without using them."""
    image = other("", "sh", "-c", f"python -c '{WORK}'; exec {' '.join(SERVE)}")
    assert run_trial(engine, image, A_COLLECTOR, seconds=6).seconds > 12


def test_an_image_that_listens_elsewhere_is_refused(engine, other):
    image = other("ENV SPACEONE_PORT=8080\nEXPOSE 8080")
    with pytest.raises(TrialFailed, match=r"nothing responds[\s\S]*listen on port 50051 .*exposes 8080/tcp"):
        run_trial(engine, image, A_COLLECTOR, seconds=2)


def test_an_image_that_speaks_another_protocol_is_refused(engine, other):
    image = other("", "python", "-m", "http.server", "50051")
    with pytest.raises(TrialFailed, match="it listens, but does not serve at port 50051.*without TLS"):
        run_trial(engine, image, A_COLLECTOR, seconds=3)


def test_an_image_that_serves_no_collector_is_refused(engine, other):
    image = other("", "python", "/opt/other/server.py", "health", "reflection")
    with pytest.raises(
        TrialFailed, match=rf"it does not serve {COLLECTOR}; it lists grpc\.health\.v1\.Health"
    ):
        run_trial(engine, image, A_COLLECTOR)


#: By type, what its image serves.
OTHER_KINDS = {
    "cost_analysis.DataSource": ("cost_analysis.DataSource", "cost_analysis.Cost", "cost_analysis.Job"),
    "monitoring.Webhook": ("monitoring.Webhook", "monitoring.Event"),
    "notification.Protocol": ("notification.Protocol", "notification.Notification"),
    "identity.ExternalAuth": ("identity.ExternalAuth",),
}


@pytest.mark.parametrize(("plugin_type", "services"), OTHER_KINDS.items(), ids=OTHER_KINDS)
def test_an_image_of_another_kind_is_tried_for_its_own_services(engine, other, plugin_type, services):
    image = other("", "python", "/opt/other/kinds.py", *services)
    served = run_trial(engine, image, kind_of(plugin_type).on("2.x"))
    assert set(served.services) == {f"spaceone.api.{each.replace('.', '.plugin.')}" for each in services}
    assert (served.restrictions, served.remarks) == (ALL, ())


def test_an_image_that_contradicts_what_it_is_registered_as_is_refused(engine, plugin, other):
    with pytest.raises(
        TrialFailed, match="it serves a collector, and the manifest registers it as monitoring.Webh"
    ):
        run_trial(engine, plugin, kind_of("monitoring.Webhook").on("2.x"))
    image = other("", "python", "/opt/other/kinds.py", "monitoring.Webhook")
    with pytest.raises(
        TrialFailed, match="it serves a webhook, and the manifest registers it as inventory.Collector"
    ):
        run_trial(engine, image, A_COLLECTOR)


WITHOUT_REFLECTION = {
    "collector": "offers no gRPC reflection",
    "collector-health": "offers no gRPC reflection",
    "health": "offers neither the collector nor gRPC reflection",
}


@pytest.mark.parametrize(("services", "lacks"), WITHOUT_REFLECTION.items(), ids=WITHOUT_REFLECTION)
def test_an_image_without_reflection_is_refused(engine, other, services, lacks):
    """The platform would register it, and then find none of its methods."""
    image = other("", "python", "/opt/other/server.py", *services.split("-"))
    with pytest.raises(TrialFailed, match=f"its server {lacks} .*SpaceONE finds"):
        run_trial(engine, image, A_COLLECTOR)


def test_an_interrupted_trial_leaves_nothing(engine, plugin, client, monkeypatch):
    seen = []

    def interrupt(*_):
        seen.extend(client.containers.list(filters={"label": TRIAL}, ignore_removed=True))
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "ask", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_trial(engine, plugin, A_COLLECTOR)
    assert plugin.id in {container.attrs["Image"] for container in seen}


def test_what_a_killed_pipeline_left_over_goes_with_the_next_trial(engine, plugin, client):
    name, labels = left_over.name(), {TRIAL: str(int(time.time()) - 1)}
    client.networks.create(name, internal=True, labels=labels)
    container = client.containers.create(plugin.id, name=name, labels=labels, network=name)
    container.start()
    run_trial(engine, plugin, A_COLLECTOR)
    for collection in (client.containers, client.networks):
        with pytest.raises(docker.errors.NotFound):
            collection.get(name)


@pytest.mark.parametrize("name", ["sec-victim", left_over.name()], ids=["any name", "a trial's name"])
def test_an_image_with_the_labels_of_a_trial_costs_nobody_a_container(engine, plugin, client, other, name):
    image = other(f"LABEL {TRIAL}=1", "python", "-m", "plugin")
    victim = client.containers.run(image.id, name=f"{name}-{NAME}", detach=True)
    try:
        run_trial(engine, plugin, A_COLLECTOR)
        assert run_trial(engine, image, A_COLLECTOR).restrictions == ALL, "it is tried like any other"
        victim.reload()
        assert victim.status == "running"
    finally:
        victim.remove(force=True)


SERVE = "python", "/opt/other/server.py", "collector", "health", "reflection"
#: What a plugin does before it serves, as root, and the remark about it.
NEEDING = {
    "files": (
        "mkdir /opt/cache; touch /opt/cache/prices",
        r"It needs a writable file system: it writes /opt/cache/prices",
    ),
    "capabilities": (
        "python -c 'import os; os.chroot(\"/\")'",
        r"It needs capabilities: otherwise its last line is \"PermissionError: .*not permitted: '/'\"",
    ),
    # Docker up to 26 drops what is sent outside, later versions have no route for it.
    "network": (
        "python -c 'import socket; socket.create_connection((\"{address}\", 50051), 2)'",
        r"It needs network access: otherwise its last line is '(TimeoutError: |OSError: .*unreachable).*'",
    ),
}


@pytest.fixture
def outside(client, plugin):
    """The address of a server in a container on the engine's usual bridge, which stands for the world outside."""
    container = client.containers.run(plugin.id, detach=True)
    try:
        container.reload()
        address = container.attrs["NetworkSettings"]["IPAddress"]
        wait_for(lambda: listens(address, 50051), "the server outside")
        yield address
    finally:
        container.remove(force=True)


@pytest.mark.parametrize(("needing", "remark"), NEEDING.values(), ids=NEEDING)
def test_what_the_platform_runs_is_taken_and_what_it_needs_is_named(engine, other, outside, needing, remark):
    image = other(
        "USER 0", "sh", "-c", f"set -e; {needing.replace('{address}', outside)}; exec {' '.join(SERVE)}"
    )
    served = run_trial(engine, image, A_COLLECTOR)
    assert served.restrictions == NONE
    (found,) = served.remarks
    assert re.fullmatch(remark, found), found


def test_a_restricted_container_reaches_nothing_outside(engine, other, client, outside):
    image = other("", *SERVE)
    probe = "import socket; socket.create_connection(({!r}, {}), 5)"
    with engine.running(image, 60, ALL) as found:
        (container,) = (
            each
            for each in client.containers.list(filters={"label": TRIAL}, ignore_removed=True)
            if each.attrs["Image"] == image.id
        )
        for host, port in ((outside, 50051), ("example.com", 80)):
            code, output = container.exec_run(["python", "-c", probe.format(host, port)])
            assert code == 1, f"{host}: {output}"
        assert container.exec_run(["touch", "/opt/x"]).exit_code == 1
        assert container.exec_run(["touch", "/tmp/x"]).exit_code == 0  # noqa: S108 - inside the container
        _, status = container.exec_run(["cat", "/proc/self/status"], user="0")
        assert b"CapEff:\t0000000000000000" in status
        assert b"NoNewPrivs:\t1" in status
        assert container.attrs["HostConfig"]["PortBindings"] in ({}, None)
        assert found.open_network == ""


def test_the_container_is_held_to_loopback_and_its_limits(engine, plugin, client):
    with engine.running(plugin, 60):
        (container,) = (
            each
            for each in client.containers.list(filters={"label": TRIAL}, ignore_removed=True)
            if each.attrs["Image"] == plugin.id
        )
        host = container.attrs["HostConfig"]
        (published,) = container.attrs["NetworkSettings"]["Ports"]["50051/tcp"]
    assert published["HostIp"] == "127.0.0.1"
    assert host["Memory"] == 2**30
    assert host["PidsLimit"] == 512
    assert container.attrs["Config"]["Cmd"] is None
