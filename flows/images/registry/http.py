"""HTTP to a registry, its token server and its storage, on the standard library.

Packages do this better, and cost too much here: a command's imports were to take 40 % less CPU time than they once did,
of which requests alone took 22 %; with urllib3, on which it stands, they still missed that. So this is what a registry
needs of them: connections that are kept, redirects, and (beside this file) TLS and the environment's proxies.
"""

from __future__ import annotations

import json
import select
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPMessage
from ssl import SSLContext
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from flows.images.registry.auth import login_may_follow
from flows.images.registry.connection import connection_to, tls_context
from flows.images.registry.proxy import proxy_login, proxy_of

MAX_REDIRECTS = 30
_IN_URLS = "!#$%&'()*+,/:;=?@[]~"
"""What stays as it is in an address that a server gives; all else is quoted."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read to its end; `method` and `url` are those of the last request, where it was redirected."""

    method: str
    url: str
    status: int
    reason: str
    headers: HTTPMessage
    content: bytes

    def header(self, name: str) -> str:
        """Return a header, several of one name joined by commas; empty where there is none."""
        return ", ".join(self.headers.get_all(name, []))

    def json(self) -> Any:
        """Return the body as JSON; None where it is none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


class Session:
    """Connections to all who are asked, kept open; for one thread at a time.

    Args:
        connect: Seconds that a connection may take.
        read: Seconds that the other end may be silent.
        verify: Whether certificates are verified.
        trust_env: Whether the environment says through which proxy, and whose certificates to trust.
    """

    def __init__(self, connect: float, read: float, *, verify: bool, trust_env: bool) -> None:
        self.verify, self.trust_env = verify, trust_env
        self._connect, self._read = connect, read
        self._connections: dict[tuple[str, str], HTTPConnection] = {}

    @cached_property
    def _tls(self) -> SSLContext:
        return tls_context(verify=self.verify, trust_env=self.trust_env)

    def request(self, method: str, url: str, headers: Mapping[str, str]) -> Response:
        """Send a request without a body, once; follow where it is redirected to, and return the answer.

        Raises:
            ssl.SSLError: no TLS, or none that is trusted.
            TimeoutError: no connection or no answer in time.
            OSError, HTTPException, ValueError: nobody listens, no answer of HTTP, an address that is none.
        """
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._send(method, url, headers)
            where = quote(answer.header("Location").encode("latin-1"), safe=_IN_URLS)
            if answer.status not in {301, 302, 303, 307, 308} or not where:
                return answer
            if method != "HEAD" and (answer.status in {302, 303} or (answer.status, method) == (301, "POST")):
                method = "GET"
            before, url = url, urljoin(url, where)
            if not login_may_follow(before, url):
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
        raise HTTPException(f"Exceeded {MAX_REDIRECTS} redirects.")

    def close(self) -> None:
        """Close the connections."""
        while self._connections:
            self._connections.popitem()[1].close()

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> Response:
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
                open_to.close()  # the other end did so meanwhile
            if not open_to.sock:
                open_to.connect()
                open_to.sock.settimeout(self._read)
            open_to.request(method, target, headers=dict(headers))
            answer = open_to.getresponse()
            return Response(method, url, answer.status, answer.reason, answer.headers, answer.read())
        except BaseException:
            open_to.close()
            raise
