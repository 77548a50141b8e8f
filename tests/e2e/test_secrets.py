"""Secrets are planted where one can be given, every call fails once and repeats what was sent, and all is searched.

The servers before the platform and the registry are in tests/echoing.py. A command or a flow is repeated until it
succeeds: each time it comes some kinds of calls further.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from flows.hidden import MARK
from tests.commands import Commands
from tests.e2e.conftest import Project
from tests.echoing import Refused, echoing_registry, echoing_service
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.e2e, pytest.mark.apart]

USER = "planted-user"
PASSWORD = "planted/registry+password"
VALUES = {
    "inline": "planted inline value",
    "by_env": "planted+by/env",
    "by_file": 'planted "by" file',
    "by_parameter": "planted-by-parameter",
    "by_block": "planted-by-block",
}
VARIABLE = "PLUGINCTL_SECRET_PLANTED"
ACCEPT = {
    "Accept": "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
}
LEAST = {"release": 25, "verify": 5, "recollect": 8, "show": 4}
"""Kinds of calls that each command makes, at least."""
MOST = 90
"""Runs of a flow until one completes: more than there are kinds of calls."""
#: Runs a flow in this process, with a server of Prefect that it starts, until it completes.
FLOWS = """
import json, os, sys
from prefect.blocks.system import Secret
from flows.recollect import recollect
from flows.release import release
given = json.loads(sys.stdin.read())
Secret(value=given["block"]).save("planted", overwrite=True)
for flow, parameters in ((release, given["release"]), (recollect, given["recollect"])):
    said = ""
    for number in range(given["most"]):
        state = flow(**parameters, return_state=True)
        if state.is_completed():
            break
        said, before = state.message, said
        if said == before:
            sys.exit(f"{flow.name} does not get further: {said}")
    else:
        sys.exit(f"{flow.name} never completed: {state.message}")
"""


@dataclass
class Plant:
    """A copy of the plugin with secrets in all places, on servers that repeat them.

    Attributes:
        project: The copy.
        environment: The file of its environment.
        variables: Those of the process that runs the pipeline.
        values: All that must not be found, in each form that it may be written in.
        refused: What was refused.
        said: What was printed, by what was run.
    """

    project: Project
    environment: Path
    variables: dict[str, str]
    values: set[str]
    refused: Refused
    said: dict[str, str] = field(default_factory=dict)

    def leaks(self, text: str) -> list[str]:
        """What of the secrets is in a text."""
        return sorted(value for value in self.values if value in text)


def forms(value: str) -> set[str]:
    """How a value may be written: as it is, in JSON, in an address, in Python."""
    return {
        value,
        json.dumps(value)[1:-1],
        urllib.parse.quote(value),
        urllib.parse.quote_plus(value),
        repr(value)[1:-1],
    }


@contextmanager
def commands() -> Iterator[list[str]]:
    """The command lines of all processes that are seen meanwhile."""
    seen: set[bytes] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.1):
            for each in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(each.read_bytes())
                except OSError:
                    continue

    thread = threading.Thread(target=look)
    thread.start()
    found: list[str] = []
    try:
        yield found
    finally:
        ended.set()
        thread.join()
        found += [each.decode(errors="replace").replace("\0", " ") for each in seen]


@pytest.fixture
def key() -> tuple[str, bytes]:
    """A signing key: the private one, and the public one."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def plant(platform, new_project, tokens, key, tmp_path) -> Iterator[Plant]:
    """See `Plant`."""
    project, refused = new_project(), Refused()
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "planted").write_text(VALUES["by_file"])
    (tmp_path / "parameter").write_text(VALUES["by_parameter"])
    project.edit(
        "create_service_account",
        secret_data={
            "investment_type": "cryptocurrency",
            "inline": VALUES["inline"],
            "by_env": {"from_env": VARIABLE},
            "by_file": {"from_file": "planted"},
        },
    )
    private, public = key
    (project.folder / "signing.pub").write_bytes(public)
    with ExitStack() as stack:
        chosen: dict[str, str] = {}
        servers: dict[str, str] = {}
        for file in platform.spacectl_environment.parent.glob("*.yml"):
            content = yaml.safe_load(file.read_text())
            for service, url in content["endpoints"].items():
                if url not in servers:
                    before = echoing_service(url.removeprefix("grpc://"), refused)
                    servers[url] = f"grpc://{stack.enter_context(before)}"
                content["endpoints"][service] = servers[url]
            path = project.folder / f"echoing-{file.name}"
            path.write_text(yaml.safe_dump(content))
            chosen[file.stem] = str(path)
        address = stack.enter_context(
            echoing_registry(platform.registry.removeprefix("http://"), f"{USER}:{PASSWORD}", refused)
        )
        workspace = chosen.get("sandbox-workspace")
        environment = project.write_environment(
            "echoing",
            spacectl=chosen[platform.spacectl_environment.stem],
            **({"workspace": {"spacectl": workspace}} if workspace else {}),
            registry={
                "address": address,
                "username_variable": "PLUGINCTL_PLANTED_USER",
                "password_variable": "PLUGINCTL_PLANTED_PASSWORD",
            },
            signing={"key_variable": "PLUGINCTL_PLANTED_SIGNING_KEY", "public_key": "signing.pub"},
        )
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        body = "".join(private.splitlines()[1:-1])
        secrets = [*tokens, PASSWORD, *VALUES.values()]
        yield Plant(
            project,
            environment,
            {
                "PLUGINCTL_PLANTED_USER": USER,
                "PLUGINCTL_PLANTED_PASSWORD": PASSWORD,
                "PLUGINCTL_PLANTED_SIGNING_KEY": private,
                "PLUGINCTL_SECRETS": str(folder),
                VARIABLE: VALUES["by_env"],
            },
            set[str]().union(*map(forms, secrets), {basic, body[:32], body[-32:]}),
            refused,
        )


