from __future__ import annotations

import sys

import pytest

from sandbox.errors import SandboxError
from sandbox.machine.execute import LINES, execute


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_both_streams_are_one_text():
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr)"
    assert execute(python(code), "It cannot be done") == "out\nerr\n"


def test_a_failure_has_the_exit_code_the_advice_and_the_last_lines():
    code = "[print('line', number) for number in range(30)]; raise SystemExit(3)"
    with pytest.raises(SandboxError) as caught:
        execute(python(code), "It cannot be done", "Do something else")
    assert caught.value.message == f"It cannot be done: `{sys.executable}` ended with 3."
    assert caught.value.advice == "Do something else"
    assert caught.value.details == tuple(f"line {number}" for number in range(30 - LINES, 30))


def test_other_exit_codes_may_be_no_failure():
    code = "print('half'); raise SystemExit(1)"
    assert execute(python(code), "It cannot be done", accept=(0, 1)) == "half\n"


def test_what_takes_too_long_is_ended_and_told():
    with pytest.raises(SandboxError, match=r"It cannot be done: `.*` did not end within 0 s\. Try again\."):
        execute(python("import time; time.sleep(60)"), "It cannot be done", "Try again", seconds=0.2)


def test_variables_are_set_and_removed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("GONE", "1")
    code = "import os; print(*(os.environ.get(name) for name in ('KEPT', 'GONE', 'NEW')))"
    printed = execute(python(code), "It cannot be done", environment={"GONE": None, "NEW": "2"})
    assert printed == "1 None 2\n"
