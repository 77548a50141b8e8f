"""Where things are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = CHECKOUT / "build" / "benchmarks.json"
PLUGIN: Final = CHECKOUT / "plugin"
FRAMEWORK: Final = CHECKOUT / "tests" / "benchmarks" / "framework"
SANDBOX_HOME: Final = Path(os.environ.get("PLUGINCTL_TEST_HOME", CHECKOUT / ".sandbox" / "test"))
"""The tests' own sandbox, the same one as in tests/conftest.py."""
