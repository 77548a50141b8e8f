"""Services that are down for a while, or for good: what is survived, what is said, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.conftest import endpoint_of
from tests.listener import Listener
from tests.proxy import Proxy

pytestmark = [pytest.mark.e2e, pytest.mark.apart]


@pytest.fixture(scope="module")
def released(release, project):
    """A released copy."""
    return release(project)


@pytest.fixture
def proxied(platform, redirected):
    """Writes an environment in which a service is reached through a proxy; gives both."""
    proxies = []

    def proxied(service: str) -> tuple[Proxy, Path]:
        proxy = Proxy(*endpoint_of(platform, service))
        proxy.open()
        proxies.append(proxy)
        return proxy, redirected(f"proxied-{service}", **{service: proxy.address})

    yield proxied
    for proxy in proxies:
        proxy.shut()


@pytest.fixture
def recollect(checkout, sandbox_home, project):
    """Runs `pluginctl recollect`, and calls something when a line of a step is printed."""

    def recollect(environment, step, call):
        command = [Path(sys.executable).with_name("pluginctl"), "recollect", str(environment)]
        variables = {**os.environ, "PLUGINCTL_SANDBOX_HOME": str(sandbox_home), "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(
            [*command, "--manifest", str(project.manifest), "--output", "json"],
            cwd=checkout,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            lines = []
            for line in process.stderr:
                lines.append(line)
                if line.startswith(f"✓ {step}"):
                    call()
            document = json.loads(process.stdout.read())
        return process.returncode, document, lines

    return recollect


@pytest.mark.parametrize(("step", "seconds"), [("find collector", 10), ("collect", 45)])
@pytest.mark.usefixtures("released")
def test_a_service_that_is_down_for_a_rolling_restart_does_not_end_a_recollection(
    proxied, recollect, step, seconds
):
    proxy, environment = proxied("inventory")

    def restart():
        proxy.shut()
        timer = threading.Timer(seconds, proxy.open)
        timer.daemon = True
        timer.start()

    code, report, lines = recollect(environment, step, restart)
    assert code == 0, "".join(lines)
    assert report["job"]["status"] == "SUCCESS"
    tries = [line for line in lines if "Trying again" in line]
    assert tries
    assert "Trying again (2 of 10)." in tries[0]


@pytest.mark.usefixtures("released")
def test_an_endpoint_that_is_down_is_3_and_a_document(proxied, run, project):
    proxy, environment = proxied("identity")
    proxy.shut()
    done = run(*project.arguments(environment), "--dry-run", "--output", "json")
    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert (document["exit_code"], document["error"]["code"]) == (3, "unreachable")
    assert not document["error"]["changed"]
    assert f"grpc://{proxy.address}" in document["error"]["message"]
    assert done.stderr.count("Trying again") == 2


class Counting(Listener):
    """A registry that closes each connection at once, and counts them."""

    taken = 0

    def handle(self, _):
        self.taken += 1


@pytest.mark.usefixtures("released")
def test_a_registry_that_accepts_and_closes_is_asked_three_times_and_each_is_announced(run, project):
    with closing(Counting()) as registry:
        settings = {"address": registry.address, "insecure": "http"}
        environment = project.write_environment("closing", registry=settings)
        done = run(*project.arguments(environment), "--dry-run", "--output", "json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "registry-unreachable"
    assert registry.taken == 3
    assert re.findall(r"Trying again \((.*)\)\.", done.stderr) == ["2 of 3", "3 of 3"]
