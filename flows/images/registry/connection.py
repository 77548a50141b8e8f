"""Connections to a registry: plain or with TLS, direct or through a proxy."""

from __future__ import annotations

import contextlib
import os
import ssl
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING

from flows.images.registry.proxy import proxy_login

if TYPE_CHECKING:
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
