"""`serve`: a collector as the program of a container."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from plugin.serving import logs
from plugin.serving.settings import Settings

if TYPE_CHECKING:
    from plugin.serving.collector import Collector


def serve(collector: Collector) -> NoReturn:
    """Serve a collector until SIGTERM or SIGINT, with the settings of the environment, and end the process.

    The exit code is 0 after an orderly end, and 2 where the settings or the port cannot be used.
    """
    code = 0
    try:
        settings = Settings.of(os.environ)
        logs.set_up(settings.log_level)
        # Slow to import, and not needed by the health check, which shares this package.
        from plugin.serving.server import run

        run(collector, settings)
    except (ValueError, RuntimeError) as error:
        print(f"The plugin cannot start: {error}", file=sys.stderr)
        code = 2
    logging.shutdown()
    sys.stderr.flush()
    # Not sys.exit, which waits for all threads: one that looks up a name, or connects, cannot be interrupted.
    os._exit(code)
