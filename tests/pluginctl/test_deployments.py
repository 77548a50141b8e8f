import httpx
import pytest

from pluginctl import deployments as remote


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
