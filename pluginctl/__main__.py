"""`python -m pluginctl`."""

from __future__ import annotations

from pluginctl.app import main

if __name__ == "__main__":
    main()
