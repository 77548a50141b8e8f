from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from sandbox import launcher
from sandbox.errors import SandboxError
from sandbox.launcher import launch, tail
from sandbox.parts import Part
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.machine.processes import Processes
    from tests.sandbox.conftest import Steps


def part(name: str, code: str, *, file: Path | None = None, seconds: float = PATIENCE) -> Part:
    return Part(
        name, (sys.executable, "-c", code), "", (lambda: file is None or file.exists()), seconds=seconds
    )


def touching(file: Path) -> str:
    return f"import time, pathlib; pathlib.Path({str(file)!r}).touch(); time.sleep(600)"


def test_parts_start_side_by_side(processes: Processes, tmp_path: Path, steps: Steps):
    # None of them is ready before all of them run: one after the other, the first would wait in vain.
    names = ["a", "b", "c", "d"]
    files = [tmp_path / name for name in names]
    wanted = [
        Part(
            name,
            (sys.executable, "-c", touching(file)),
            "",
            lambda: all(each.exists() for each in files),
            seconds=PATIENCE,
        )
        for name, file in zip(names, files, strict=True)
    ]
    launch(wanted, processes, steps)
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
    wait_for(lambda: processes.running("a") is None)
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
    answers = iter([True, False, False, True])
    wanted = Part("a", (sys.executable, "-c", touching(tmp_path / "a")), "", lambda: next(answers))
    launch([wanted], processes, steps)
    before = processes.record("a")
    launch([wanted], processes, steps)
    assert processes.record("a") == before
    assert list(answers) == []


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
