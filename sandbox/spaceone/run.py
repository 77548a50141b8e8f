"""Starts one of SpaceONE's programs in its container: `python -m sandbox.spaceone.run PROGRAM ARGUMENT…`.

It writes the configuration of the variable CONFIGURATION to the file of that name, because a service reads a file. It
waits for the stores in the variable STORES (`host:port host:port`): a worker that starts before Redis never finds it
(RedisQueue of spaceone-core 1.12 and 2.0 takes `channel` out of its configuration before each try).
"""

from __future__ import annotations

import math
import os
import socket
import sys
import time
from contextlib import suppress

CONFIGURATION = "/tmp/configuration.yaml"  # noqa: S108 - inside the container, where nobody else is


def main(words: list[str]) -> None:
    """Replace this process by the program."""
    descriptor = os.open(CONFIGURATION, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(os.environ.pop("CONFIGURATION"))
    for store in os.environ.pop("STORES", "").split():
        host, _, port = store.partition(":")
        wait_until_it_listens(host, int(port))
    os.execvp(words[0], words)  # noqa: S606 - no shell is needed


def wait_until_it_listens(host: str, port: int, seconds: float = math.inf) -> None:
    """Wait until a program accepts connections there, or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1:])
