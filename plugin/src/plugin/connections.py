"""HTTP connections that another thread can cut.

When the platform cancels a call, the thread that serves it may be waiting for the source: cutting its connection frees
it at once instead of after the option `request_timeout`, and the source learns that nobody reads its answer.
"""

from __future__ import annotations

import http.client
import os
import socket
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3

from plugin.addresses import is_metadata
from plugin.answers import Meter, body, metered
from plugin.errors import SourceUnreachable
from plugin.serving import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugin.addresses import Address


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read to its end.

    Attributes:
        status: Its status.
        headers: Its headers; their names may be asked for in any case.
        body: Its body, unfolded.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Connections to one address, through the proxy that the environment names (HTTPS_PROXY, NO_PROXY).

    Certificates are checked against the authorities in SSL_CERT_FILE or REQUESTS_CA_BUNDLE, or those of certifi. One
    request may be under way at a time.

    Args:
        address: The address.
        anywhere: Whether it may also be link-local or that of a metadata service (`plugin.addresses.is_metadata`).

    Raises:
        SourceUnreachable: The environment names a proxy that cannot be used.
    """

    def __init__(self, address: Address, *, anywhere: bool = False) -> None:
        self._address = address
        self._anywhere = anywhere
        self._lock = threading.Lock()
        self._cut = False
        self._held: dict[Any, socket.socket] = {}
        self._meter = Meter(address.netloc, 0)
        self._manager = _manager(address)
        self._manager.pool_classes_by_scheme = {scheme: _kept(kind, self) for scheme, kind in _POOLS.items()}

    def get(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str], timeout: float) -> Answer:
        """Send one request. Redirects are not followed: they would carry the headers to another host.

        Args:
            url: The address without a query.
            fields: The query.
            headers: Headers of the request.
            timeout: Seconds to wait for the connection, and for each part of the answer; `plugin.answers` has the
                limits of the whole.

        Raises:
            urllib3.exceptions.HTTPError: No answer came.
            SourceError: It is too large, takes too long, or cannot be unfolded.
            InvalidParameter: The address is not one to connect to.
        """
        self._meter = meter = Meter(self._address.netloc, timeout)
        if self._manager.proxy:
            self._check_beyond_proxy()
        try:
            answer = self._manager.request(
                "GET",
                url,
                fields=dict(fields),
                headers=headers,
                timeout=timeout,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            # Read to the end, it has given its connection back by then; otherwise it takes it along.
            with closing(answer):
                return Answer(answer.status, answer.headers, body(answer, self._address.netloc, meter))
        finally:
            self._forget()

    def cut(self) -> None:
        """End what is under way in any thread, as if the source had closed the connection; for good.

        Looking up a name cannot be interrupted: it ends by itself.
        """
        with self._lock:
            self._cut = True
            for held in self._held.values():
                _hang_up(held)

    def close(self) -> None:
        """End what is under way, and close all connections."""
        self.cut()
        self._manager.clear()
        with self._lock:
            for held in self._held.values():
                held.close()
            self._held.clear()

    def connect(self, connection: urllib3.connection.HTTPConnection) -> socket.socket:
        """Open the socket of a connection; through a proxy, that to the proxy.

        The addresses that a name has are looked up and judged here, and connected to as they were judged: a name that
        has others a moment later gains nothing.

        Raises:
            OSError: Nobody answers there, or this was cut.
            InvalidParameter: The address is not one to connect to.
        """
        found = socket.getaddrinfo(connection.host.strip("[]"), connection.port, type=socket.SOCK_STREAM)
        if not connection.proxy:
            self._check(found)
        failure = OSError("the name has no address")
        for family, kind, protocol, _, where in found:
            made = socket.socket(family, kind, protocol)
            try:
                for option in connection.socket_options or ():
                    made.setsockopt(*option)
                # Before it is connected, so that waiting for that can be cut, too.
                self._hold(connection, made)
                made.settimeout(self._meter.left)
                made.connect(where)
            except OSError as error:
                made.close()
                failure = error
            except BaseException:  # whatever cuts the wait: nobody else knows of this socket
                made.close()
                raise
            else:
                return made
        raise failure

    def response(self, sock: socket.socket, *arguments: Any, **named: Any) -> http.client.HTTPResponse:
        """What http.client reads an answer with; it keeps to the limits of the request."""
        made = http.client.HTTPResponse(sock, *arguments, **named)
        made.fp = metered(made.fp, sock, self._meter)
        return made

    def _check(self, found: list[Any]) -> None:
        if not self._anywhere and any(is_metadata(str(where[0])) for *_, where in found):
            raise InvalidParameter(
                "options.base_url",
                f"{self._address.host} is a link-local address or that of a cloud's metadata service; if prices are "
                "to come from there, name the server in the secret as api_server",
            )

    def _check_beyond_proxy(self) -> None:
        # The proxy looks names up by itself; one that this machine does not know is the proxy's to judge.
        with suppress(OSError, UnicodeError):
            self._check(socket.getaddrinfo(self._address.host.strip("[]"), None, type=socket.SOCK_STREAM))

    def _hold(self, connection: object, made: socket.socket) -> None:
        """Keep a duplicate, since TLS takes over the socket's descriptor."""
        with self._lock:
            if self._cut:
                raise ConnectionAbortedError("nobody waits for the answer any more")
            before = self._held.pop(connection, None)
            self._held[connection] = made.dup()
        if before:
            before.close()

    def _forget(self) -> None:
        """Close the duplicates of closed connections, which the other side takes for open until then."""
        with self._lock:
            for connection in [each for each in self._held if each.sock is None]:
                self._held.pop(connection).close()


