from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from sandbox import launcher
from sandbox.errors import SandboxError
from sandbox.launcher import launch, tail
from sandbox.parts import Part

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.machine.processes import Processes
    from tests.sandbox.conftest import Steps


def part(name: str, code: str, *, file: Path | None = None, seconds: float = 10) -> Part:
    return Part(
        name, (sys.executable, "-c", code), "", (lambda: file is None or file.exists()), seconds=seconds
    )


def touching(file: Path, wait: float = 0.0) -> str:
    return f"import time, pathlib; time.sleep({wait}); pathlib.Path({str(file)!r}).touch(); time.sleep(60)"


def test_parts_start_side_by_side(processes: Processes, tmp_path: Path, steps: Steps):
    wanted = [
        part(name, touching(tmp_path / name, wait=1.0), file=tmp_path / name) for name in ("a", "b", "c", "d")
    ]
    started = time.monotonic()
    launch(wanted, processes, steps)
    assert time.monotonic() - started < 3.5, "four parts of a second each, one after the other, take longer"
    assert processes.names() == ["a", "b", "c", "d"]
    assert sorted(steps.steps) == ["starting a", "starting b", "starting c", "starting d"]


def test_what_runs_is_left_alone(processes: Processes, tmp_path: Path, steps: Steps):
    wanted = part("a", touching(tmp_path / "a"), file=tmp_path / "a")
    launch([wanted], processes, steps)
    before = processes.record("a")
    launch([wanted], processes, steps)
    assert processes.record("a") == before
    assert steps.steps == ["starting a"]


def test_what_died_is_started_again(processes: Processes, tmp_path: Path, steps: Steps):
    wanted = part("a", touching(tmp_path / "a"), file=tmp_path / "a")
    launch([wanted], processes, steps)
    process = processes.running("a")
    assert process is not None
    process.kill()
    while processes.running("a"):
        time.sleep(0.01)
    launch([wanted], processes, steps)
    again = processes.running("a")
    assert again is not None
    assert again.pid != process.pid


def test_what_hangs_is_started_again(
    processes: Processes, tmp_path: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(launcher, "PATIENCE_SECONDS", 0.2)
    wanted = part("a", touching(tmp_path / "a"), file=tmp_path / "a")
    launch([wanted], processes, steps)
    before = processes.record("a")
    (tmp_path / "a").unlink()
    launch([wanted], processes, steps)
    assert processes.record("a") != before
    assert (tmp_path / "a").exists()


def test_what_is_busy_for_a_moment_is_left_alone(processes: Processes, tmp_path: Path, steps: Steps):
    wanted = part("a", touching(tmp_path / "a"), file=tmp_path / "a")
    launch([wanted], processes, steps)
    before = processes.record("a")
    (tmp_path / "a").unlink()
    threading.Timer(0.3, (tmp_path / "a").touch).start()
    launch([wanted], processes, steps)
    assert processes.record("a") == before


def test_a_part_that_dies_is_told_with_the_end_of_its_log(processes: Processes, tmp_path: Path, steps: Steps):
    processes.layout.log("bad").write_text("words of an earlier run\n")
    code = "print('\\n'.join(f'line {n}' for n in range(30))); raise SystemExit('no such setting')"
    with pytest.raises(SandboxError) as caught:
        launch([part("bad", code, file=tmp_path / "never")], processes, steps)
    assert caught.value.message == "bad ended while it was starting."
    assert "no such setting" in caught.value.hint
    assert "line 29" in caught.value.hint
    assert "line 3\n" not in caught.value.hint
    assert "earlier" not in caught.value.hint
    assert str(processes.layout.log("bad")) in caught.value.hint


def test_a_part_that_is_never_ready_is_told(processes: Processes, tmp_path: Path, steps: Steps):
    with pytest.raises(SandboxError, match="slow is not ready after 0 s"):
        launch(
            [part("slow", "import time; time.sleep(60)", file=tmp_path / "never", seconds=0.3)],
            processes,
            steps,
        )


def test_a_silent_log_is_named_all_the_same(tmp_path: Path):
    assert str(tmp_path / "x.log") in tail(tmp_path / "x.log")
