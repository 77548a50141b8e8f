"""One Prefect server for all tests of flows: it takes long to start."""

from __future__ import annotations

import pytest
from prefect.testing.utilities import prefect_test_harness


@pytest.fixture(scope="session")
def prefect_server():
    """A server with a database of its own, which the flows of these tests use."""
    with prefect_test_harness(server_startup_timeout=600):
        yield