_POOLS: Final = {"http": urllib3.HTTPConnectionPool, "https": urllib3.HTTPSConnectionPool}


def _kept(kind: type[urllib3.HTTPConnectionPool], owner: Connections) -> type[Any]:
    """A kind of pool whose sockets and answers are its owner's."""
    base: type[Any] = kind.ConnectionCls

    class Connection(base):  # type: ignore[misc]  # a class that is known when it runs
        def response_class(self, *arguments: Any, **named: Any) -> http.client.HTTPResponse:
            return owner.response(*arguments, **named)

        # Called for direct connections and for those through a proxy.
        def _new_conn(self) -> socket.socket:
            try:
                return owner.connect(self)
            except TimeoutError as error:
                raise urllib3.exceptions.ConnectTimeoutError(self, "no connection in time") from error
            except socket.gaierror as error:
                raise urllib3.exceptions.NameResolutionError(self.host, self, error) from error
            except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be one
                raise urllib3.exceptions.NewConnectionError(self, "no connection") from error

    class Pool(kind):  # type: ignore[valid-type,misc]  # a class that is known when it runs
        ConnectionCls = Connection

    return Pool


def _hang_up(held: socket.socket) -> None:
    with suppress(OSError):  # it has ended already
        held.shutdown(socket.SHUT_RDWR)


def _manager(address: Address) -> urllib3.PoolManager:
    authorities = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()
    proxy = getproxies().get(address.scheme)
    if not proxy or proxy_bypass(address.host.strip("[]")):
        return urllib3.PoolManager(ca_certs=authorities)
    try:
        parsed = urllib3.util.parse_url(proxy if "://" in proxy else f"http://{proxy}")
        headers = urllib3.make_headers(proxy_basic_auth=parsed.auth) if parsed.auth else None
        return urllib3.ProxyManager(parsed.url, proxy_headers=headers, ca_certs=authorities)
    except (urllib3.exceptions.HTTPError, ValueError):
        # The address itself may hold a password.
        raise SourceUnreachable(
            f"The proxy in {address.scheme.upper()}_PROXY cannot be used; give it as http://host:port."
        ) from None
