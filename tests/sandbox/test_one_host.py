"""The check of the host alone, and what it and a password keep out of a real Prefect server."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from sandbox import prefect_parts
from sandbox.machine import ports
from sandbox.machine.layout import PACKAGE, Layout
from sandbox.machine.probes import answers_http
from sandbox.one_host import OneHost
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1:21004"
PASSWORD = "sandbox:a-password"


def asked(kind: str, *hosts: str) -> tuple[list[dict[str, Any]], bool]:
    """What is sent to whom names these hosts, and whether the application was called."""
    sent, called = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"accept", b"*/*"), *((b"host", host.encode()) for host in hosts)]
    asyncio.run(OneHost(app, HOST)({"type": kind, "headers": headers}, None, send))
    return sent, bool(called)


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_its_own_host_is_answered(kind: str):
    assert asked(kind, HOST) == ([], True)


@pytest.mark.parametrize(
    "hosts",
    [
        *(("rebound.example",), ("rebound.example:21004",), ("127.0.0.1",), ("127.0.0.1:21005",), ("",), ()),
        *(("localhost:21004",), (f"{HOST}.rebound.example",), (HOST, "rebound.example"), (HOST, HOST)),
        *((f"{HOST}@rebound.example",), (f" {HOST}",)),
    ],
)
def test_another_host_is_not(hosts: tuple[str, ...]):
    sent, called = asked("http", *hosts)
    assert not called
    assert sent[0]["status"] == 421
    assert b"http://127.0.0.1:21004" in sent[1]["body"]
    assert asked("websocket", *hosts) == ([{"type": "websocket.close", "code": 1008}], False)


def test_starting_and_stopping_is_passed_on():
    sent, called = asked("lifespan")
    assert (sent, called) == ([], True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Prefect's server as its container runs it, but as a process; gives its address."""
    folder = tmp_path_factory.mktemp("prefect")
    port = ports.choose(seed="5ec0", taken=())
    made = prefect_parts.server(Layout(folder), "image", port, PASSWORD)
    (inside,) = made.ports
    words = [{"python": sys.executable, str(inside): str(port)}.get(word, word) for word in made.command]
    own = {"PREFECT_HOME": str(folder), "PREFECT_UI_STATIC_DIRECTORY": str(folder / "pages")}
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGE.parent), **made.environment, **own}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, env=variables, stdout=log, stderr=log, cwd=folder)
        try:
            wait_for(lambda: answers_http(f"{prefect_parts.address(port)}{made.page}"), "the server's answer")
            yield prefect_parts.address(port)
        finally:
            process.terminate()
            process.wait(PATIENCE)
    assert PASSWORD.split(":")[1] not in (folder / "log").read_text()


def call(server: str, method: str, path: str, password: str | None, **headers: str) -> requests.Response:
    basic = base64.b64encode((password or "").encode()).decode()
    if password is not None:
        headers["Authorization"] = f"Basic {basic}"
    return requests.request(method, f"{server}{path}", headers=headers, json={}, timeout=PATIENCE)


