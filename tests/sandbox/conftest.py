from __future__ import annotations

import base64
import json
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.machine.layout import Layout
from sandbox.machine.processes import Processes
from sandbox.spaceone import database
from sandbox.spaceone.generations import GENERATIONS
from sandbox.spaceone.settings import PUBLISHED, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


def signed(seconds: float | None) -> str:
    """A token as the platform's look, which ends in so many seconds, or never."""
    claims = {} if seconds is None else {"exp": time.time() + seconds}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{payload}.signature"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout.of(tmp_path, "2.x")
    made.make()
    return made


@pytest.fixture(params=list(GENERATIONS))
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Layout:
    """The layout of each generation in turn."""
    made = Layout.of(tmp_path, request.param)
    made.make()
    return made


@pytest.fixture
def settings() -> Settings:
    return Settings(
        ports={name: 21000 + number for number, name in enumerate(PUBLISHED)},
        database=database.own("mongodb-password"),
        prefix="mine_",
        redis_password="redis-password",
        supervisor="sandbox-1234",
        token="system-token",
        supervisor_token="supervisor-token",
    )


@pytest.fixture
def processes(layout: Layout) -> Iterator[Processes]:
    made = Processes(layout)
    yield made
    for name in made.names():
        made.stop(name)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port on which nobody listens, and nobody else can."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield closed.getsockname()[1]


class Steps:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.said: list[str] = []

    def step(self, name: str) -> Steps:
        self.steps.append(name)
        return self

    def say(self, text: str) -> None:
        self.said.append(text)

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def steps() -> Steps:
    return Steps()
