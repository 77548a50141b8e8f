from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def quiet():
    """Prefect's own logger; what the flows say goes to the server."""
    logging.getLogger("prefect").setLevel(logging.CRITICAL)