#: Calls that read, change, start or stop something; and the description of all calls.
CALLS = [
    ("POST", "/api/flows/"),
    ("POST", "/api/flows/filter"),
    ("POST", "/api/deployments/"),
    ("POST", "/api/flow_runs/"),
    ("POST", "/api/flow_runs/filter"),
    ("POST", "/api/logs/filter"),
    ("POST", "/api/work_pools/"),
    ("POST", "/api/events"),
    ("GET", "/api/admin/settings"),
    ("POST", "/api/admin/database/clear"),
    ("GET", "/api/variables/name/health"),
    ("GET", "/api/version"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api//health"),
    ("POST", "/api/health"),
]


@pytest.mark.prefect
@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("password", [None, "", "sandbox:", "sandbox:wrong", "a-password", f"{PASSWORD}\n"])
def test_without_the_password_nothing_is_answered(server: str, method: str, path: str, password: str | None):
    assert call(server, method, path, password).status_code == 401


@pytest.mark.prefect
def test_with_the_password_it_is(server: str):
    assert call(server, "POST", "/api/flows/filter", PASSWORD).json() == []
    made = requests.post(
        f"{server}/api/flows/", auth=("sandbox", "a-password"), json={"name": "mine"}, timeout=PATIENCE
    )
    assert made.status_code == 201


@pytest.mark.prefect
def test_its_health_and_its_pages_are_for_everybody(server: str):
    assert requests.get(f"{server}/api/health", timeout=PATIENCE).json() is True
    assert requests.get(server, timeout=PATIENCE).ok
    assert requests.get(f"{server}/ui-settings", timeout=PATIENCE).json()["auth"] == "BASIC"


@pytest.mark.prefect
@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "http://localhost", "null"])
def test_a_page_of_another_origin_is_not_allowed_to_call(server: str, origin: str):
    asking = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    more = {"Access-Control-Request-Headers": "content-type,authorization"}
    answer = requests.options(f"{server}/api/flows/", headers={**asking, **more}, timeout=PATIENCE)
    assert "access-control-allow-origin" not in answer.headers
    answer = call(server, "POST", "/api/flows/filter", PASSWORD, Origin=origin)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.prefect
def test_its_own_pages_are(server: str):
    answer = call(server, "POST", "/api/flows/filter", PASSWORD, Origin=server)
    assert answer.headers["access-control-allow-origin"] == server


@pytest.mark.prefect
@pytest.mark.parametrize("path", ["/", "/ui-settings", "/api/health", "/api/flows/filter"])
def test_under_another_name_nothing_is_answered(server: str, path: str):
    assert call(server, "GET", path, PASSWORD, Host="rebound.example").status_code == 421


#: All of them; a new one fails the test below.
SOCKETS = [
    "/api/events/in",
    "/api/events/out",
    "/api/logs/out",
    "/api/task_runs/subscriptions/scheduled",
    "/api/work_pools/pluginctl/workers/connect",
]


def test_these_are_all_websockets_of_prefect():
    import prefect.server.api

    folder = Path(prefect.server.api.__file__).parent
    found = "".join(each.read_text() for each in folder.glob("*.py"))
    assert found.count(".websocket(") == len(SOCKETS)


def opened(server: str, path: str, *first: Any, protocol: bool = True) -> Any:
    """What a websocket says after the first messages."""
    url = server.replace("http", "ws") + path
    with connect(url, subprotocols=["prefect"] if protocol else None, open_timeout=PATIENCE) as socket:  # type: ignore[list-item]  # its type is a NewType of str
        for message in first:
            socket.send(json.dumps(message))
        return json.loads(socket.recv(timeout=PATIENCE))


EVENT = {
    "event": "x",
    "resource": {"prefect.resource.id": "x"},
    "occurred": "2026-01-01T00:00:00Z",
    "id": "0" * 32,
}


@pytest.mark.prefect
@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    "first",
    [
        {"type": "auth"},
        {"type": "auth", "token": None},
        {"type": "auth", "token": ""},
        {"type": "auth", "token": "sandbox:wrong"},
        {"type": "auth", "token": "a-password"},
        {"type": "filter", "filter": {}},
        {"type": "subscribe", "keys": ["x"], "client_id": "x"},
        EVENT,
    ],
)
def test_a_websocket_asks_for_the_password(server: str, path: str, first: Any):
    with pytest.raises(ConnectionClosed):
        opened(server, path, first)


@pytest.mark.prefect
@pytest.mark.parametrize("path", SOCKETS)
def test_a_websocket_of_an_old_client_is_not_opened(server: str, path: str):
    with pytest.raises(InvalidStatus, match="403"):
        opened(server, path, protocol=False)


@pytest.mark.prefect
@pytest.mark.parametrize("path", SOCKETS)
def test_a_websocket_opens_with_the_password(server: str, path: str):
    assert opened(server, path, {"type": "auth", "token": PASSWORD}) == {"type": "auth_success"}
