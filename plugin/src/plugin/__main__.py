"""`python -m plugin`: serve until SIGTERM."""

from __future__ import annotations

import logging
import os
import sys

from plugin import logs
from plugin.server import from_environment, serve


def main() -> int:
    """Serve; 0 after an orderly end, 2 where the settings or the port cannot be used."""
    try:
        settings = from_environment()
        logs.set_up(settings.log_level)
        serve(settings)
    except (ValueError, RuntimeError) as error:
        print(f"The plugin cannot start: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # A thread that looks up a name, or waits for a connection to be answered, cannot be ended; nobody waits for it.
    os._exit(code)
