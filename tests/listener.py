"""Servers of plain TCP, for tests of clients that meet a bad one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Listener:
    """Takes one connection after the other, until it is closed.

    Attributes:
        address: `127.0.0.1:port`.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def handle(self, connection: socket.socket) -> None:
        """What is done with a connection, which is closed afterwards."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop, and wait for the connection that is open."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.handle(connection)


@contextlib.contextmanager
def full_queue() -> Iterator[socket.socket]:
    """Gives the socket of a server whose queue is full: the kernel answers no connection any more."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield full
