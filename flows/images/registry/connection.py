"""Connections to a registry: plain or with TLS, direct or through a proxy."""

from __future__ import annotations

import contextlib
import os
import ssl
import time
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.images.registry.proxy import proxy_login

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from urllib.parse import SplitResult


def connection_to(
    url: SplitResult, proxy: SplitResult | None, seconds: float, tls: ssl.SSLContext
) -> HTTPConnection:
    """Return a connection that is not open yet; opening it has a time limit in seconds.

    Raises:
        ValueError: the address is not an HTTP address.
    """
    to = proxy or url
    if url.scheme not in {"http", "https"} or not url.hostname or not to.hostname:
        raise ValueError(f"not an HTTP address: {url.scheme}://{url.netloc}")
    if url.scheme == "http":
        return HTTPConnection(to.hostname, to.port or 80, seconds)
    made = HTTPSConnection(to.hostname, to.port or (80 if proxy else 443), timeout=seconds, context=tls)
    if proxy:
        made.set_tunnel(url.hostname, url.port or 443, proxy_login(proxy))
    return made


class TooSlow(TimeoutError):
    """A server keeps sending, but its answer was not complete in time."""


def set_deadline(connection: HTTPConnection, deadline: float) -> None:
    """Let no further answer on a connection be read after a time of the monotonic clock, also a proxy's.

    A socket has a time limit for silence only: a server that sends a byte every few seconds would never end.
    """

    def answer(sock: socket.socket, *arguments: Any, **options: Any) -> HTTPResponse:
        return HTTPResponse(_Limited(sock, deadline), *arguments, **options)  # type: ignore[arg-type]  # see there

    connection.response_class = answer  # type: ignore[assignment]  # it is only called


class _Limited:
    """A socket, as far as HTTPResponse uses it."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, _mode: str) -> BufferedReader:
        return BufferedReader(_Reader(self._sock, self._deadline))


class _Reader(RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._silence = sock.gettimeout() or 0.0
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TooSlow
        self._sock.settimeout(min(left, self._silence))
        try:
            return self._file.readinto(buffer)
        except TimeoutError:
            if left < self._silence:
                raise TooSlow from None
            raise

    def close(self) -> None:
        self._file.close()
        super().close()


def tls_context(
    *,
    verify: bool,
    trust_env: bool,
    root_certificates: str | None = None,
    client_certificate: str | None = None,
) -> ssl.SSLContext:
    """Return the TLS settings.

    Args:
        verify: Whether certificates are verified: with certifi's authorities, as in pip and requests.
        trust_env: Whether REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, if set, names the authorities instead.
        root_certificates: PEM file of the authorities, instead of all others.
        client_certificate: PEM file of the certificate and its key that the server asks for.

    Raises:
        ValueError: a file cannot be read, or is no PEM file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if client_certificate:
        with _named(client_certificate):
            context.load_cert_chain(client_certificate)
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    import certifi

    variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if trust_env else ()
    usual = next(filter(None, map(os.environ.get, variables)), certifi.where())
    bundle = Path(root_certificates or usual)
    with _named(bundle):
        if bundle.is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    return context


@contextlib.contextmanager
def _named(path: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # also that of OpenSSL
        reason = "" if isinstance(error, ssl.SSLError) or not error.strerror else f", {error.strerror}"
        raise ValueError(f"certificates in {path} cannot be used{reason}") from error
