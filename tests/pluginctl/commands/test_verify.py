import json

import pytest
from typer.testing import CliRunner

from flows.images import ImageReference
from flows.manifest import Manifest
from flows.steps.comparison import Check
from flows.steps.verification import Verification
from pluginctl.app import app
from pluginctl.commands import verify

REFERENCE = ImageReference("127.0.0.1:5000", "team/plugin-x", "0.1.0")
PASSED = (Check("image", True, "sha256:1"), Check("signature", None, "not verified"))


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Runs the command, which finds these checks."""
    environment = tmp_path / "here.yaml"
    environment.write_text("{}")
    monkeypatch.setattr(Manifest, "load", lambda *_, **__: None)

    def call(checks, *arguments):
        result = Verification("here", "plugin-x", REFERENCE, "sha256:1", checks)
        monkeypatch.setattr(verify, "run_verify", lambda *_, **__: result)
        return CliRunner().invoke(app, ["verify", str(environment), *arguments])

    return call


def test_checks_are_shown_with_their_marks(call):
    done = call(PASSED)
    assert done.exit_code == 0
    assert "127.0.0.1:5000/team/plugin-x" in done.stdout
    assert "✓  image      sha256:1" in done.stdout
    assert "-  signature  not verified" in done.stdout


def test_a_failed_check_ends_with_1(call):
    done = call((*PASSED, Check("provenance", False, "there is none for this digest [x]")))
    assert done.exit_code == 1
    assert "✗  provenance  there is none for this digest [x]" in done.stdout
    assert "The image is not what was released" in done.stdout


def test_json_is_one_document(call):
    done = call(PASSED, "--output", "json")
    document = json.loads(done.stdout)
    assert (document["schema"], document["success"]) == ("verification/1", True)
    assert call((Check("image", False, ""),), "-o", "json").exit_code == 1