def repeated(plant: Plant, what: str, start: Callable[[], subprocess.CompletedProcess[str]]) -> None:
    """Runs a command until it succeeds."""
    refused = -1
    while len(plant.refused.kinds) > refused:
        refused = len(plant.refused.kinds)
        done = start()
        plant.said[what] = plant.said.get(what, "") + done.stdout + done.stderr
        if done.returncode == 0:
            return
    raise AssertionError(f"{what} never succeeded: {done.stderr}")


def records(platform: Any, client: Any, plant: Plant) -> str:
    """What the platform and the registry show of the release."""
    lists = {
        "repository.Plugin.list": {"plugin_id": plant.project.plugin_id},
        "inventory.Collector.list": {"name": plant.project.collector},
        "inventory.CloudService.list": {"provider": plant.project.provider},
        "identity.Provider.list": {"provider": plant.project.provider},
    }
    held: list[Any] = [client.list(method, params) for method, params in lists.items()]
    for repository in (plant.project.image, f"{plant.project.image}_attestations"):
        base = f"{platform.registry}/v2/{repository}"
        for tag in requests.get(f"{base}/tags/list", timeout=PATIENCE).json()["tags"]:
            manifest = requests.get(f"{base}/manifests/{tag}", headers=ACCEPT, timeout=PATIENCE).json()
            held.append(manifest)
            for blob in [manifest["config"], *(manifest["layers"] if "attestations" in repository else [])]:
                content = requests.get(f"{base}/blobs/{blob['digest']}", timeout=PATIENCE).content
                held.append(content.decode(errors="replace"))
                if b'"payload"' in content:
                    held.append(base64.b64decode(json.loads(content)["payload"]).decode())
    return json.dumps(held)


def test_no_command_shows_a_secret(plant, platform, client, tmp_path):
    parameter = f"service_account.secret_data.by_parameter=@{tmp_path / 'parameter'}"
    commands_ = {
        "release": ["release", *plant.project.arguments(plant.environment)[1:], "-p", parameter],
        "verify": ["verify", *plant.project.arguments(plant.environment)[1:]],
        "recollect": ["recollect", str(plant.environment), "--manifest", str(plant.project.manifest)],
        "show": ["show", str(plant.environment), "--manifest", str(plant.project.manifest)],
    }
    pluginctl = Commands(tmp_path)
    with commands() as seen:
        for what, words in commands_.items():
            plant.refused.kinds.clear()
            output = [] if what == "show" else ["--output", "json"]
            repeated(
                plant, what, lambda words=words, more=output: pluginctl(*words, *more, **plant.variables)
            )
            assert len(plant.refused.kinds) >= LEAST[what], plant.refused.kinds
    assert MARK in plant.said["release"]
    plant.said["process list"] = "\n".join(seen)
    plant.said["platform and registry"] = records(platform, client, plant)
    assert {what: found for what, text in plant.said.items() if (found := plant.leaks(text))} == {}


def test_no_flow_shows_a_secret(plant, checkout, tmp_path, sandbox_home):
    account = plant.project.manifest / "create_service_account.yaml"
    held = yaml.safe_load(account.read_text())["secret_data"]
    plant.project.edit("create_service_account", secret_data={**held, "by_block": {"from_block": "planted"}})
    (plant.project.folder / "deployments/environments").mkdir(parents=True)
    named = plant.project.folder / "deployments/environments/echoing.yaml"
    text = plant.environment.read_text().replace(str(sandbox_home), "${PLUGINCTL_SANDBOX_HOME}")
    named.write_text(text.replace("signing.pub", "../../signing.pub"))
    given = {
        "block": VALUES["by_block"],
        "most": MOST,
        "release": {"environment": "echoing", "source": "plugin", "manifest": "manifest"},
        "recollect": {"environment": "echoing", "manifest": "manifest"},
    }
    home = tmp_path / "prefect"
    with commands() as seen:
        done = subprocess.run(
            [sys.executable, "-c", FLOWS],
            cwd=plant.project.folder,
            env={
                **plant.variables,
                "PATH": "/usr/bin:/bin",
                "HOME": str(tmp_path),
                "PREFECT_HOME": str(home),
                "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "600",
                "PYTHONPATH": str(checkout),
                "PLUGINCTL_SANDBOX_HOME": str(sandbox_home),
            },
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    plant.said["output"] = done.stdout + done.stderr
    plant.said["process list"] = "\n".join(seen)
    (database,) = home.glob("*.db")
    with closing(sqlite3.connect(database)) as connection:
        plant.said["database"] = "\n".join(connection.iterdump())
    for path in home.rglob("*"):
        if path.is_file():
            plant.said[path.name] = path.read_bytes().decode(errors="replace")
    assert MARK in plant.said["database"]
    assert {what: found for what, text in plant.said.items() if (found := plant.leaks(text))} == {}
