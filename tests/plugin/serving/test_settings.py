"""Settings out of the environment."""

from __future__ import annotations

import pytest

from plugin.serving.settings import Settings


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("SPACEONE_PORT", "http", "is not a number between 0 and 65535"),
        ("SPACEONE_MAX_WORKERS", "0", "is not a number between 1 and 1000"),
        ("SPACEONE_ONE_CPU", "yes", "is not a number between 0 and 1"),
        ("SPACEONE_LOG_LEVEL", "LOUD", "is not a level such as INFO or WARNING"),
        ("SPACEONE_MAX_REQUEST_BYTES", "1", "is not a number between 1024 and"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name, value, reason):
    with pytest.raises(ValueError, match=f"{name}='{value}' {reason}"):
        Settings.of({name: value})


def test_what_is_not_set_is_as_usual():
    assert Settings.of({}) == Settings.of({"SPACEONE_PORT": ""}) == Settings()
    assert Settings.of({"SPACEONE_ONE_CPU": "0"}) == Settings(one_cpu=False)
    assert Settings.of({"SPACEONE_GRACE": "0.5", "SPACEONE_PORT": "7"}) == Settings(grace=0.5, port=7)
