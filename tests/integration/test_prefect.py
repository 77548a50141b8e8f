"""The sandbox's Prefect serves who has its password, and no other user of this machine and no other page."""

from __future__ import annotations

import functools
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import psutil
import pytest
import requests

from flows.steps import history_page
from flows.steps.history import PastCollection
from flows.steps.subject import Subject
from sandbox import lifecycle, prefect_parts
from sandbox.engine import containers
from sandbox.machine.layout import Layout
from sandbox.machine.processes import Processes
from tests.browser import browser
from tests.pages import log_in
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.lifecycle import Summary

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

NOBODY = 65534
STEPS = [{"prefect.deployments.steps.run_shell_script": {"script": "id -un"}}]


@pytest.fixture
def layout(sandbox: Summary, sandbox_home: Path) -> Layout:
    return Layout.of(sandbox_home, "2.x").prefect


def by_curl(url: str, *words: str, document: Any = None) -> tuple[int, str]:
    """What another user of this machine gets."""
    curl = shutil.which("curl")
    if curl is None or os.geteuid() != 0:
        pytest.skip("only root can be somebody else, and curl is needed")
    command = [curl, "-sS", "-m", "60", "-w", "\n%{http_code}", *words, url]
    if document is not None:
        command += ["-H", "content-type: application/json", "-d", json.dumps(document)]
    done = subprocess.run(
        command,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    text, _, code = done.stdout.rpartition("\n")
    return int(code), text


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("flows/", {"name": "evil"}),
        ("deployments/", {"name": "evil", "flow_id": "0" * 32, "pull_steps": STEPS}),
        ("flow_runs/", {"flow_id": "0" * 32}),
        ("deployments/filter", {}),
        ("work_pools/pluginctl/get_scheduled_flow_runs", {}),
        ("admin/settings", None),
    ],
)
def test_another_user_of_the_machine_is_not_answered(sandbox: Summary, path: str, document: Any):
    code, text = by_curl(f"{sandbox.prefect}/api/{path}", document=document)
    assert (code, json.loads(text)) == (401, {"exception_message": "Unauthorized"})


def test_another_user_of_the_machine_does_not_find_the_password(sandbox: Summary, layout: Layout):
    password = sandbox.prefect_password
    assert password is not None
    worker = Processes(layout).running(prefect_parts.WORKER)
    assert worker is not None
    for path in (layout.state, f"/proc/{worker.pid}/environ", *layout.logs.glob("*.log")):
        words = ["cat", path]
        done = subprocess.run(
            words, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=False
        )
        assert b"Permission denied" in done.stderr, path
    for process in psutil.process_iter(["cmdline"]):
        assert password.split(":")[1] not in " ".join(process.info["cmdline"] or []), process
    with closing(docker.from_env()) as engine:
        server = containers.of_sandbox(engine, layout.identifier)[prefect_parts.SERVER]
        shown = {key: value for key, value in server.attrs["Config"].items() if key != "Env"}
        assert password.split(":")[1] not in json.dumps([shown, server.attrs["HostConfig"], server.top()])
        assert password.split(":")[1] not in server.logs().decode()
    assert password.split(":")[1] not in layout.log(prefect_parts.WORKER).read_text()


@contextmanager
def another_site() -> Iterator[str]:
    """A page of another origin on this machine; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>another</title>")

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}/"
        site.shutdown()


FETCH = """
fetch(%s, {method: 'POST', body: '{"name": "evil"}', headers: %s})
    .then(answer => 'answered ' + answer.status, error => 'refused: ' + error.message)
