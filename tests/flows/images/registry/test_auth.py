"""Who one is to a registry."""

from __future__ import annotations

import json
import sys
from base64 import b64encode

import pytest

from flows.images.registry import Registry
from flows.images.registry.auth import Challenge, login_may_follow


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


@pytest.mark.parametrize("file", ["config.json", "home/.docker/config.json", "home/.dockercfg"])
def test_docker_s_own_client_is_asked_only_where_it_may_have_stored_a_login(tmp_path, monkeypatch, file):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setitem(sys.modules, "docker", None)
    with Registry("example.com") as registry:
        assert registry.credentials is None
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()
    with Registry("example.com") as registry, pytest.raises(ImportError):
        _ = registry.credentials


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            'Bearer realm="https://a/token",service="reg",scope="r:x:pull,push"',
            "https://a/token|reg|r:x:pull,push",
        ),
        ('bearer Realm = "https://a/token", service=reg', "https://a/token|reg|"),
        ('Basic realm="x", Bearer realm="https://a/token"', "https://a/token||"),
        ('Bearer realm="https://a/token", Basic realm="x"', "https://a/token||"),
        (r'Bearer realm="https://a/\"b\"",error="insufficient_scope"', 'https://a/"b"||'),
        ("Bearer", "||"),
    ],
)
def test_a_challenge_for_a_token(header, expected):
    challenge = Challenge.parse(header)
    assert f"{challenge.realm}|{challenge.service}|{challenge.scope}" == expected
    assert challenge.scheme == ("bearer" if challenge.realm else "")


@pytest.mark.parametrize(
    ("header", "scheme"), [('Basic realm="x"', "basic"), ('Digest realm="x"', ""), ("", "")]
)
def test_a_challenge_for_something_else(header, scheme):
    assert Challenge.parse(header) == Challenge(scheme)


def test_the_address_of_a_token():
    assert Challenge("bearer", "https://a/t").token_url() == "https://a/t"
    asked = Challenge("bearer", "https://a/t?x=y", "the reg", "r:x:pull r:y:pull").token_url()
    assert asked == "https://a/t?x=y&service=the+reg&scope=r%3Ax%3Apull&scope=r%3Ay%3Apull"


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("https://a/x", "https://a:443/y", True),
        ("http://A/x", "http://a:80/y", True),
        ("http://a/x", "https://a/x", True),
        ("https://a/x", "http://a/x", False),
        ("http://a:5000/x", "https://a/x", False),
        ("https://a/x", "https://a:8443/x", False),
        ("https://a/x", "https://b.a/x", False),
        ("https://a/x", "ftp://a/x", False),
    ],
)
def test_where_a_login_may_follow(before, after, may):
    assert login_may_follow(before, after) is may


@pytest.mark.parametrize("header", ["a" * 60_000, "a=" * 30_000, "a" + " " * 60_000, 'a="' + "\\" * 60_000])
@pytest.mark.timeout(60)  # what is not linear takes longer
def test_a_long_challenge_takes_no_long_time(header):
    """A pattern that began anew at each letter took a minute for 32 kB."""
    Challenge.parse(f"Bearer {header}")
