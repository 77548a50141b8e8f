"""The server's command line."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from .context import Context
from .cursors import Cursors
from .dispatch import answer
from .journal import Journal, JournalError
from .scram import User
from .server import Server
from .store import Store

_LOGGER = logging.getLogger(__name__)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options: host, port, data (a Path) and log_level."""
    parser = argparse.ArgumentParser(prog="mongodb", description="The sandbox's embedded MongoDB.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=27017, help="port to listen on; 0 chooses a free one")
    parser.add_argument("--data", type=Path, required=True, help="file with all data; created if missing")
    parser.add_argument(
        "--log-level", default="INFO", type=str.upper, choices=["DEBUG", "INFO", "WARNING", "ERROR"]
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 when all was written, 1 when the file or the port is unusable.

    If MONGODB_USER and MONGODB_PASSWORD are set, the server requires them.
    """
    options = parse(arguments)
    logging.basicConfig(
        level=options.log_level, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        journal = Journal(options.data)
    except JournalError as error:
        _LOGGER.error("%s", error)
        return 1
    try:
        store = Store(journal)
        context = Context(store, Cursors(), _user())
        with Server(options.host, options.port, partial(answer, context)) as server:
            threading.Thread(target=server.serve_forever, args=(0.1,), name="accept", daemon=True).start()
            _LOGGER.info("Listening on %s:%d, data in %s", options.host, server.port, options.data)
            stop.wait()
            server.shutdown()
    except OSError as error:
        _LOGGER.error("Port %d of %s cannot be listened on: %s", options.port, options.host, error)
        journal.close()
        return 1
    store.lock.acquire()  # and never released: what runs now is finished, and nothing is answered after it
    try:
        journal.close()
    except JournalError as error:
        _LOGGER.error("%s", error)
        return 1
    _LOGGER.info("Stopped, everything is written")
    return 0


def _user() -> User | None:
    name, password = os.environ.get("MONGODB_USER"), os.environ.get("MONGODB_PASSWORD")
    return User(name, password) if name and password else None
