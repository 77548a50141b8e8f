"""The base image of a released image and of the next one."""

from __future__ import annotations

import pytest

from flows.images.base import Base, remarks
from flows.images.labels import BASE_DIGEST, BASE_NAME

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
PINNED_A, PINNED_B = Base.named(f"python:3.11@{A}"), Base.named(f"python:3.11@{B}")
LOCAL_A, LOCAL_B = (
    Base.named("pluginctl.invalid/python:3.11-a"),
    Base.named("pluginctl.invalid/python:3.11-b"),
)


def test_what_the_labels_say():
    assert Base.of({BASE_NAME: "python:3.11", BASE_DIGEST: A}) == Base("python:3.11", A)
    assert Base.of({BASE_NAME: f"python:3.11@{A}"}) == PINNED_A, "released before there was a label for it"
    assert Base.of({BASE_DIGEST: A}) is None


@pytest.mark.parametrize(
    ("now", "released"),
    [
        (PINNED_A, None),
        (PINNED_A, PINNED_A),
        (PINNED_A, Base("mirror.example/python:3.11", A)),  # the same image from elsewhere
        (LOCAL_A, Base(LOCAL_A.name, B)),  # the digest of its configuration, which the plan does not know
    ],
)
def test_the_same_base_is_not_worth_a_word(now, released):
    assert remarks(now, released) == ()


@pytest.mark.parametrize(
    ("now", "released"),
    [
        (PINNED_B, PINNED_A),
        (LOCAL_B, Base(LOCAL_A.name, A)),
        (LOCAL_A, PINNED_A),
    ],
)
def test_another_base_is_named_with_what_to_do(now, released):
    (remark,) = remarks(now, released)
    assert remark == (
        f"It was built on {released}, and the base image is {now} now. A version is not built again: raise VERSION "
        "to release on the new base image."
    )
    assert (released.digest or released.name) in remark


def test_a_tag_is_asked_for_its_digest():
    (remark,) = remarks(Base("python:3.11", A), None)
    assert remark == (
        "The base image python:3.11 is named by a tag, which may be another image tomorrow: "
        f"write python:3.11@{A}."
    )
    (remark,) = remarks(Base("python"), None)
    assert remark.endswith("write python@sha256:…; `docker pull python` shows the digest.")


def test_a_tag_that_moved():
    floats, moved = remarks(Base("python:3.11", B), Base("python:3.11", A))
    assert "is named by a tag" in floats
    assert moved.startswith(
        f"It was built on python:3.11 ({A}), and the base image is python:3.11 ({B}) now."
    )


@pytest.mark.parametrize("name", ["pluginctl.invalid/python:3.11-a", f"python@{A}", A])
def test_what_does_not_float(name):
    assert not Base.named(name).floats


@pytest.mark.parametrize("name", ["python", "python:3.11", "pluginctl.invalid.example.com/python:3.11"])
def test_what_floats(name):
    assert Base.named(name).floats
