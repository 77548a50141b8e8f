import subprocess

import httpx
import pytest

from pluginctl import deployments as remote

PREFECT_YAML = """
deployments:
  - {name: release, parameters: {environment: sandbox}}
  - {name: recollect, parameters: {environment: sandbox}, schedules: [{cron: "* * * * *"}]}
  - {name: recollect-1.12, parameters: {environment: sandbox-1.12}, schedules: [{cron: "* * * * *"}]}
"""


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "prefect.yaml").write_text(PREFECT_YAML)
    return tmp_path


@pytest.fixture
def prefect(monkeypatch):
    """Stands in for the `prefect` command; `prefect.commands` are the words that it got."""

    class Command:
        commands: list[list[str]] = []
        code = 0

        def __call__(self, words, **given):
            self.commands.append(words)
            return subprocess.CompletedProcess(words, self.code, "", "no such work pool")

    command = Command()
    command.commands = []
    monkeypatch.setattr(remote.subprocess, "run", command)
    return command


@pytest.mark.parametrize(
    ("environments", "deployed"),
    [
        (["sandbox"], ["release", "recollect"]),
        (["sandbox-1.12"], ["release", "recollect-1.12"]),
        (["sandbox", "sandbox-1.12"], ["release", "recollect", "recollect-1.12"]),
        ([], ["release"]),
    ],
)
def test_a_schedule_is_deployed_where_its_environment_is(checkout, prefect, environments, deployed):
    remote.deploy(checkout, environments)
    (words,) = prefect.commands
    assert words[words.index("deploy") + 1 :] == [part for name in deployed for part in ("--name", name)]


def test_what_prefect_says_is_told(checkout, prefect):
    prefect.code = 1
    with pytest.raises(remote.DeploymentError, match="no such work pool"):
        remote.deploy(checkout, [])


@pytest.mark.parametrize(
    ("status", "raised"), [(401, remote.PrefectRefused), (500, remote.PrefectUnreachable)]
)
def test_a_server_that_refuses_or_fails_is_told_apart(monkeypatch, status, raised):
    async def run(*_):
        httpx.Response(status, request=httpx.Request("GET", "http://host/api")).raise_for_status()

    monkeypatch.setattr(remote, "_run", run)
    with pytest.raises(raised) as caught:
        remote.run_deployment("release/release", {}, None)
    assert ("PREFECT_API_AUTH_STRING" in str(caught.value)) == (status == 401)
