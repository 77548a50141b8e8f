"""HTTP requests to a registry, its token server and its storage, with the standard library.

Packages do this better but are expensive to import. The goal was 40 % less CPU time for a command's imports, of which
requests took 22 %; with urllib3, which requests uses, the goal was still missed. So this module has only what a
registry needs: persistent connections, redirects, and (in other files here) TLS and the environment's proxies.
"""

from __future__ import annotations

import json
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, IncompleteRead
from ssl import SSLContext
from typing import IO, Any
from urllib.parse import quote, urljoin, urlsplit

from flows.images.registry.auth import login_may_follow
from flows.images.registry.connection import connection_to, set_deadline, tls_context
from flows.images.registry.proxy import proxy_login, proxy_of

ANSWER_BYTES = 4 * 1024 * 1024
"""The most that an answer may hold: the limit for manifests of the distribution registry, which users know."""
ANSWER_SECONDS = 60.0
"""The most that an answer may take from the first byte of the request, redirects included."""
UPLOAD_SECONDS = 900.0
"""The same for a request that sends a file."""
MAX_REDIRECTS = 10
"""As in Go's client, and so in Docker's. A pull from a registry has one, to its storage."""
_IN_URLS = "!#$%&'()*+,/:;=?@[]~"
"""Characters that stay in an address from a server; all others are percent-encoded."""


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response; `method` and `url` are those of the last request after redirects."""

    method: str
    url: str
    status: int
    reason: str
    headers: HTTPMessage
    content: bytes

    def header(self, name: str) -> str:
        """Return a header; several of one name are joined by commas. Empty if there is none."""
        return ", ".join(self.headers.get_all(name, []))

    def json(self) -> Any:
        """Return the body as JSON; None if it is not JSON, or is nested deeper than Python can read."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class TooLarge(Exception):
    """An answer is larger than its limit; `url` is what was asked for. The rest was not read."""

    def __init__(self, url: str, limit: int) -> None:
        super().__init__(f"{url} is larger than {limit} bytes")
        self.url, self.limit = url, limit


class Session:
    """Persistent connections to all servers that are called; for one thread at a time.

    Args:
        connect: Seconds that opening a connection may take.
        read: Seconds that the server may be silent.
        whole: Seconds that a request may take.
        verify: Whether certificates are verified.
        trust_env: Whether to use the environment's proxies and certificate authorities.
        certificates: Further arguments of `tls_context`.
    """

    def __init__(
        self,
        connect: float,
        read: float,
        *,
        verify: bool,
        trust_env: bool,
        whole: float = ANSWER_SECONDS,
        **certificates: str | None,
    ) -> None:
        self.verify, self.trust_env = verify, trust_env
        self._certificates = certificates
        self._connect, self._read, self._whole = connect, read, whole
        self._connections: dict[tuple[str, str], HTTPConnection] = {}

    @cached_property
    def _tls(self) -> SSLContext:
        return tls_context(verify=self.verify, trust_env=self.trust_env, **self._certificates)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        limit: int = ANSWER_BYTES,
        body: bytes | IO[bytes] | None = None,
    ) -> Response:
        """Send a request once; follow redirects, and return the response.

        Args:
            method: Such as GET.
            url: The address.
            headers: Of the request.
            limit: The most bytes that are read of the answer's body.
            body: Of the request; a file is read from its start, and the headers have its length.

        Raises:
            ssl.SSLError: there is no TLS, or its certificate is not trusted.
            TooSlow: the server sent something in time, but not everything.
            TimeoutError: no connection or no answer in time.
            TooLarge: a body exceeds the limit.
            OSError, HTTPException, ValueError: no server listens, the response is not HTTP, or the address is invalid.
        """
        whole = self._whole if body is None or isinstance(body, bytes) else max(self._whole, UPLOAD_SECONDS)
        deadline = time.monotonic() + whole
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._send(method, url, headers, body, deadline, limit)
            where = quote(answer.header("Location").encode("latin-1"), safe=_IN_URLS)
            if answer.status not in {301, 302, 303, 307, 308} or not where:
                return answer
            if method != "HEAD" and (answer.status in {302, 303} or (answer.status, method) == (301, "POST")):
                method, body = "GET", None
            before, url = url, urljoin(url, where)
            if not login_may_follow(before, url):
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
        raise HTTPException(f"Exceeded {MAX_REDIRECTS} redirects.")

    def close(self) -> None:
        """Close the connections."""
        while self._connections:
            self._connections.popitem()[1].close()

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | IO[bytes] | None,
        deadline: float,
        limit: int,
    ) -> Response:
        parts = urlsplit(url)
        proxy = proxy_of(parts) if self.trust_env else None
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        if proxy and parts.scheme == "http":
            target, headers = f"http://{parts.netloc}{target}", {**headers, **proxy_login(proxy)}
        to = (parts.scheme, parts.netloc)
        if not (open_to := self._connections.get(to)):
            open_to = self._connections[to] = connection_to(parts, proxy, self._connect, self._tls)
        try:
            if open_to.sock and select.select([open_to.sock], [], [], 0)[0]:
                open_to.close()  # the server has closed it
            set_deadline(open_to, deadline)
            if not open_to.sock:
                open_to.connect()
            open_to.sock.settimeout(self._read)
            if body is not None and not isinstance(body, bytes):
                body.seek(0)  # a redirect or a login sends it again
            open_to.request(method, target, body, dict(headers))
            with open_to.getresponse() as answer:  # it may not belong to the connection any more
                content = _body(answer, url, limit)
            return Response(method, url, answer.status, answer.reason, answer.headers, content)
        except BaseException:  # whatever interrupted it: half an answer may be left on the connection
            open_to.close()
            raise


def _body(answer: HTTPResponse, url: str, limit: int) -> bytes:
    """Read a body up to its limit. It is never unfolded: an encoding is not asked for, and not understood."""
    announced = answer.length
    if announced is not None and announced > limit:
        raise TooLarge(url, limit)
    body = answer.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(url, limit)
    if announced is not None and len(body) < announced:  # `read` tells it only if it is given no limit
        raise IncompleteRead(body, announced - len(body))
    if announced is None:
        answer.read()  # nothing is left but the end of the last chunk
    return body
