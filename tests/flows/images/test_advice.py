from __future__ import annotations

import pytest

from flows.images.advice import build_advice, is_local

GONE = "Get https://pluginctl.invalid/v2/: dial tcp: lookup pluginctl.invalid: no such host"


def test_a_base_that_was_made_on_the_engine_is_made_again_and_never_waited_for():
    assert is_local(GONE)
    step = "1/9 : FROM pluginctl.invalid/python:3.11-0123456789ab"
    assert "`pluginctl sandbox up` makes it again" in build_advice(GONE, step)


@pytest.mark.parametrize("name", ["python:3.11", "127.0.0.1:5000/base:1"])
def test_a_base_of_a_registry_is_another_matter(name):
    advice = build_advice("no such host", f"1/9 : FROM {name}")
    assert advice.startswith(f"The engine has no '{name}' and cannot pull it: set")
