from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from deployments.sandbox import layout as layouts
from deployments.sandbox import progress, runtime
from deployments.sandbox.errors import SandboxError
from deployments.sandbox.layout import GENERATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from deployments.sandbox.generation import Generation
    from deployments.sandbox.layout import Layout


def use(monkeypatch: pytest.MonkeyPatch, lock: Path) -> None:
    """Let 2.x be installed from another lock."""
    changed = dataclasses.replace(GENERATIONS["2.x"], requirements=lock)
    monkeypatch.setitem(layouts.GENERATIONS, "2.x", changed)


def test_services_are_installed_again_for_another_lock(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    use(monkeypatch, lock)
    assert not runtime.is_installed(layout)
    runtime.install(layout, progress.Quiet())
    assert runtime.is_installed(layout)
    lock.write_text("# changed\n")
    assert not runtime.is_installed(layout)


def test_a_failed_installation_quotes_pip_and_is_not_taken_for_done(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    lock = tmp_path / "lock.txt"
    lock.write_text("a line that is no requirement\n")
    use(monkeypatch, lock)
    with pytest.raises(SandboxError, match=r"cannot be installed[\s\S]*Invalid requirement"):
        runtime.install(layout, progress.Quiet())
    assert not runtime.is_installed(layout)


@pytest.mark.parametrize("generation", GENERATIONS.values(), ids=list(GENERATIONS))
def test_the_lock_names_hashes_and_no_place(generation: Generation):
    lines = generation.requirements.read_text().splitlines()
    pinned = [line for line in lines if "==" in line]
    wanted = generation.requirements.with_suffix(".in").read_text().splitlines()
    assert len(pinned) == len([line for line in wanted if "==" in line]) > 0
    assert sum("--hash=sha256:" in line for line in lines) >= len(pinned)
    assert not [line for line in lines if "://" in line or line.startswith(("-i", "-f", "--index", "--find"))]


@pytest.mark.parametrize("generation", GENERATIONS.values(), ids=list(GENERATIONS))
def test_the_lock_holds_every_service_and_spacectl(generation: Generation):
    pinned = {
        line.partition("==")[0] for line in generation.requirements.read_text().splitlines() if "==" in line
    }
    services = {f"spaceone-{part.partition('-')[0]}" for part in generation.parts}
    assert {*services, "spaceone-core", "spaceone-api", "spacectl"} <= pinned


def test_the_package_that_hides_pythons_own_asyncio_is_left_out():
    """SpaceONE 1.12 names its version 3.4.3, which is Python 3.3's."""
    assert "asyncio==" not in GENERATIONS["1.12"].requirements.read_text()
