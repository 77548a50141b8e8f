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


def touching(file: Path) -> str:
    return f"import time, pathlib; pathlib.Path({str(file)!r}).touch(); time.sleep(60)"


def test_parts_start_side_by_side(processes: Processes, tmp_path: Path, steps: Steps):
    """Each is ready when all have started."""
    names = ("a", "b", "c", "d")

    def all_started() -> bool:
        return all((tmp_path / name).exists() for name in names)

    launch(
        [
            Part(name, (sys.executable, "-c", touching(tmp_path / name)), "", all_started, seconds=20)
            for name in names
        ],
        processes,
        steps,
    )
    assert processes.names() == list(names)
    assert sorted(steps.steps) == [f"starting {name}" for name in names]


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
    code = "print('\\n'.join(f'line {n}' for n in range(30))); raise SystemExit('no such setting')"
    with pytest.raises(SandboxError) as caught:
        launch([part("bad", code, file=tmp_path / "never")], processes, steps)
    assert caught.value.message == "bad ended while it was starting."
    assert caught.value.advice == f"See its log, {processes.layout.log('bad')}."
    assert caught.value.details == (*(f"line {number}" for number in range(16, 30)), "no such setting")


def test_a_part_that_is_never_ready_is_told(processes: Processes, tmp_path: Path, steps: Steps):
    with pytest.raises(SandboxError, match="slow is not ready after 0 s"):
        launch(
            [part("slow", "import time; time.sleep(60)", file=tmp_path / "never", seconds=0.3)],
            processes,
            steps,
        )


def test_a_silent_log_is_named_all_the_same(processes: Processes, tmp_path: Path, steps: Steps):
    processes.layout.log("mute").write_text("words of an earlier run\n")
    with pytest.raises(SandboxError) as caught:
        launch([part("mute", "raise SystemExit(1)", file=tmp_path / "never")], processes, steps)
    assert caught.value.advice == f"It wrote nothing to its log, {processes.layout.log('mute')}."
    assert caught.value.details == ()


def test_a_log_that_is_not_there_has_no_end(tmp_path: Path):
    assert tail(tmp_path / "x.log") == []
