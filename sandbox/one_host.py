"""Serves a web application under one address: `python -m sandbox.one_host MODULE:FACTORY ADDRESS PORT`.

A page of somebody else can let its own host name lead to 127.0.0.1 (DNS rebinding). For a browser the server is then
part of that page. A request that names another host than ADDRESS (`host:port`) is therefore refused. Prefect's server,
which runs behind this in its container, has no setting for it.
"""

from __future__ import annotations

import sys
from typing import Any

STATUS = 421  # misdirected request
POLICY_VIOLATION = 1008


class OneHost:
    """An ASGI application that passes on the requests to one host.

    Args:
        app: the application.
        host: `host:port`, as browsers send it.
    """

    def __init__(self, app: Any, host: str) -> None:
        self._app = app
        self._host = host

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass one request on, or refuse it."""
        if scope["type"] == "lifespan" or self._is_meant(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            text = f"This server answers at http://{self._host} and under no other name.\n".encode()
            headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())]
            await send({"type": "http.response.start", "status": STATUS, "headers": headers})
            await send({"type": "http.response.body", "body": text})

    def _is_meant(self, scope: Any) -> bool:
        named = [value for name, value in scope["headers"] if name == b"host"]
        return named == [self._host.encode()]


def main(words: list[str]) -> None:
    """Serve the application until the process is ended."""
    import uvicorn
    from uvicorn.importer import import_from_string

    factory, host, port = words
    app = OneHost(import_from_string(factory)(), host)
    uvicorn.run(app, host="0.0.0.0", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1:])
