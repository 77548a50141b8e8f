"""Sockets: one thread for each connection reads a request, writes the reply, and repeats."""

from __future__ import annotations

import logging
import socket
import socketserver
from typing import TYPE_CHECKING

from . import wire
from .scram import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from .documents import Document

_LOGGER = logging.getLogger(__name__)


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        replies = 0
        session = Session()
        try:
            while message := wire.read_message(self.rfile):  # type: ignore[arg-type]  # a BufferedIOBase
                request = wire.parse(*message)
                reply = self.server.answer(request, session)
                if request.expects_reply:
                    replies += 1
                    self.connection.sendall(wire.encode_reply(request, reply, replies))
        except wire.ProtocolError as error:
            _LOGGER.warning("Connection from %s closed: %s", self.client_address, error)
        except (ConnectionError, TimeoutError) as error:
            _LOGGER.debug("Connection from %s lost: %s", self.client_address, error)


class Server(socketserver.ThreadingTCPServer):
    """Listens once it is made; `answer` turns a request into its reply, from any thread."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, host: str, port: int, answer: Callable[[wire.Request, Session], Document]) -> None:
        self.answer = answer
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Connection)

    @property
    def port(self) -> int:
        """The port that is listened on, also when 0 was asked for."""
        return int(self.server_address[1])
