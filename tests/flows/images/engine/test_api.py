from __future__ import annotations

import pytest

from flows.images.engine.api import Api
from tests.flows.images.engine.stand_ins import Holding

DIGEST = f"sha256:{'1' * 64}"


@pytest.mark.parametrize(
    ("name", "found", "digest"),
    [
        (f"python@{DIGEST}", None, DIGEST),
        (f"python:3.11@{DIGEST}", None, DIGEST),
        ("python:3.11", {"Id": "sha256:2", "RepoDigests": ["x@sha256:3", f"python@{DIGEST}"]}, DIGEST),
        ("host:5000/python:3.11", {"Id": "sha256:2", "RepoDigests": [f"host:5000/python@{DIGEST}"]}, DIGEST),
        ("host:5000/python", {"Id": "sha256:2", "RepoDigests": [f"host:5000/python@{DIGEST}"]}, DIGEST),
        ("python:3.11", {"Id": "sha256:2", "RepoDigests": []}, "sha256:2"),
        ("python:3.11", {"Id": "sha256:2", "RepoDigests": None}, "sha256:2"),
        ("python:3.11", None, None),
    ],
)
def test_a_base_is_known_by_its_manifest_or_else_by_its_id(name, found, digest):
    assert Api(Holding({name: found}), "unix:///x").digest(name) == digest
