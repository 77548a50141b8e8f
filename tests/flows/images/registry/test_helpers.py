"""Credential helpers that Docker's configuration names."""

from __future__ import annotations

import json
import warnings

import pytest

from flows.images import RegistryRefused
from flows.images.reference import ImageReference
from flows.images.registry import Registry
from flows.images.registry.auth import docker_login
from flows.images.registry.helpers import missing_helper

HUB = "https://index.docker.io/v1/"


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Writes Docker's configuration; the only helper that is installed is `here`, which knows one login."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/docker-credential-here"
    program.write_text('#!/bin/sh\necho \'{"Username": "ann", "Secret": "hunter2"}\'\n')
    program.chmod(0o755)

    def configured(**config):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config))
        return str(path)

    return configured


def test_a_login_of_a_helper_is_used(configured):
    configured(credHelpers={"ghcr.io": "here"})
    found = docker_login("ghcr.io")
    assert (found.username, found.password) == ("ann", "hunter2")
    assert docker_login("example.com") is None


@pytest.mark.parametrize(
    ("config", "address", "entry"),
    [
        ({"credHelpers": {"ghcr.io": "gone"}}, "ghcr.io", 'credHelpers["ghcr.io"]'),
        ({"credHelpers": {HUB: "gone"}}, None, f'credHelpers["{HUB}"]'),
        ({"credsStore": "gone"}, "ghcr.io", "credsStore"),
        ({"credsStore": "gone", "credHelpers": {"example.com": "here"}}, "ghcr.io", "credsStore"),
        ({"credsStore": "here", "credHelpers": {"ghcr.io": "gone"}}, "ghcr.io", 'credHelpers["ghcr.io"]'),
    ],
)
def test_a_helper_that_is_not_installed_is_named_with_file_and_entry(configured, config, address, entry):
    file = configured(**config)
    found = missing_helper(address)
    assert (found.file, found.entry, found.program) == (file, entry, "docker-credential-gone")
    assert entry in found.advice
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert docker_login(address) is None


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"credHelpers": {"ghcr.io": "gone"}},
        {"credsStore": "gone", "credHelpers": {"example.com": "here"}},
        {"credsStore": "here"},
        {"credsStore": ""},
        {"credHelpers": ["gone"], "credsStore": 7},
    ],
)
def test_another_registry_is_not_concerned(configured, config):
    configured(**config)
    assert missing_helper("example.com") is None


def test_a_file_that_is_no_configuration_names_none(configured, tmp_path):
    configured()
    (tmp_path / "config.json").write_text("[")
    assert missing_helper("example.com") is None
    (tmp_path / "config.json").unlink()
    assert missing_helper("example.com") is None


def test_a_push_that_requires_a_login_says_which_program_is_missing(configured, stub, answer):
    file = configured(credHelpers={stub.address: "gone"})
    stub.on("/v2/team/plugin/blobs/uploads/", answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'}))
    with Registry(stub.address, insecure="http") as registry, pytest.raises(RegistryRefused) as caught:
        registry.check_push(ImageReference(stub.address, "team/plugin", "0.1.0"))
    assert "refuses an anonymous push" in caught.value.message
    assert f'{file} names docker-credential-gone in credHelpers["{stub.address}"]' in caught.value.message
    assert "Install docker-credential-gone, or remove credHelpers" in caught.value.advice


def test_a_password_of_the_environment_needs_no_helper(configured, stub, answer):
    configured(credsStore="gone")
    stub.on("/v2/", answer(401, {}, {"WWW-Authenticate": 'Basic realm="x"'}))
    with (
        Registry(stub.address, insecure="http", username="ann", password="p") as registry,
        pytest.raises(RegistryRefused) as caught,
    ):
        registry.ping()
    assert "gone" not in str(caught.value)


def test_what_everybody_may_read_is_read(configured, stub, answer):
    configured(credsStore="gone")
    realm = {"WWW-Authenticate": f'Bearer realm="http://{stub.address}/token",service="x",scope="y"'}
    stub.on("/v2/", answer(401, {}, realm), answer(200, {}))
    stub.on("/token", answer(200, {"token": "t"}))
    with Registry(stub.address, insecure="http") as registry:
        registry.ping()
