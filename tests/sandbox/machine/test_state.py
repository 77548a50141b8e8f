from __future__ import annotations

import json
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from sandbox.errors import SandboxError
from sandbox.machine.state import State, write_private

if TYPE_CHECKING:
    from pathlib import Path


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
