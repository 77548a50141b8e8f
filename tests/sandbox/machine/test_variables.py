from __future__ import annotations

import pytest

from sandbox.machine.variables import passed_on


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "DOCKER_HOST", "DOCKER_CONFIG", "SSL_CERT_FILE"),
        *("HTTPS_PROXY", "https_proxy", "no_proxy", "PLUGINCTL_TOKEN", "PLUGINCTL_SANDBOX_HOME"),
    ],
)
def test_what_programs_need_is_passed_on(name: str):
    assert passed_on({name: "value"}) == {name: "value"}


@pytest.mark.parametrize(
    "name",
    [
        *("SEC_TOKEN", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "DOCKER_AUTH_CONFIG"),
        *("PREFECT_API_KEY", "PREFECT_API_URL", "PREFECT_PROFILES_PATH", "PYTHONPATH", "LD_PRELOAD"),
        *("MY_PLUGINCTL_TOKEN", "pluginctl_token", "lc_all", "path", "XLC_ALL", ""),
    ],
)
def test_everything_else_is_not(name: str):
    assert passed_on({name: "value"}) == {}


def test_the_default_is_this_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEC_TOKEN", "1")
    monkeypatch.setenv("PLUGINCTL_TOKEN", "2")
    found = passed_on()
    assert found["PLUGINCTL_TOKEN"] == "2"
    assert "SEC_TOKEN" not in found
