from __future__ import annotations

import time

import pytest

from sandbox.spaceone.bootstrap import expires_at, new_password
from tests.sandbox.conftest import signed


@pytest.mark.parametrize("text", ["", "no token", "a.b.c", "a..c"])
def test_what_is_no_token_has_ended(text: str):
    assert expires_at(text) == 0


def test_ends_of_tokens():
    before = time.time()
    ends = expires_at(signed(100))
    assert before + 100 <= ends <= time.time() + 100
    assert expires_at(signed(None)) == float("inf")


def test_no_two_passwords_are_alike_and_each_has_what_rules_ask_for():
    one, other = new_password(), new_password()
    assert one != other
    assert len(one) >= 8
    for kind in (str.isupper, str.islower, str.isdigit, lambda letter: not letter.isalnum()):
        assert any(map(kind, one))
