from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.errors import SandboxError
from sandbox.machine import progress, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.machine.layout import Layout


@pytest.mark.integration  # a real venv and its pip: five seconds
def test_services_are_installed_again_for_another_lock(layout: Layout, tmp_path: Path):
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    assert not runtime.is_installed(layout, lock)
    runtime.install(layout, lock, progress.Quiet())
    assert runtime.is_installed(layout, lock)
    lock.write_text("# changed\n")
    assert not runtime.is_installed(layout, lock)


@pytest.mark.integration  # a real venv and its pip: five seconds
def test_a_failed_installation_quotes_pip_and_is_not_taken_for_done(layout: Layout, tmp_path: Path):
    lock = tmp_path / "lock.txt"
    lock.write_text("a line that is no requirement\n")
    with pytest.raises(SandboxError, match=r"cannot be installed[\s\S]*Invalid requirement"):
        runtime.install(layout, lock, progress.Quiet())
    assert not runtime.is_installed(layout, lock)
