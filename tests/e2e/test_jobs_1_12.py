"""A job of 1.12 can read SUCCESS although its task failed, and without a word of why (2.x always records one)."""

from __future__ import annotations

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["1.12"], indirect=True, scope="module"),
]


def test_a_type_that_the_platform_stumbles_over_is_a_failure_although_the_job_reads_success(project, release):
    """Its metadata is null, as plugins on the framework of 2.x send it."""
    typed = '"metadata": kind.metadata,\n        "labels"'
    project.replace("plugin/src/plugin/serving/messages.py", typed, typed.replace("kind.metadata", "None"))
    report = release(project, code=1)
    assert report["job"]["status"] == "SUCCESS"
    assert report["job"]["changes"]["created"] > 0
    (reason,) = report["job"]["failures"]
    assert "1 of its resources failed, and the platform recorded no message" in reason
    assert "CloudServiceType whose metadata is null" in reason
