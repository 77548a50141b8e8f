from __future__ import annotations

import socket

import pytest

from sandbox.errors import SandboxError
from sandbox.spaceone import database


def test_an_address_is_taken_apart():
    parsed = database.parse("mongodb://us%40er:p%2Fw@one:1234,two:2345/?replicaSet=rs0&authSource=users")
    assert parsed.external
    assert parsed.address == "one:1234"
    assert parsed.host == "mongodb://one:1234,two:2345/?replicaSet=rs0&authSource=users"
    assert parsed.options == {"username": "us@er", "password": "p/w", "authentication_source": "users"}
    assert parsed.for_service("identity") == {
        "db": "identity",
        "host": parsed.host,
        "port": 1234,
        **parsed.options,
    }
    assert parsed.for_secrets()["authSource"] == "users"


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("mongodb://u:p@h/", "admin"),
        ("mongodb://u:p@h/mine", "mine"),
        ("mongodb://u:p@h/a?authSource=b", "b"),
    ],
)
def test_where_the_user_is_known(uri: str, source: str):
    parsed = database.parse(uri)
    assert parsed.options["authentication_source"] == source
    assert parsed.port == database.DEFAULT_PORT


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("localhost:27017", "does not begin with mongodb://"),
        ("mongodb://localhost:27017/", "has no host, no user or no password"),
        ("mongodb://user@localhost/", "has no host, no user or no password"),
        ("mongodb://user:secret@/", "has no host, no user or no password"),
        ("mongodb://user:secret@host:port/", "The port in the MongoDB address is not a number: 'port'"),
    ],
)
def test_a_useless_address_is_refused_without_its_password(uri: str, words: str):
    with pytest.raises(SandboxError, match=words) as caught:
        database.parse(uri)
    assert "secret" not in str(caught.value)
    assert database.VARIABLE in caught.value.advice


def test_a_database_that_nobody_serves_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen: nobody else can
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=f"No MongoDB answers at 127.0.0.1:{port}"):
            database.check(database.parse(f"mongodb://u:p@127.0.0.1:{port}/"), seconds=1)


def test_a_database_that_listens_passes():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        # Must not raise.
        database.check(database.parse(f"mongodb://u:p@127.0.0.1:{listener.getsockname()[1]}/"))


def test_the_argument_comes_before_the_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(database.VARIABLE, "mongodb://variable")
    assert database.configured("mongodb://argument") == "mongodb://argument"
    assert database.configured() == "mongodb://variable"
    monkeypatch.delenv(database.VARIABLE)
    assert database.configured() is None


def test_a_name_identifies_a_database():
    own = database.own("password").name("")
    one = database.parse("mongodb://u:p@h/")
    assert len({own, one.name("a_"), one.name("b_")}) == 3


def test_the_own_database_requires_its_password():
    own = database.own("password")
    assert own.for_service("identity") == {
        "db": "identity",
        "host": "mongodb",
        "port": 27017,
        "username": "sandbox",
        "password": "password",
        "authentication_source": "admin",
    }
    assert own.for_secrets()["password"] == "password"


@pytest.mark.parametrize("here", ["localhost", "127.0.0.1"])
def test_a_database_on_this_machine_has_another_name_in_a_container(here: str):
    parsed = database.parse(f"mongodb://u:p@{here}:1234,other:1/")
    assert parsed.host == "mongodb://host.docker.internal:1234,other:1/"
    assert parsed.address == f"{here}:1234", "this machine checks it under its own name"