"""
SOCKET = """
new Promise(done => {
    const socket = new WebSocket(%s, 'prefect')
    socket.onopen = () => socket.send('{"type": "auth", "token": "wrong"}')
    socket.onmessage = message => done('answered ' + message.data)
    socket.onclose = closed => done('closed ' + closed.code)
})
"""


def test_a_page_of_another_origin_starts_nothing(sandbox: Summary, tmp_path: Path):
    (tmp_path / "profile").mkdir()
    flows = json.dumps(f"{sandbox.prefect}/api/flows/")
    events = json.dumps(f"{sandbox.prefect}/api/events/in".replace("http", "ws"))
    with another_site() as site, browser(tmp_path / "profile") as page:
        page.undisturbed(lambda: page.open(site))
        for headers in (
            {"content-type": "application/json"},
            # Even one that knows a password.
            {"content-type": "application/json", "authorization": "Basic c2FuZGJveDp4"},
            {"content-type": "text/plain"},
            {},
        ):
            script = FETCH % (flows, json.dumps(headers))
            assert page.undisturbed(functools.partial(page.run, script)) == "refused: Failed to fetch"
        assert page.undisturbed(lambda: page.run(SOCKET % events)) == "closed 1008"
    found = call(sandbox, "POST", "flows/filter", flows={"name": {"any_": ["evil"]}})
    assert found == []


def test_a_name_that_leads_here_is_not_answered(sandbox: Summary, tmp_path: Path):
    (tmp_path / "profile").mkdir()
    assert sandbox.prefect is not None
    port = sandbox.prefect.rpartition(":")[2]
    with browser(tmp_path / "profile", "--host-resolver-rules=MAP rebound.example 127.0.0.1") as page:

        def visit() -> tuple[str, str]:
            page.open(f"http://rebound.example:{port}/")
            fetch = FETCH % ("'/api/flows/'", "{'content-type': 'application/json'}")
            return page.run("document.body.innerText"), page.run(fetch)

        shown, fetched = page.undisturbed(visit)
    assert shown.startswith("This server answers at http://127.0.0.1:")
    assert fetched == "answered 421"


def test_its_own_page_asks_for_the_password_and_works_with_it(sandbox: Summary, tmp_path: Path):
    (tmp_path / "profile").mkdir()
    password = sandbox.prefect_password
    assert password is not None
    with browser(tmp_path / "profile") as page:

        def visit() -> tuple[str, str]:
            before = log_in(page, sandbox, "/work-pools")
            wait_for(
                lambda: prefect_parts.POOL in page.run("document.body.innerText") or page.disturbed,
                "the work pool",
                pause=0.2,
            )
            return before, page.run("location.href")

        before, address = page.undisturbed(visit)
    assert prefect_parts.POOL not in before
    assert password.split(":")[1] not in address


PICTURE = "[...document.images].find(each => each.src.startsWith('data:image/svg'))?.naturalWidth"


@pytest.mark.parametrize("interface", ["", "/v2"])
def test_its_page_shows_the_picture_of_a_history(sandbox: Summary, tmp_path: Path, interface: str):
    """Either interface of Prefect could leave out a picture that is a part of Markdown."""
    (tmp_path / "profile").mkdir()
    last = PastCollection("run", "recollect", datetime(2026, 11, 26, tzinfo=UTC), "Collected", True)
    shown = history_page.page([last], Subject("recollect", "here", "plugin-x"))
    made = call(sandbox, "POST", "artifacts/", key="history-test", type="markdown", data=shown)
    with browser(tmp_path / "profile") as page:

        def visit() -> int:
            # The address of an artifact does not survive the question for the password.
            log_in(page, sandbox, f"{interface}/work-pools")
            wait_for(
                lambda: prefect_parts.POOL in page.run("document.body.innerText") or page.disturbed,
                "the work pool",
                pause=0.2,
            )
            page.open(f"{sandbox.prefect}{interface}/artifacts/artifact/{made['id']}")
            return wait_for(lambda: page.run(PICTURE) or page.disturbed, "the picture", pause=0.2)

        assert page.undisturbed(visit) == 680


def call(sandbox: Summary, method: str, path: str, **document: Any) -> Any:
    """A call with the password."""
    assert sandbox.prefect_password is not None
    user, _, password = sandbox.prefect_password.partition(":")
    url = f"{sandbox.prefect}/api/{path}"
    answer = requests.request(method, url, json=document, auth=(user, password), timeout=PATIENCE)
    answer.raise_for_status()
    return answer.json()


DOCUMENTED = """
set -e
eval "$({pluginctl} sandbox env)"
{prefect} --no-prompt deploy --name release
{prefect} deployment run release/release -p dry_run=true --watch
"""


def test_the_documented_commands_run_a_flow_which_sees_nothing_of_the_shell(
    sandbox: Summary, layout: Layout, checkout: Path, sandbox_home: Path, monkeypatch: pytest.MonkeyPatch
):
    planted = {"SEC_TOKEN": "planted", "AWS_SECRET_ACCESS_KEY": "planted", "PREFECT_API_KEY": "planted"}
    for name, value in {**planted, "PLUGINCTL_PLANTED": "for an environment"}.items():
        monkeypatch.setenv(name, value)
    processes = Processes(layout)
    processes.stop(prefect_parts.WORKER)
    lifecycle.up(sandbox_home, prefect=True)
    worker = processes.running(prefect_parts.WORKER)
    assert worker is not None
    here = Path(sys.executable).parent
    text = DOCUMENTED.format(
        pluginctl=shlex.quote(str(here / "pluginctl")), prefect=shlex.quote(str(here / "prefect"))
    )
    # The person's own shell.
    monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(sandbox_home))
    monkeypatch.delenv("PREFECT_API_KEY")
    seen: dict[int, tuple[str, dict[str, str]]] = {}
    with subprocess.Popen(
        ["sh", "-c", text], cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as shell:
        output: list[str] = []
        reader = threading.Thread(target=lambda: output.extend(shell.stdout or []))
        reader.start()
        while shell.poll() is None:
            for each in (worker, *worker.children(recursive=True)):
                if each.pid not in seen:
                    try:
                        seen[each.pid] = (" ".join(each.cmdline()), each.environ())
                    except psutil.Error:
                        continue
        reader.join()
    said = "".join(output)
    assert shell.returncode == 0, said
    assert "Completed" in said
    assert sandbox.prefect_password is not None
    assert sandbox.prefect_password not in said
    flows = [words for words, _ in seen.values() if "prefect.flow_engine" in words or "_workspace" in words]
    assert flows, [words for words, _ in seen.values()]
    for words, variables in seen.values():
        assert not planted.keys() & variables.keys(), words
        assert "planted" not in variables.values(), words
    everything = [variables for words, variables in seen.values() if "prefect" in words]
    assert all(variables["PLUGINCTL_PLANTED"] == "for an environment" for variables in everything)
    assert all(variables["PREFECT_API_AUTH_STRING"] == sandbox.prefect_password for variables in everything)


def test_the_server_has_its_own_variables_alone(sandbox: Summary, layout: Layout):
    with closing(docker.from_env()) as engine:
        server = containers.of_sandbox(engine, layout.identifier)[prefect_parts.SERVER]
        of_image = set(server.image.attrs["Config"]["Env"])
        more = {each.partition("=")[0] for each in server.attrs["Config"]["Env"] if each not in of_image}
    assert more == prefect_parts.server(layout, "image", 1, "x").environment.keys()


def test_the_server_is_healthy(sandbox: Summary, layout: Layout):
    with closing(docker.from_env()) as engine:
        server = containers.of_sandbox(engine, layout.identifier)[prefect_parts.SERVER]
        assert containers.succeeds(server, prefect_parts.server(layout, "image", 1, "x").health)
