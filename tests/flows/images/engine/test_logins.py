"""The logins that a build, a pull and a push send: a helper that is missing takes none of the others away."""

from __future__ import annotations

import json
import warnings
from base64 import b64encode
from types import SimpleNamespace

import pytest
from docker.auth import resolve_authconfig

from flows.images.engine.logins import use_logins, without_login

FILE = {"auth": b64encode(b"bob:secret").decode()}


@pytest.fixture
def logins(tmp_path, monkeypatch):
    """The logins by a configuration; of its helpers `here` is installed, and `broken`, which fails."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "bin").mkdir()
    login = '{"Username": "ann", "Secret": "hunter2"}'
    for name, script in {
        "here": f"[ $1 = list ] && echo '{{\"one.example.com\": \"ann\"}}' || echo '{login}'",
        "broken": "echo no; exit 1",
        "odd": "echo odd",
    }.items():
        program = tmp_path / f"bin/docker-credential-{name}"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def logins(**config):
        (tmp_path / "config.json").write_text(json.dumps(config))
        client = SimpleNamespace(api=SimpleNamespace(credstore_env=None))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            use_logins(client)
            return client.api._auth_configs

    return logins


@pytest.mark.parametrize("bad", ["gone", "broken", "odd"])
def test_a_helper_that_fails_takes_no_other_login_away(logins, bad):
    found = logins(
        auths={"file.example.com": FILE},
        credsStore=bad,
        credHelpers={"ghcr.io": "here", "gcr.io": bad},
    )
    sent = found.get_all_credentials()
    assert sent["file.example.com"]["username"] == "bob"
    assert sent["ghcr.io"]["Username"] == "ann"
    assert "gcr.io" not in sent
    assert resolve_authconfig(found, "gcr.io") is None
    assert resolve_authconfig(found, "ghcr.io")["Password"] == "hunter2"


def test_the_store_gives_all_that_it_has(logins):
    sent = logins(credsStore="here").get_all_credentials()
    assert sent["one.example.com"]["Username"] == "ann"


def test_a_base_image_that_is_pulled_without_a_login_is_named(logins):
    logins(credHelpers={"gcr.io": "gone", "https://index.docker.io/v1/": "gone"})
    assert without_login(["quay.io/team/base:1"]) == ""
    assert without_login(["gcr.io/team/base:1"]).startswith("gcr.io/team/base:1 is pulled without a login: ")
    assert "Install docker-credential-gone" in without_login(["python:3.11"])
