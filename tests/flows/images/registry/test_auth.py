"""Who one is to a registry."""

from __future__ import annotations

import json
from base64 import b64encode

from flows.images.registry import Registry


def test_docker_login(tmp_path, monkeypatch):
    auths = {"127.0.0.1:5000": {"auth": b64encode(b"ann:hunter2").decode()}}
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with Registry("127.0.0.1:5000") as registry, Registry("example.com") as other:
        assert registry.credentials.username == "ann"
        assert registry.credentials.password == "hunter2"
        assert other.credentials is None


def test_broken_docker_config_is_no_login(tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text("{")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with Registry("example.com") as registry:
        assert registry.credentials is None
