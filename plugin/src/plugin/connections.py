"""HTTP connections that another thread can cut.

When the platform cancels a call, the thread that serves it may be waiting for the source: cutting its connection frees
it at once instead of after the option `request_timeout`, and the source learns that nobody reads its answer.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3

from plugin.errors import SourceUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Connections:
    """Connections to one address, through the proxy that the environment names (HTTPS_PROXY, NO_PROXY).

    Certificates are checked against the authorities in SSL_CERT_FILE or REQUESTS_CA_BUNDLE, or those of certifi.

    Args:
        base: The address.

    Raises:
        SourceUnreachable: The environment names a proxy that cannot be used.
    """

    def __init__(self, base: str) -> None:
        self._lock = threading.Lock()
        self._cut = False
        self._held: list[tuple[Any, socket.socket]] = []
        self._manager = _manager(base)
        self._manager.pool_classes_by_scheme = {
            scheme: _announcing(kind, self._opened) for scheme, kind in _POOLS.items()
        }

    def get(
        self, url: str, fields: Mapping[str, str], headers: Mapping[str, str], timeout: float
    ) -> urllib3.BaseHTTPResponse:
        """Send one request. Redirects are not followed: they would carry the headers to another host.

        Args:
            url: The address without a query.
            fields: The query.
            headers: Headers of the request.
            timeout: Seconds to wait for the connection, and for each part of the answer.

        Raises:
            urllib3.exceptions.HTTPError: No answer came.
        """
        try:
            return self._manager.request(
                "GET",
                url,
                fields=dict(fields),
                headers=headers,
                timeout=timeout,
                redirect=False,
                retries=False,
            )
        finally:
            self._forget()

    def cut(self) -> None:
        """End what is under way in any thread, as if the source had closed the connection; for good.

        A connection that is not established yet (its name is being looked up, or the server has not answered) keeps
        its timeout.
        """
        with self._lock:
            self._cut = True
            for _, held in self._held:
                _hang_up(held)

    def close(self) -> None:
        """End what is under way, and close all connections."""
        self.cut()
        self._manager.clear()
        with self._lock:
            for _, held in self._held:
                held.close()
            self._held.clear()

    def _opened(self, connection: object, made: socket.socket) -> None:
        # TLS takes over the socket's descriptor, so a duplicate is kept.
        held = made.dup()
        with self._lock:
            if self._cut:
                _hang_up(held)
                held.close()
            else:
                self._held.append((connection, held))

    def _forget(self) -> None:
        """Close the duplicates of closed connections, which the other side takes for open until then."""
        with self._lock:
            for connection, held in self._held:
                if connection.sock is None:
                    held.close()
            self._held = [(connection, held) for connection, held in self._held if held.fileno() >= 0]


_POOLS: Final = {"http": urllib3.HTTPConnectionPool, "https": urllib3.HTTPSConnectionPool}


def _announcing(
    kind: type[urllib3.HTTPConnectionPool], opened: Callable[[object, socket.socket], None]
) -> type[Any]:
    """A kind of pool that reports the sockets that it opens."""
    base: type[Any] = kind.ConnectionCls

    class Connection(base):  # type: ignore[misc]  # a class that is known when it runs
        # Called for direct connections and for those through a proxy.
        def _new_conn(self) -> socket.socket:
            made: socket.socket = super()._new_conn()
            opened(self, made)
            return made

    class Pool(kind):  # type: ignore[valid-type,misc]  # a class that is known when it runs
        ConnectionCls = Connection

    return Pool


def _hang_up(held: socket.socket) -> None:
    with suppress(OSError):  # it has ended already
        held.shutdown(socket.SHUT_RDWR)


def _manager(base: str) -> urllib3.PoolManager:
    parts = urlsplit(base)
    authorities = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()
    proxy = getproxies().get(parts.scheme)
    if not proxy or proxy_bypass(parts.hostname or ""):
        return urllib3.PoolManager(ca_certs=authorities)
    try:
        address = urllib3.util.parse_url(proxy if "://" in proxy else f"http://{proxy}")
        headers = urllib3.make_headers(proxy_basic_auth=address.auth) if address.auth else None
        return urllib3.ProxyManager(address.url, proxy_headers=headers, ca_certs=authorities)
    except (urllib3.exceptions.HTTPError, ValueError):
        # The address itself may hold a password.
        raise SourceUnreachable(
            f"The proxy in {parts.scheme.upper()}_PROXY cannot be used; give it as http://host:port."
        ) from None
