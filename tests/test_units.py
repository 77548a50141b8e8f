"""The service units of deployments/units: systemd understands them, and they fit docs/production.md."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = ["pluginctl-server.service", "pluginctl-worker@.service"]


@pytest.fixture(params=UNITS)
def unit(request, checkout) -> Path:
    return checkout / "deployments/units" / request.param


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_has_nothing_to_remark(unit, tmp_path):
    program = tmp_path / "prefect"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / unit.name.replace("@", "@one")
    copy.write_text(re.sub(r"(?<=ExecStart=)\S+", str(program), unit.read_text()))
    command = ["systemd-analyze", "verify", "--man=no", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    mine = [line for line in done.stderr.splitlines() if copy.name in line]
    assert (done.returncode, mine) == (0, [])


def test_no_unit_holds_a_password_and_no_service_is_root(unit):
    text = unit.read_text()
    assert re.search(r"^User=(?!root)\w+$", text, re.MULTILINE)
    assert re.search(r"^EnvironmentFile=/etc/pluginctl/\w+\.env$", text, re.MULTILINE)
    assert "PASSWORD" not in text
    assert "AUTH_STRING" not in text


def test_the_page_names_the_files_that_the_units_read(unit, checkout):
    page = (checkout / "docs/production.md").read_text()
    for path in re.findall(r"/etc/pluginctl/\S+\.env", unit.read_text()):
        assert f"# {path}, mode 0600" in page
