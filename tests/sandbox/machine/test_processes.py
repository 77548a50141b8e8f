from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from sandbox.errors import SandboxError
from sandbox.machine import processes as module
from sandbox.machine.processes import Processes
from tests.waiting import wait_for

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_started_program_runs_is_known_and_is_stopped(processes: Processes):
    processes.start("one", SLEEP)
    process = processes.running("one")
    assert process is not None
    assert os.getsid(process.pid) == process.pid, "it has a session of its own and outlives our terminal"
    assert processes.names() == ["one"]
    assert Processes(processes.layout).running("one") == process, "a later command knows it, too"
    wait_for(lambda: processes.memory("one") > 1_000_000)
    processes.stop("one")
    assert processes.running("one") is None
    assert processes.names() == []
    assert processes.memory("one") == 0


def test_its_output_goes_to_its_log(processes: Processes, layout: Layout):
    processes.start("talker", [sys.executable, "-u", "-c", "import sys; print('out'); sys.exit('err')"])
    wait_for(lambda: processes.running("talker") is None)
    assert layout.log("talker").read_text() == "out\nerr\n"


def test_a_log_that_grew_too_long_is_put_aside(
    processes: Processes, layout: Layout, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "LOG_BYTES", 3)
    layout.log("talker").write_text("older words\n")
    processes.start("talker", [sys.executable, "-c", "print('new')"])
    wait_for(lambda: processes.running("talker") is None)
    assert layout.log("talker").read_text() == "new\n"
    assert layout.log("talker").with_suffix(".log.1").read_text() == "older words\n"


def test_a_program_gets_its_own_variables_and_few_of_the_shells(
    processes: Processes, layout: Layout, monkeypatch: pytest.MonkeyPatch
):
    for name in ("SEC_TOKEN", "PREFECT_API_KEY", "PLUGINCTL_TOKEN", "PREFECT_API_URL"):
        monkeypatch.setenv(name, "shell")
    processes.start("it", SLEEP, {"PREFECT_API_URL": "own"})
    process = processes.running("it")
    assert process is not None
    variables = wait_for(process.environ)
    assert (variables["PLUGINCTL_TOKEN"], variables["PREFECT_API_URL"]) == ("shell", "own")
    assert not {"SEC_TOKEN", "PREFECT_API_KEY"} & variables.keys()
    assert variables["PATH"] == os.environ["PATH"]


def test_a_program_that_is_not_there_is_named(processes: Processes):
    with pytest.raises(SandboxError, match=r"one cannot be started: .*nowhere/program"):
        processes.start("one", ["/nowhere/program"])


def test_a_reused_process_id_is_not_taken_for_ours(processes: Processes, layout: Layout):
    stranger = subprocess.Popen(SLEEP)
    try:
        record = {"pid": stranger.pid, "created": psutil.Process(stranger.pid).create_time() - 100}
        (layout.run / "one.json").write_text(json.dumps(record))
        assert processes.running("one") is None
        processes.stop("one")
        assert stranger.poll() is None, "the stranger lives"
        assert processes.names() == []
    finally:
        stranger.kill()
        stranger.wait()


def test_children_are_stopped_too_even_in_a_session_of_their_own(processes: Processes, tmp_path: Path):
    told = tmp_path / "pid"
    code = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        f"pathlib.Path({str(told)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    processes.start("parent", [sys.executable, "-c", code])
    wait_for(lambda: told.exists() and told.read_text())
    child = psutil.Process(int(told.read_text()))
    processes.stop("parent")
    assert not module.is_alive(child)


def test_one_that_ignores_the_request_is_ended(processes: Processes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.3)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    processes.start("stubborn", [sys.executable, "-c", code])
    wait_for(lambda: processes.layout.log("stubborn").read_text() == "1\n")
    process = processes.running("stubborn")
    assert process is not None
    processes.stop("stubborn")
    wait_for(lambda: not module.is_alive(process))


def test_children_that_outlived_their_parent_are_stopped(processes: Processes, tmp_path: Path):
    told = tmp_path / "pid"
    code = (
        "import subprocess, sys, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(told)!r}).write_text(str(child.pid))"
    )
    processes.start("parent", [sys.executable, "-c", code])
    wait_for(lambda: processes.running("parent") is None)
    child = psutil.Process(int(told.read_text()))
    assert module.is_alive(child)
    processes.stop("parent")
    assert not module.is_alive(child)
