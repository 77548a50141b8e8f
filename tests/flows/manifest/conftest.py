import shutil

import pytest


@pytest.fixture
def folder(checkout, tmp_path):
    """A copy of the portfolio's manifest that a test may spoil."""
    return shutil.copytree(checkout / "deployments/portfolio", tmp_path / "portfolio")
