from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.machine.layout import Layout, checkout, default_home


def test_two_folders_have_two_identifiers(tmp_path: Path):
    one, other = Layout.of(tmp_path / "a", "2.x"), Layout.of(tmp_path / "b", "2.x")
    assert one.identifier != other.identifier
    assert one.identifier == Layout.of(tmp_path / "a", "2.x").identifier


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The package lies in no checkout, and users keep their data in the folder that is returned."""
    monkeypatch.setattr("sandbox.machine.layout.PACKAGE", tmp_path / "site-packages" / "sandbox")
    monkeypatch.delenv("PLUGINCTL_SANDBOX_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_home_follows_the_variable(installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(tmp_path))
    assert default_home() == tmp_path


def test_in_a_checkout_the_home_lies_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("PLUGINCTL_SANDBOX_HOME", raising=False)
    root = checkout()
    assert root is not None
    assert (root / "sandbox" / "machine" / "layout.py").exists()
    assert default_home() == root / ".sandbox"


def test_without_a_checkout_the_home_lies_in_the_users_data(installed: Path):
    assert checkout() is None
    assert default_home() == installed / "pluginctl" / "sandbox"


def test_without_the_extra_the_error_says_what_to_install(
    installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.raises(SandboxError, match=r"pip install 'spaceone-plugin-pipeline\[sandbox\]'"):
        default_home()
    monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(tmp_path))
    assert default_home() == tmp_path


def test_only_the_owner_may_look_into_the_folder(layout: Layout):
    assert stat.S_IMODE(layout.root.stat().st_mode) == 0o700


def test_the_lock_is_no_part_of_what_a_purge_removes(layout: Layout):
    assert layout.root not in layout.lock.parents


def test_the_sandboxes_of_a_folder_share_an_engine_and_prefect(tmp_path: Path):
    two, old = (Layout.of(tmp_path, name) for name in ("2.x", "1.12"))
    assert two.engine == old.engine != Layout.of(tmp_path / "other", "2.x").engine
    assert two.prefect == old.prefect
    roots = {two.root, old.root, two.engine.root, two.prefect.root}
    assert len(roots) == 4, "a purge of one must not touch another"
    assert {root.parent for root in roots} == {tmp_path}


def test_a_sandbox_without_data_is_none(tmp_path: Path):
    layout = Layout.of(tmp_path, "2.x")
    layout.root.mkdir(parents=True)
    assert not layout.exists
    layout.make()
    assert layout.exists
