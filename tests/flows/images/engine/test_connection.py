"""Where the Docker engine is, and what its silence means."""

from __future__ import annotations

import pytest
import requests
from docker.errors import APIError

from flows.images import EngineError, EngineUnreachable
from flows.images.engine.connection import answering, remote_host


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("unix:///var/run/docker.sock", None),
        ("npipe:////./pipe/docker_engine", None),
        ("tcp://127.0.0.1:2375", None),
        ("tcp://[::1]:2375", None),
        ("http://localhost:2375", None),
        ("tcp://docker:2376", "docker"),
        ("tcp://192.0.2.7:2376", "192.0.2.7"),
        ("ssh://ann@build.example.com", "build.example.com"),
    ],
)
def test_the_machine_of_the_engine(address, host):
    assert remote_host(address) == host


def test_the_engines_own_words_are_an_error():
    with (
        pytest.raises(
            EngineError, match="The Docker engine failed while looking for x: no space left"
        ) as caught,
        answering("unix:///x", "looking for x"),
    ):
        raise APIError("500", explanation="no space left")
    assert not caught.value.temporary


@pytest.mark.parametrize("error", [requests.ConnectionError("closed"), OSError("closed")])
def test_an_engine_that_stops_answering_is_temporary(error):
    with (
        pytest.raises(EngineUnreachable, match=r"at unix:///x \(while looking for x: closed\)") as caught,
        answering("unix:///x", "looking for x"),
    ):
        raise error
    assert caught.value.temporary
