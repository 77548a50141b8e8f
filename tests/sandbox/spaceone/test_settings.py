from __future__ import annotations

from sandbox.spaceone.settings import SERVERS, Settings


def test_services_find_each_other_by_name(settings: Settings):
    addresses = settings.endpoints()
    assert list(addresses) == list(SERVERS)
    assert addresses["identity"] == "grpc://identity:50051"


def test_every_server_has_an_address_on_this_machine(settings: Settings):
    addresses = settings.published_endpoints()
    assert list(addresses) == list(SERVERS)
    assert addresses["identity"] == "grpc://127.0.0.1:21000"
    assert len(set(addresses.values())) == len(SERVERS)


def test_the_stores(settings: Settings):
    assert settings.registry() == "127.0.0.1:21006"
    assert settings.redis(db=3) == {"host": "redis", "port": 6379, "password": "redis-password", "db": 3}


def test_other_tokens_change_nothing_else(settings: Settings):
    changed = settings.with_tokens("a", "b")
    assert (changed.token, changed.supervisor_token) == ("a", "b")
    assert changed.with_tokens(settings.token, settings.supervisor_token) == settings
