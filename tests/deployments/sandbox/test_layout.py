from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from deployments.sandbox.errors import SandboxError
from deployments.sandbox.layout import Layout, State, default_home, source_root, write_private


def test_an_unknown_generation_names_the_known_ones(tmp_path: Path):
    with pytest.raises(SandboxError, match=r"'3\.x'[\s\S]*2\.x"):
        Layout.of(tmp_path, "3.x")


def test_two_folders_have_two_identifiers(tmp_path: Path):
    one, other = Layout.of(tmp_path / "a", "2.x"), Layout.of(tmp_path / "b", "2.x")
    assert one.identifier != other.identifier
    assert one.identifier == Layout.of(tmp_path / "a", "2.x").identifier


def test_the_home_follows_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(tmp_path))
    assert default_home() == tmp_path
    monkeypatch.delenv("PLUGINCTL_SANDBOX_HOME")
    assert default_home() == source_root() / ".sandbox"
    assert (source_root() / "deployments" / "sandbox" / "layout.py").exists()


def test_only_the_owner_may_look_into_the_folder(layout: Layout):
    assert stat.S_IMODE(layout.root.stat().st_mode) == 0o700


def test_the_lock_is_no_part_of_what_a_purge_removes(layout: Layout):
    assert layout.root not in layout.lock.parents


def test_a_private_file_is_never_readable_by_others(tmp_path: Path):
    path = tmp_path / "deep" / "secret"
    write_private(path, "one")
    write_private(path, "two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path], "no draft is left"


def test_state_is_kept_between_runs(tmp_path: Path):
    path = tmp_path / "state.json"
    State(path).put("ports", {"identity": 1})
    again = State(path)
    assert again.get("ports") == {"identity": 1}
    assert again.get("nothing") == {}
    again.get("ports")["identity"] = 2
    assert State(path).get("ports") == {"identity": 1}, "a copy was changed, not the state"


def test_concurrent_changes_of_a_section_are_all_kept(tmp_path: Path):
    state = State(tmp_path / "state.json")

    def add(number: int) -> None:
        with state.changing("ports") as section:
            section[str(number)] = number

    threads = [threading.Thread(target=add, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(json.loads((tmp_path / "state.json").read_text())["ports"].values()) == set(range(20))


def test_a_damaged_state_says_what_to_do(tmp_path: Path):
    path = tmp_path / "state.json"
    path.write_text('{"ports":')
    with pytest.raises(SandboxError, match=r"state\.json[\s\S]*down --purge"):
        State(path)
