from __future__ import annotations

import pytest

from sandbox.machine import progress


def test_lines_tell_how_long_a_step_took(capsys: pytest.CaptureFixture[str]):
    lines = progress.Lines()
    with lines.step("work"):
        lines.say("a word")
    with pytest.raises(RuntimeError), lines.step("other work"):
        raise RuntimeError
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "… work"
    assert said[1] == "a word"
    assert said[2].startswith("✓ work (")
    assert said[4].startswith("✗ other work (")
