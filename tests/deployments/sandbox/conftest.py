from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployments.sandbox.layout import Layout
from deployments.sandbox.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout.of(tmp_path, "2.x")
    made.make()
    return made


@pytest.fixture
def processes(layout: Layout) -> Iterator[Processes]:
    made = Processes(layout)
    yield made
    made.stop(made.names())
    made.stop_strays()


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
